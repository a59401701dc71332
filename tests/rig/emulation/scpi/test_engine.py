"""The engine's rules: header tree, short and long forms, suffixes, error queue, status registers."""

from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.emulation.scpi.engine import Call, Command, CommandTree, Dialect, ScpiEngine, Wait
from rig.emulation.scpi.errors import SCPI_99_ERRORS
from rig.emulation.scpi.syntax import Boolean, Number, ScpiError, short_form


class Still(nullcontext):
    """A world in which no time passes."""

    def __init__(self, wait):
        super().__init__()
        self.wait = wait


def engine_with(*commands, dialect=None, wait=lambda wait: True):
    resets = []
    built: Any = ScpiEngine(
        (*commands, Command("SYSTem:ERRor[:NEXT]", read=lambda _call: built.next_error())),
        "MAKER,MODEL,SERIAL,1.0",
        Still(wait),
        lambda: resets.append(True),
        dialect or Dialect(),
    )
    built.resets = resets
    return built


class Recorder:
    """A setting that remembers the calls it got."""

    def __init__(self):
        self.calls: list[Call] = []

    def write(self, call):
        self.calls.append(call)

    def read(self, call):
        self.calls.append(call)
        return "7"


@pytest.fixture
def source():
    recorder = Recorder()
    engine = engine_with(
        Command("[SOURce]:PHASe<1:3>:VOLTage:STATe", (Boolean(),), recorder.write, recorder.read),
        Command("[SOURce]:PHASe<1:3>:VOLTage:LEVel<0:100>", (Number(0, 100, "V"),), recorder.write, recorder.read),
        Command("[SOURce]:FREQuency", (Number(45, 65),), recorder.write, recorder.read),
        Command("OUTPut[:STATe]", (Boolean(),), recorder.write, recorder.read),
        Command("OUTPut:RAMP:TIME", (Number(0, 10),), recorder.write, recorder.read),
        Command("INITiate", write=recorder.write),
    )
    engine.recorder = recorder
    return engine


def cased(draw, word):
    return "".join(character.lower() if draw(st.booleans()) else character for character in word)


@st.composite
def spellings(draw):
    """Return a legal spelling of SOURce:PHASe2:VOLTage:STATe: any case, short or long, SOURce or not, : or not."""
    words = []
    for word in ("SOURce", "PHASe", "VOLTage", "STATe"):
        if word == "SOURce" and draw(st.booleans()):
            continue
        words.append(
            cased(draw, draw(st.sampled_from([short_form(word), word.upper()]))) + ("2" if "P" in word else "")
        )
    return draw(st.sampled_from(["", ":"])) + ":".join(words)


@given(spelling=spellings())
def test_every_legal_spelling_reaches_the_same_command(spelling):
    recorder = Recorder()
    engine = engine_with(Command("[SOURce]:PHASe<1:3>:VOLTage:STATe", (Boolean(),), recorder.write, recorder.read))
    assert engine.execute(f"{spelling} ON", "me") is None
    assert engine.execute(f"{spelling}?", "me") == "7"
    assert [call.suffixes for call in recorder.calls] == [(2,), (2,)]
    assert engine.next_error() == '0,"No error"'


@given(cut=st.integers(1, 6))
def test_only_the_short_and_the_long_form_are_understood(cut):
    tree = CommandTree([Command("VOLTage", read=lambda _call: "")])
    word = "VOLTAGE"[:cut]
    if word == "VOLT":
        assert tree.find([word])
    else:
        with pytest.raises(ScpiError) as caught:
            tree.find([word])
        assert caught.value.code == -113


@given(st.lists(st.text("ABCDEFGHIJVOLT:;?*, 0123456789\"'()", max_size=12), max_size=6).map(";".join))
def test_any_line_ends_in_an_answer_or_an_error_never_in_an_exception(line):
    engine = engine_with(Command("VOLTage<1:3>", (Number(),), lambda _call: None, lambda _call: "1"))
    answer = engine.execute(line, "me")
    assert answer is None or answer.isascii()


