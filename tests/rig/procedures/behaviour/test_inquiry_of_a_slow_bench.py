"""An inquiry on a bench that is late: what is asked again, what is INVALID, and what stays the meter's FAIL."""

from types import SimpleNamespace

import pytest

from drivers.meter.application import FoundDevice
from drivers.meter.errors import MeterTimeout, ValueNotTaken
from rig.metrology.outcome import Outcome
from rig.procedures.behaviour import inquiry
from rig.procedures.behaviour.hearing import answers_to
from rig.procedures.behaviour.inquiry import BenchLate, Inquiry, WrongBehaviour
from rig.procedures.behaviour.time_bounds import Span
from tests.drivers.mstp.tape import Tape

RIG, METER = 0, 1


class Bench:
    """A bench in time of its own, with one meter; ``frames`` and ``late`` are what bus and bench say of themselves."""

    def __init__(self):
        self.s, self.slice_s = 0.0, 0.0
        self.frames, self.late = [], []
        self.heard, self.outcomes, self.findings, self.events = [], [], [], []
        self.windows_s = []
        self.bus = SimpleNamespace(
            timeout_s=6.0,
            captured=lambda: self.frames,
            late_spells=lambda _since_s: [],
            ask_everybody=self.ask_everybody,
        )
        clock = SimpleNamespace(now_s=lambda: self.s, late_spells=lambda _since_s: self.late)
        meter_type = SimpleNamespace(name="s4100", reviewed_behaviour=lambda _firmware: None)
        position = SimpleNamespace(
            meter=SimpleNamespace(bus=self.bus, address=METER),
            identity=SimpleNamespace(firmware_revision="1000"),
            meter_type=meter_type,
        )
        run = SimpleNamespace(
            position=position,
            bench=SimpleNamespace(clock=clock),
            events=SimpleNamespace(publish=lambda noted: self.events.append(noted.text)),
            note=self.note,
            let_pass=self.let_pass,
        )
        self.asked = Inquiry(run, allow_reset=True)
        self.events.clear()

    def note(self, name, expected, found, outcome):
        self.findings.append(SimpleNamespace(name=name, expected=expected, found=found, outcome=outcome))
        self.outcomes.append(outcome)

    def let_pass(self, dt_s):
        self.s += dt_s

    def ask_everybody(self, _request, window_s):
        self.windows_s.append(window_s)
        return self.heard.pop(0), []


@pytest.fixture
def bench(monkeypatch):
    bench = Bench()
    monkeypatch.setattr(inquiry, "monotonic_s", lambda: 0.0)
    return bench


def i_am(instance=77, mac=METER):
    return FoundDevice(mac, instance, 480, 133)


def lost():
    raise MeterTimeout(METER, "a request", 6.0)


def through_the_bus(bench, answers):
    """Have every exchange of ``properties.send`` end as the next of ``answers`` does."""
    ask = iter(answers)
    bench.bus.exchange = lambda *_, **__: iter([SimpleNamespace(answer=next(ask)())])
    return lambda: bench.asked.properties.send(SimpleNamespace(apduInvokeID=5), "a request")


def unanswered(bench, late_s):
    """A request without answer on the bus, the bench late for so long after it."""
    tape = Tape().token(METER, RIG).request(RIG, METER)
    asked_s = tape.now_s
    bench.frames = tape.token(RIG, METER, after_s=0.296).token(METER, RIG).frames
    bench.late = [(asked_s, asked_s + late_s)] if late_s else []


def test_an_answer_lost_while_the_bench_was_late_is_asked_for_again(bench):
    unanswered(bench, 0.1)
    assert bench.asked.refusal(through_the_bus(bench, [lost, lambda: None])) == "accepted"
    assert "late by 100 ms" in bench.events[0]


def test_an_answer_lost_on_a_bench_in_time_is_no_answer(bench):
    for late_s in (0.0, 0.02):
        unanswered(bench, late_s)
        assert bench.asked.refusal(through_the_bus(bench, [lost])) == "no answer"


