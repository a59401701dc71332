"""The command table of the emulated Fluke Norma 4000, after its Remote Control Users Guide (June 2007 Rev. 2)."""

from __future__ import annotations

from collections.abc import Sequence

from rig.emulation.analyzers.arithmetic import ELEMENTS, AnalyzerErrors
from rig.emulation.analyzers.fluke_norma import DEFAULT_DIGITS, SHUNT_RANGES, VOLTAGE_RANGES, NormaAnalyzer
from rig.emulation.analyzers.fluke_norma_functions import Function, value_of
from rig.emulation.analyzers.integrator import Integrator
from rig.emulation.scpi.engine import Call, Command, ScpiEngine
from rig.emulation.scpi.rows import event, kept, only, reading
from rig.emulation.scpi.syntax import Boolean, Choice, Number, ScpiError, Text, as_bit
from rig.emulation.world.surroundings import Surroundings

_CHANNELS = 2 * ELEMENTS
_MOST_FUNCTIONS = 64
_LIST = (Text(),) * _MOST_FUNCTIONS
_REGISTER = Number(0, 65535)
_WORDS_ONE_STATE = {
    "INPut<1:6>:COUPling": (Choice(("AC", "DC")), "DC"),
    "SYNC:SLOPe": (Choice(("POSitive", "NEGative")), "POS"),
    "CALCulate:INTegral:STARt:SOURce": (Choice(("CMD", "TIME", "MAN")), "CMD"),
    "CALCulate:INTegral:STOP:SOURce": (Choice(("CMD", "TIME", "MAN", "TINTerval")), "CMD"),
}
"""Settings of which the emulation has one state only: any other is refused, so that none is relied on."""


_IDENTITY = "Fluke,NORMA4000,KN34512BA,01.00"


def norma_analyzer(
    around: Surroundings[AnalyzerErrors],
    *,
    digits: int = DEFAULT_DIGITS,
) -> NormaAnalyzer:
    """Make an analyzer with its commands (``rig.emulation.instruments.AnalyzerFactory``)."""
    norma = NormaAnalyzer(around, digits)
    norma.engine = ScpiEngine(
        command_table(norma), _IDENTITY, around.world, norma.reset, on_clear=norma.clear, version="1999.0"
    )
    return norma


def command_table(norma: NormaAnalyzer) -> tuple[Command, ...]:
    """Return the whole table, bound to one analyzer."""
    return (*_inputs(norma), *_ranges(norma), *_averaging(norma), *_data(norma), *_integral(norma), *_status(norma))


def _phase_of(call: Call) -> int:
    """Return the phase of a current channel, 0 to 2; raises ScpiError(-221): the even channels are voltages."""
    channel = call.suffixes[0]
    if channel % 2 == 0:
        raise ScpiError(-221)
    return channel // 2


def _inputs(norma: NormaAnalyzer) -> tuple[Command, ...]:
    def set_shunt(call: Call) -> None:
        norma.is_external[_phase_of(call)] = call.word(0) == "EXT"
        norma.restart()

    def set_gain(call: Call) -> None:
        norma.gain[_phase_of(call)] = call.number(0)
        norma.restart()

    def three_wattmeters(word: str) -> str:
        if word not in ('"3W"', "'3W'"):
            raise ScpiError(-224)
        return '"3W"'

    shunts = (Choice(("INTernal", "EXTernal")),)
    channel = f"INPut<1:{_CHANNELS}>"
    return (
        *(only(header, parameter, word) for header, (parameter, word) in _WORDS_ONE_STATE.items()),
        Command(
            f"{channel}:SHUNt",
            shunts,
            set_shunt,
            lambda call: "EXT" if norma.is_external[_phase_of(call)] else "INT",
        ),
        Command(f"{channel}:GAIN", (Number(1e-7, 1e7),), set_gain, lambda call: repr(norma.gain[_phase_of(call)])),
        only(f"{channel}:FILTer[:STATe]", Boolean(), True),
        Command(f"{channel}:FILTer[:LPASs]:FREQuency", read=lambda _call: "3.0E5"),
        kept("ROUTe:SYSTem", Text(), norma, "system", take=three_wattmeters),
        Command("[SENSe]:SWEep:FREQuency", read=lambda _call: "3.4133E+05"),
    )