def test_after_a_semicolon_the_header_goes_on_from_the_last_node(source):
    source.execute("SOUR:PHAS2:VOLT:STAT ON;LEV3 5;:FREQ 60;PHAS1:VOLT:LEV 6", "me")
    assert [call.suffixes for call in source.recorder.calls] == [(2,), (2, 3), (), (1, 1)]
    assert source.next_error() == '0,"No error"'


def test_a_common_command_between_leaves_the_path_alone(source):
    assert source.execute("OUTP:RAMP:TIME 2;*OPC?;TIME?", "me") == "1;7"


def test_without_a_leading_colon_a_root_header_is_not_found_from_below(source):
    source.execute("OUTP:RAMP:TIME 2;OUTP:STAT ON", "me")
    assert source.next_error() == '-113,"Undefined header"'


def test_answers_of_one_message_are_joined_by_semicolons(source):
    assert source.execute("FREQ?;:OUTP?", "me") == "7;7"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("FOO 1", '-113,"Undefined header"'),
        ("PHAS4:VOLT:STAT ON", '-114,"Header suffix out of range"'),
        ("FREQ2 50", '-113,"Undefined header"'),
        ("PHAS1:VOLT", '-113,"Undefined header"'),
        ("INIT?", '-113,"Undefined header"'),
        ("FREQ 70", '-222,"Data out of range"'),
        ("FREQ", '-109,"Missing parameter"'),
        ("FREQ 50,60", '-108,"Parameter not allowed"'),
        ("FREQ? 50", '-108,"Parameter not allowed"'),
        ("FREQ fast", '-104,"Data type error"'),
        ("FREQ 50HZ", '-138,"Suffix not allowed"'),
        ("PHAS1:VOLT:LEV 5A", '-131,"Invalid suffix"'),
        ("FREQ ,50", '-102,"Syntax error"'),
        ("FREQ::X 50", '-102,"Syntax error"'),
        ("OUTP maybe", '-141,"Invalid character data"'),
        ('FREQ "50', '-151,"Invalid string data"'),
        ("FREQ 5\x00", '-101,"Invalid character"'),
        ("FREQ \xe9", '-101,"Invalid character"'),
        ("*FOO", '-113,"Undefined header"'),
        ("PHAS99999999999:VOLT:STAT ON", '-114,"Header suffix out of range"'),
        (f"PHAS{'9' * 5000}:VOLT:STAT ON", '-114,"Header suffix out of range"'),
        ("FREQUENCYANDMORE 50", '-112,"Program mnemonic too long"'),
        (f"FREQ {'5' * 300}", '-124,"Too many digits"'),
        ("FREQ 5E99999", '-123,"Exponent too large"'),
        (f"FREQ 5E{'9' * 5000}", '-123,"Exponent too large"'),
    ],
)
def test_each_mistake_has_its_error_and_changes_nothing(source, line, error):
    assert source.execute(line, "me") is None
    assert source.recorder.calls == []
    assert source.execute("SYST:ERR?", "me") == error
    assert source.execute("SYST:ERR?", "me") == '0,"No error"'


def test_a_mistake_does_not_stop_the_rest_of_the_message(source):
    source.execute("FREQ 70;:OUTP ON", "me")
    assert [call.text for call in source.recorder.calls] == [":OUTP ON"]


def test_a_full_error_queue_says_so_in_its_last_place(source):
    for _ in range(50):
        source.execute("FOO", "me")
    errors = []
    while not (error := source.execute("SYST:ERR:NEXT?", "me")).startswith("0,"):
        errors.append(error)
    assert errors[-1] == '-350,"Queue overflow"'
    assert len(errors) == 32


def test_clear_empties_queue_and_event_register(source):
    source.execute("FOO;*CLS", "me")
    assert source.execute("*ESR?;SYST:ERR?", "me") == '0;0,"No error"'