def test_answers_lost_again_and_again_on_a_late_bench_are_invalid(bench):
    unanswered(bench, 0.1)
    with pytest.raises(BenchLate, match="the bench was late by 100 ms"):
        bench.asked.refusal(through_the_bus(bench, [lost] * 3))
    assert bench.outcomes == [Outcome.INVALID]
    assert bench.findings[0].outcome == "INVALID"


def test_a_loss_elsewhere_is_invalid_where_the_bench_was_late(bench):
    unanswered(bench, 0.02)
    bench.asked.raise_if_late(MeterTimeout(METER, "a command", 6.0))
    assert bench.outcomes == []
    unanswered(bench, 0.1)
    with pytest.raises(BenchLate, match="a command"):
        bench.asked.raise_if_late(MeterTimeout(METER, "a command", 6.0))
    assert bench.outcomes == [Outcome.INVALID]


def test_a_time_that_was_too_long_is_invalid_and_one_within_is_not(bench):
    bench.asked.in_time("AI19", Span(1.0, 10.0), 10.0)
    with pytest.raises(BenchLate, match=r"10\.1 s passed"):
        bench.asked.in_time("AI19", Span(1.0, 10.1), 10.0)
    assert bench.outcomes == [Outcome.INVALID]


def test_a_wrong_answer_is_the_meters_fail_however_late_the_bench(bench):
    unanswered(bench, 0.1)
    with pytest.raises(WrongBehaviour):
        bench.asked.check("AI1", 1.0, 2.0)
    assert bench.outcomes == [Outcome.FAIL]


class Properties:
    """A meter that takes a value ``after_s`` seconds after it was written; each exchange takes ``exchange_s``."""

    def __init__(self, bench, after_s, exchange_s):
        self.bench, self.after_s, self.exchange_s = bench, after_s, exchange_s

    def write(self, *_):
        self.bench.s += self.exchange_s
        self.written_s = self.bench.s

    def read_several(self, _wanted):
        in_force = self.bench.s - self.written_s >= self.after_s
        self.bench.s += self.exchange_s
        return {("AV", 8, "present-value"): 20.0, ("AV", 8, "reliability"): 0 if in_force else 7}


@pytest.mark.parametrize("exchange_s", [0.05, 3.0, 30.0])
def test_a_value_taken_in_time_is_taken_however_slow_the_exchange(bench, exchange_s):
    bench.asked.properties = Properties(bench, 1.0, exchange_s)
    bench.asked.set_value(8, 20.0)


@pytest.mark.parametrize("exchange_s", [0.05, 3.0])
def test_a_value_never_taken_is_not_taken_however_slow_the_exchange(bench, exchange_s):
    bench.asked.properties = Properties(bench, 1e6, exchange_s)
    with pytest.raises(ValueNotTaken):
        bench.asked.set_value(8, 20.0)


@pytest.mark.parametrize(
    ("heard", "count", "found"),
    [
        ([[i_am()]], 1, (77,)),
        ([[], [i_am()]], 1, (77,)),
        ([[], [i_am(), i_am()]], 1, (77,)),  # the answer to the first, late
        ([[], [], []], 1, ()),
        ([[i_am(), i_am()]], 1, (77, 77)),  # two answers to one question
        ([[i_am(77, mac=9)], [i_am()]], 1, (77,)),
        ([[]], 0, ()),
        ([[i_am()], [], []], 0, ()),  # the answer to a question before
        ([[i_am()], [i_am()], [i_am()]], 0, (77,)),
        ([[i_am()], [], [i_am()]], 0, (77,)),
    ],
)
def test_answers_to_a_broadcast_are_awaited_and_silence_is_confirmed(bench, heard, count, found):
    bench.heard = heard
    assert answers_to(bench.asked, object(), count).instances == found
    assert not bench.heard
