"""The command table of the emulated Yokogawa WT, after IM WT3001E-17EN chapter 6."""

from __future__ import annotations

import re
from collections.abc import Callable

from rig.emulation.analyzers.arithmetic import ELEMENTS, AnalyzerErrors
from rig.emulation.analyzers.yokogawa_wt import DIRECT_RANGES, YokogawaAnalyzer
from rig.emulation.analyzers.yokogawa_wt_items import Item
from rig.emulation.scpi.engine import Call, Command, Dialect, ScpiEngine, Wait
from rig.emulation.scpi.rows import event, kept, only, refuse_all_but, shown
from rig.emulation.scpi.syntax import (
    Boolean,
    Choice,
    Number,
    Parameter,
    ScpiError,
    Text,
    as_bit,
    engineering,
    parse_number,
)
from rig.emulation.world.surroundings import Surroundings

SENSOR_RANGES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Ranges of the external current sensor input, volts."""


UPDATE_PERIODS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)

_ITEMS = 255
_REGISTER = Number(0, 65535)
_FILTER = Choice(("RISE", "FALL", "BOTH", "NEVer"))
_MODE = Choice(("NORMal", "CONTinuous", "RNORmal", "RCONtinuous"))
_SYNCHRONIZE = Choice(("U1", "U2", "U3", "I1", "I2", "I3", "EXTernal", "NONE"))
_STATES = Choice(("RESet", "READy", "STARt", "STOP", "ERRor", "TIMeup"))
_EXTERNAL = re.compile(r"\(?\s*EXT(?:ERNAL)?\s*,\s*([^)]*?)\s*\)?\Z")
_PATTERNS = ("P1W2", "P1W3", "P3W3", "P3W4", "V3A3", "NONE")


def yokogawa_analyzer(
    around: Surroundings[AnalyzerErrors],
    *,
    digits: int = 6,
    model: str = "WT3003E",
) -> YokogawaAnalyzer:
    """Make an analyzer with its commands (``rig.emulation.instruments.AnalyzerFactory``)."""
    analyzer = YokogawaAnalyzer(around, digits, model)
    dialect = Dialect(error_sign=1, one_query_per_message=True, answer_header=analyzer.answer_header)
    analyzer.engine = ScpiEngine(
        command_table(analyzer),
        analyzer.model.identity,
        around.world,
        analyzer.reset,
        dialect,
        on_clear=analyzer.clear,
    )
    return analyzer


def command_table(analyzer: YokogawaAnalyzer) -> tuple[Command, ...]:
    """Return the whole table, bound to one analyzer."""
    return (
        *_communication(analyzer),
        *_input(analyzer),
        *_numeric(analyzer),
        *_integration(analyzer),
        *_status(analyzer),
    )


def _plain(analyzer: YokogawaAnalyzer, header: str, start: bool) -> Command:
    """Return a switch that is kept and answered, and has no effect in this emulation."""

    def settings(_call: Call) -> dict[str, bool]:
        analyzer.plain_settings.setdefault(header, start)
        return analyzer.plain_settings

    return kept(header, Boolean(), settings, header)


def _communication(analyzer: YokogawaAnalyzer) -> tuple[Command, ...]:
    def wait(call: Call) -> Wait:
        return analyzer.wait_for(round(call.number(0)))

    def wait_query(call: Call) -> Wait:
        if not call.values:
            raise ScpiError(-109)
        return analyzer.wait_for(round(call.number(0)))

    return (
        kept("COMMunicate:HEADer", Boolean(), analyzer, "adds_header"),
        kept("COMMunicate:VERBose", Boolean(), analyzer, "is_verbose"),
        _plain(analyzer, "COMMunicate:REMote", False),
        _plain(analyzer, "COMMunicate:LOCKout", False),
        Command("COMMunicate:WAIT", (_REGISTER,), wait, wait_query, read_parameters=(_REGISTER,), headed=False),
        Command("*OPT", read=lambda _call: "G6,C7"),
    )


def _input(analyzer: YokogawaAnalyzer) -> tuple[Command, ...]:
    def set_wiring(call: Call) -> None:
        analyzer.require_no_integration()
        patterns = [call.word(index) for index in range(len(call.values))]
        needs = {"P1W2": 1, "P1W3": 2, "P3W3": 2, "P3W4": 3, "V3A3": 3, "NONE": 0}
        if any(pattern not in _PATTERNS for pattern in patterns) or sum(needs[p] for p in patterns) != ELEMENTS:
            raise ScpiError(-224)
        analyzer.wiring = ",".join(patterns)
        analyzer.restart()

    def set_voltage_range(index: int, call: Call) -> None:
        analyzer.require_no_integration()
        analyzer.voltage_range[index] = _listed(parse_number(call.word(0), "V"), analyzer.voltage_ranges)
        analyzer.restart()

    def set_current_range(index: int, call: Call) -> None:
        analyzer.require_no_integration()
        text = ",".join(call.word(position) for position in range(len(call.values)))
        sensor = _EXTERNAL.match(text)
        if sensor is None and len(call.values) > 1:
            raise ScpiError(-108)
        if sensor is not None:
            selected = _listed(parse_number(sensor[1], "V"), SENSOR_RANGES)
        else:
            selected = _listed(parse_number(text, "A"), DIRECT_RANGES)
        analyzer.is_sensor[index], analyzer.current_range[index] = sensor is not None, selected
        analyzer.restart()

    def current_range(index: int) -> str:
        value = analyzer.current_range[index]
        if not analyzer.is_sensor[index]:
            return engineering(value, 3)
        return f"{'EXTERNAL' if analyzer.is_verbose else 'EXT'},{engineering(value, 4)}"

    def set_ratio(index: int, call: Call) -> None:
        analyzer.require_no_integration()
        analyzer.sensor_mv_per_a[index] = call.number(0)
        analyzer.restart()

    def set_rate(call: Call) -> None:
        analyzer.require_no_integration()
        analyzer.update_s = _listed(call.number(0), UPDATE_PERIODS_S)
        analyzer.restart()

    ratio = (Number(0.0001, 99999.9999),)
    wirings = (Text(),) * ELEMENTS
    return (
        Command("[INPut]:WIRing", wirings, set_wiring, lambda _call: analyzer.wiring, optional=ELEMENTS - 1),
        *_each(
            analyzer,
            "[INPut]:VOLTage:RANGe",
            (Text(),),
            set_voltage_range,
            lambda index: engineering(analyzer.voltage_range[index], 4),
        ),
        *_each(analyzer, "[INPut]:CURRent:RANGe", (Text(), Text()), set_current_range, current_range, optional=1),
        *_each(
            analyzer,
            "[INPut]:CURRent:SRATio",
            ratio,
            set_ratio,
            lambda index: f"{analyzer.sensor_mv_per_a[index]:.4f}",
        ),
        *_fixed_inputs(analyzer),
        Command("RATE", (Number(unit="S"),), set_rate, lambda _call: engineering(analyzer.update_s, 4)),
    )


def _fixed_inputs(analyzer: YokogawaAnalyzer) -> tuple[Command, ...]:
    """Return the settings of which the emulation has one state only; any other is refused, so none is relied on."""

    def each_only(header: str, parameter: Parameter, allowed: object) -> tuple[Command, ...]:
        def write(_index: int, call: Call) -> None:
            refuse_all_but(allowed, call)

        return _each(analyzer, header, (parameter,), write, lambda _index: shown(allowed))

    modes = Choice(("RMS", "MEAN", "DC", "RMEAN"))
    return (
        only("[INPut]:CFACtor", Number(), 3.0, "3"),
        *each_only("[INPut]:VOLTage:AUTO", Boolean(), False),
        *each_only("[INPut]:CURRent:AUTO", Boolean(), False),
        *each_only("[INPut]:VOLTage:MODE", modes, "RMS"),
        *each_only("[INPut]:CURRent:MODE", modes, "RMS"),
        *each_only("[INPut]:FILTer[:LINE]", Text(), "OFF"),
        *each_only("[INPut]:FILTer:FREQuency", Boolean(), False),
        *each_only("[INPut]:SCALing[:STATe]", Boolean(), False),
        *_each(analyzer, "[INPut]:SYNChronize", (_SYNCHRONIZE,), lambda _index, _call: None, lambda _index: "U1"),
        only("[INPut]:NULL", Boolean(), False),
        only("MEASure:AVERaging[:STATe]", Boolean(), False),
        only("MEASure:PHASe", Number(), 180.0, "180"),
        only("MEASure:SQFormula", Choice(("TYPE1", "TYPE2", "TYPE3")), "TYPE1"),
    )


def _each(
    analyzer: YokogawaAnalyzer,
    stem: str,
    parameters: tuple[Parameter, ...],
    write: Callable[[int, Call], None],
    read: Callable[[int], str],
    optional: int = 0,
) -> tuple[Command, ...]:
    """Return a setting in its two forms: of all elements (``[:ALL]``) and of one (``:ELEMent<x>``)."""
    one = f"{stem}:ELEMent<1:{ELEMENTS}>"

    def write_all(call: Call) -> None:
        for index in range(ELEMENTS):
            write(index, call)

    def read_all(_call: Call) -> str:
        texts = [read(index) for index in range(ELEMENTS)]
        if not analyzer.adds_header:
            return ";".join(texts)
        word = "ELEMENT" if analyzer.is_verbose else "ELEM"
        stem_text = analyzer.header_text(stem, ())
        return f"{stem_text}:" + ";".join(f"{word}{index + 1} {text}" for index, text in enumerate(texts))

    return (
        Command(f"{stem}[:ALL]", parameters, write_all, read_all, optional=optional, headed=False),
        Command(
            one,
            parameters,
            lambda call: write(call.suffixes[0] - 1, call),
            lambda call: read(call.suffixes[0] - 1),
            optional=optional,
        ),
    )


def _numeric(analyzer: YokogawaAnalyzer) -> tuple[Command, ...]:
    def set_item(call: Call) -> None:
        words = [call.word(index) for index in range(len(call.values))]
        analyzer.items[call.suffixes[0]] = Item.parse(words, analyzer.model.names)

    def get_item(call: Call) -> str:
        item = analyzer.items.get(call.suffixes[0])
        return "NONE" if item is None else item.text(analyzer.is_verbose)

    def set_count(call: Call) -> None:
        word = call.word(0)
        analyzer.item_count = _ITEMS if word == "ALL" else round(Number(1, _ITEMS).parse(word))

    def clear(call: Call) -> None:
        word = call.word(0)
        first = 1 if word == "ALL" else round(Number(1, _ITEMS).parse(word))
        last = round(Number(1, _ITEMS).parse(call.word(1))) if len(call.values) > 1 else _ITEMS
        for number in range(first, last + 1):
            analyzer.items.pop(number, None)

    def values(call: Call) -> str:
        data = analyzer.data_set()
        numbers = [round(call.number(0))] if call.values else range(1, analyzer.item_count + 1)
        return ",".join(data.text(analyzer.items.get(number)) for number in numbers)

    def only_ascii(call: Call) -> None:
        refuse_all_but("ASC", call)

    def hold(call: Call) -> None:
        analyzer.hold(call.flag(0))

    three_words = (Text(), Text(), Text())
    formats = (Choice(("ASCii", "FLOat")),)
    return (
        Command("NUMeric:FORMat", formats, only_ascii, lambda _call: "ASCII" if analyzer.is_verbose else "ASC"),
        Command("NUMeric:HOLD", (Boolean(),), hold, lambda _call: as_bit(analyzer.is_holding)),
        Command("HOLD", (Boolean(),), hold, lambda _call: as_bit(analyzer.is_holding)),
        Command("NUMeric[:NORMal]:NUMber", (Text(),), set_count, lambda _call: str(analyzer.item_count)),
        # The manual prints NUMber; by its own rule of abbreviation (four letters) NUMB is understood too.
        Command("NUMeric[:NORMal]:NUMB", (Text(),), set_count, lambda _call: str(analyzer.item_count)),
        Command(f"NUMeric[:NORMal]:ITEM<1:{_ITEMS}>", three_words, set_item, get_item, optional=2),
        Command("NUMeric[:NORMal]:CLEar", (Text(), Text()), clear, optional=1),
        Command("NUMeric[:NORMal]:VALue", read=values, read_parameters=(Number(1, _ITEMS),), headed=False),
    )


def _integration(analyzer: YokogawaAnalyzer) -> tuple[Command, ...]:
    def only_normal(call: Call) -> None:
        refuse_all_but("NORM", call)

    def set_timer(call: Call) -> None:
        analyzer.require_no_integration()
        hours, minutes, seconds = (call.number(index) for index in range(3))
        analyzer.integrator.timer_s = hours * 3600.0 + minutes * 60.0 + seconds

    def get_timer(_call: Call) -> str:
        minutes, seconds = divmod(round(analyzer.integrator.timer_s), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours},{minutes},{seconds}"

    def in_full(choice: Choice, word: str) -> str:
        return choice.long_form(word) if analyzer.is_verbose else word

    timer = (Number(0, 10000), Number(0, 59), Number(0, 59))
    return (
        Command("INTEGrate:MODE", (_MODE,), only_normal, lambda _call: in_full(_MODE, "NORM")),
        Command("INTEGrate:TIMer<1:1>", timer, set_timer, get_timer),
        event("INTEGrate:STARt", lambda: analyzer.integrator.start()),
        event("INTEGrate:STOP", lambda: analyzer.integrator.stop()),
        event("INTEGrate:RESet", lambda: analyzer.integrator.reset()),
        Command("INTEGrate:STATe", read=lambda _call: in_full(_STATES, analyzer.integrator.state), headed=False),
    )


def _status(analyzer: YokogawaAnalyzer) -> tuple[Command, ...]:
    def in_full(word: str) -> str:
        return _FILTER.long_form(word) if analyzer.is_verbose else word

    return (
        Command("STATus:CONDition", read=lambda _call: str(analyzer.condition), headed=False),
        Command("STATus:EESR", read=lambda _call: str(analyzer.take_events()), headed=False),
        kept("STATus:EESE", _REGISTER, analyzer, "event_enable", take=round),
        Command("STATus:ERRor", read=lambda _call: analyzer.engine.next_error(), headed=False),
        kept("STATus:FILTer<1:16>", _FILTER, lambda _call: analyzer.filters, show=in_full),
        _plain(analyzer, "STATus:QENable", True),
        _plain(analyzer, "STATus:QMESsage", True),
    )


def _listed(value: float, choices: tuple[float, ...]) -> float:
    """Return the listed value that ``value`` names; raises ScpiError(-222)."""
    for choice in choices:
        if abs(value - choice) <= 1e-9 * choice:
            return choice
    raise ScpiError(-222)