def test_event_register_shows_the_class_of_the_error_and_clears_when_read(source):
    source.execute("*CLS;FOO", "me")
    assert source.execute("*ESR?", "me") == "32"
    source.execute("FREQ 70", "me")
    assert source.execute("*ESR?", "me") == "16"
    assert source.execute("*ESR?", "me") == "0"


def test_power_on_is_in_the_event_register_once(source):
    assert source.execute("*ESR?", "me") == "128"
    assert source.execute("*ESR?", "me") == "0"


def test_the_status_byte_sums_up_queue_events_and_request(source):
    source.execute("*CLS;*ESE 32;*SRE 36", "me")
    assert source.execute("*STB?", "me") == "0"
    source.execute("FOO", "me")
    assert source.execute("*STB?", "me") == str(4 + 32 + 64)


def test_answers_that_wait_in_the_same_message_are_in_the_status_byte(source):
    assert source.execute("*CLS;*SRE 16;*STB?;FREQ?;*STB?", "me") == "0;7;80"
    assert source.status_byte() == 0
    assert source.status_byte(message_available=True) == 16 + 64


def test_a_query_after_an_answer_without_an_end_is_not_answered(source):
    assert source.execute("*IDN?;FREQ?;:OUTP ON", "me") == "MAKER,MODEL,SERIAL,1.0"
    assert [call.text for call in source.recorder.calls] == [":OUTP ON"]
    assert source.next_error() == '-440,"Query UNTERMINATED after indefinite response"'


def test_answers_that_no_queue_can_hold_are_a_deadlock(source, monkeypatch):
    monkeypatch.setattr("rig.emulation.scpi.engine.LONGEST_ANSWER", 64)
    assert source.execute("FREQ?;" * 33, "me") is None
    assert source.execute("SYST:ERR?;*ESR?", "me") == '-430,"Query DEADLOCKED";132'
    assert source.execute("FREQ?;" * 32, "me") == ";".join("7" * 32)


@pytest.mark.parametrize("code", sorted(SCPI_99_ERRORS)[:-1])
def test_every_error_of_the_standard_sets_the_bit_of_its_class(source, code):
    source.execute("*CLS", "me")
    source.report(code)
    classes = {1: 32, 2: 16, 3: 8, 4: 4, 5: 128, 6: 64, 7: 2, 8: 1}
    assert source.execute("*ESR?", "me") == str(classes[-code // 100])
    assert source.execute("SYST:ERR?", "me") == f'{code},"{SCPI_99_ERRORS[code]}"'


def test_the_request_bit_cannot_be_enabled_itself(source):
    assert source.execute("*SRE 239;*SRE?", "me") == "175"


def test_reset_and_identity(source):
    assert source.execute("*RST;*IDN?", "me") == "MAKER,MODEL,SERIAL,1.0"
    assert source.resets == [True]


def test_operation_complete_sets_its_bit(source):
    assert source.execute("*CLS;*OPC;*ESR?", "me") == "1"


def test_a_second_query_interrupts_where_one_is_the_limit():
    engine = engine_with(
        Command("A", read=lambda _call: "1"), dialect=Dialect(error_sign=1, one_query_per_message=True)
    )
    assert engine.execute("A?;A?", "me") is None
    assert engine.next_error() == '410,"Query INTERRUPTED"'
    assert engine.execute("A?", "me") == "1"


def test_a_command_that_waits_is_waited_for_and_the_rest_follows():
    waited = []
    command = Command("WAIT", write=lambda _call: Wait(lambda: True, lambda: 5.0))
    engine = engine_with(command, wait=lambda wait: waited.append(wait.due_s()) or True)
    assert engine.execute("WAIT;*OPC?", "me") == "1"
    assert waited == [5.0]


def test_a_table_that_contradicts_itself_is_refused():
    with pytest.raises(ValueError, match="twice"):
        CommandTree([Command("A[:B]"), Command("A")])
    with pytest.raises(ValueError, match="suffixes"):
        CommandTree([Command("A<1:3>:B"), Command("A<1:4>:C")])