def _ranges(norma: NormaAnalyzer) -> tuple[Command, ...]:
    commands: list[Command] = []
    for quantity, place, listed, attribute in (
        ("VOLTage", 0, VOLTAGE_RANGES, "voltage_range"),
        ("CURRent", 1, SHUNT_RANGES, "current_range"),
    ):
        for coupling in ("[:DC]", ":AC"):
            stem = f"[SENSe]:{quantity}<1:{ELEMENTS}>{coupling}"
            commands += _ranges_of(norma, stem, place, listed, attribute)
    return tuple(commands)


def _ranges_of(
    norma: NormaAnalyzer, stem: str, place: int, listed: Sequence[float], attribute: str
) -> tuple[Command, ...]:
    def chosen() -> list[float | None]:
        fixed: list[float | None] = getattr(norma, attribute)
        return fixed

    def set_range(call: Call) -> None:
        # "A range value within the valid interval is rounded up to the nearest higher possible value."
        chosen()[call.suffixes[0] - 1] = next(each for each in listed if call.number(0) <= each)
        norma.restart()

    def set_automatic(call: Call) -> None:
        index = call.suffixes[0] - 1
        chosen()[index] = None if call.flag(0) else norma.ranges()[index][place]
        norma.restart()

    lists = ", ".join(f"{each:g}" for each in listed)
    return (
        Command(
            f"{stem}:RANGe[:UPPer]",
            (Number(listed[0], listed[-1]),),
            set_range,
            lambda call: repr(norma.ranges()[call.suffixes[0] - 1][place]),
        ),
        Command(
            f"{stem}:RANGe[:UPPer]:AUTO",
            (Boolean(),),
            set_automatic,
            lambda call: as_bit(chosen()[call.suffixes[0] - 1] is None),
        ),
        Command(f"{stem}:RANGe[:UPPer]:LIST", read=lambda _call: lists),
        only(f"{stem}:SCALe", Number(0.9, 1e7), 1.0),
    )


def _averaging(norma: NormaAnalyzer) -> tuple[Command, ...]:
    def set_aperture(call: Call) -> None:
        norma.set_aperture(round(call.number(0), 3))

    def get_aperture(_call: Call) -> str:
        return repr(norma.aperture_s)

    def restart(_call: Call) -> None:
        norma.restart()

    aperture = (Number(0.015, 3600.0),)
    nodes = ("", *(f":{name}<1:{ELEMENTS}>{dc}" for name in ("VOLTage", "CURRent", "POWer") for dc in ("[:DC]", ":AC")))
    sources = tuple(f"{name}{n or ''}" for name in ("VOLTage", "CURRent") for n in (1, 2, 3))
    return (
        *(Command(f"[SENSe]{node}:APERture[:TIME]", aperture, set_aperture, get_aperture) for node in nodes),
        kept("INITiate:CONTinuous", Boolean(), norma, "is_continuous", then=restart),
        event("INITiate[:IMMediate]", norma.start_single),
        event("*TRG", norma.start_single),
        event("ABORt"),
        kept("SYNC:STATe", Boolean(), norma, "is_sync_on", then=restart),
        kept("SYNC[:SOURce]", Choice(sources), norma, "sync_source", then=restart),
        kept("SYNC:TIMeout", Number(0.015, 3600.0), norma, "sync_timeout_s", repr),
        event("TIMer:RESet", norma.reset_timer),
    )


def _data(norma: NormaAnalyzer) -> tuple[Command, ...]:
    def choose(texts: Sequence[object]) -> None:
        functions = [Function.parse(str(text)) for text in texts]
        if len(functions) > 1 and not norma.is_concurrent:
            raise ScpiError(-108)
        for function in functions:
            if function.integral and (norma.integrator is None or function.integrated not in norma.integral_functions):
                raise ScpiError(-221)
        norma.functions = functions

    def set_functions(call: Call) -> None:
        choose(call.values)

    def get_functions(_call: Call) -> str:
        return ",".join(function.text for function in norma.functions)

    def values(call: Call) -> list[tuple[float, int]]:
        if call.values:
            choose(call.values)  # "Invalidates: FUNCtion"
        if not norma.functions:
            raise ScpiError(-221)
        return [value_of(function, norma.data, norma.integrator) for function in norma.functions]

    def data(call: Call) -> str:
        return ",".join(norma.format_number(value) for value, _ in values(call))

    def data_and_status(call: Call) -> str:
        found = values(call)
        return ",".join([norma.format_number(value) for value, _ in found] + [str(status) for _, status in found])

    def limit_functions(_call: Call) -> None:
        norma.functions = norma.functions[:1] if not norma.is_concurrent else norma.functions

    def set_format(call: Call) -> None:
        if call.word(0) != "ASC":
            raise ScpiError(-224)
        if len(call.values) > 1:
            norma.digits = round(call.number(1))

    formats = (Choice(("ASCii", "REAL")), Number(0, 8))
    return (
        Command("[SENSe]:FUNCtion[:ON]", _LIST, set_functions, get_functions, optional=_MOST_FUNCTIONS - 1),
        reading("[SENSe]:FUNCtion[:ON]:COUNt", lambda: len(norma.functions)),
        event("[SENSe]:FUNCtion:OFF:ALL", lambda: norma.functions.clear()),
        kept("[SENSe]:FUNCtion:CONCurrent", Boolean(), norma, "is_concurrent", then=limit_functions),
        Command("[SENSe]:DATA", read=data, read_parameters=_LIST),
        Command("[SENSe]:DATA:STATus", read=data_and_status, read_parameters=_LIST),
        Command("FORMat[:DATA]", formats, set_format, lambda _call: f"ASC,{norma.digits}", optional=1),
    )


def _integral(norma: NormaAnalyzer) -> tuple[Command, ...]:
    def set_state(call: Call) -> None:
        norma.integrator = Integrator(ELEMENTS) if call.flag(0) else None

    def set_functions(call: Call) -> None:
        norma.integral_functions = [Function.parse(str(text)) for text in call.values]

    def running() -> Integrator:
        if norma.integrator is None:
            raise ScpiError(-221)
        return norma.integrator

    def clear() -> None:
        was_running = running().state == "STAR"
        norma.integrator = Integrator(ELEMENTS)
        if was_running:
            norma.integrator.start()

    def start() -> None:
        clear()  # CLEar:AUTO is on
        if running().state != "STAR":
            running().start()

    def stop() -> None:
        if running().state == "STAR":
            running().stop()

    def names(_call: Call) -> str:
        return ",".join(function.text for function in norma.integral_functions)

    stem = "CALCulate:INTegral"
    return (  # booleans are answered as the manual prints these answers
        Command(f"{stem}[:STATe]", (Boolean(),), set_state, lambda _: "ON" if norma.integrator is not None else "OFF"),
        Command(f"{stem}:FUNCtion", (Text(),) * 6, set_functions, names, optional=5),
        event(f"{stem}:CLEar[:IMMediate]", clear),
        only(f"{stem}:CLEar:AUTO", Boolean(), True, "ON"),
        event(f"{stem}:STARt[:IMMediate]", start),
        event(f"{stem}:STOP[:IMMediate]", stop),
    )


def _status(norma: NormaAnalyzer) -> tuple[Command, ...]:
    def transitions(_call: Call) -> dict[str, int]:
        return norma.transitions

    operation = "STATus:OPERation"
    return (
        reading("SYSTem:ERRor:ALL", lambda: ";".join(norma.engine.all_errors())),
        Command("*OPT", read=lambda _call: '"ETH"'),
        reading(f"{operation}[:EVENt]", norma.take_events),
        reading(f"{operation}:CONDition", lambda: norma.condition),
        kept(f"{operation}:ENABle", _REGISTER, norma, "event_enable", take=round),
        kept(f"{operation}:PTRansition", _REGISTER, transitions, "positive", take=round),
        kept(f"{operation}:NTRansition", _REGISTER, transitions, "negative", take=round),
        Command("STATus:QUEStionable:VOLTage:CONDition", read=lambda _call: str(norma.overloads(0))),
        Command("STATus:QUEStionable:CURRent:CONDition", read=lambda _call: str(norma.overloads(1))),
    )
