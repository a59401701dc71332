"""The command table of the emulated Fluke Norma 4000, after its Remote Control Users Guide (June 2007 Rev. 2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rig.emulation.analyzers.arithmetic import ELEMENTS, AnalyzerErrors
from rig.emulation.analyzers.fluke_norma import DEFAULT_DIGITS, SHUNT_RANGES, VOLTAGE_RANGES, NormaAnalyzer
from rig.emulation.analyzers.fluke_norma_functions import Function, value_of
from rig.emulation.analyzers.integrator import Integrator
from rig.emulation.scpi.engine import Call, Command, ScpiEngine
from rig.emulation.scpi.syntax import Boolean, Choice, Number, Parameter, ScpiError, Text, as_bit
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
    norma.engine = ScpiEngine(command_table(norma), _IDENTITY, around.world, norma.reset, on_clear=norma.clear)
    return norma


def command_table(norma: NormaAnalyzer) -> tuple[Command, ...]:
    """Return the whole table, bound to one analyzer."""
    return (*_inputs(norma), *_ranges(norma), *_averaging(norma), *_data(norma), *_integral(norma), *_status(norma))


def _event(action: Callable[[], None]) -> Callable[[Call], None]:
    return lambda _call: action()


def _one_state(header: str, parameter: Parameter, allowed: str) -> Command:
    def write(call: Call) -> None:
        if call.word(0) != allowed:
            raise ScpiError(-224)

    return Command(header, (parameter,), write, lambda _call: allowed)


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

    def set_system(call: Call) -> None:
        if call.word(0) not in ('"3W"', "'3W'"):
            raise ScpiError(-224)

    def set_filter(call: Call) -> None:
        if not call.flag(0):
            raise ScpiError(-224)

    shunts = (Choice(("INTernal", "EXTernal")),)
    channel = f"INPut<1:{_CHANNELS}>"
    return (
        *(_one_state(header, parameter, word) for header, (parameter, word) in _WORDS_ONE_STATE.items()),
        Command(
            f"{channel}:SHUNt",
            shunts,
            set_shunt,
            lambda call: "EXT" if norma.is_external[_phase_of(call)] else "INT",
        ),
        Command(f"{channel}:GAIN", (Number(1e-7, 1e7),), set_gain, lambda call: repr(norma.gain[_phase_of(call)])),
        Command(f"{channel}:FILTer[:STATe]", (Boolean(),), set_filter, lambda _call: "1"),
        Command(f"{channel}:FILTer[:LPASs]:FREQuency", read=lambda _call: "3.0E5"),
        Command("ROUTe:SYSTem", (Text(),), set_system, lambda _call: norma.system),
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

    def only_one(call: Call) -> None:
        if call.number(0) != 1.0:
            raise ScpiError(-224)

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
        Command(f"{stem}:SCALe", (Number(0.9, 1e7),), only_one, lambda _call: "1.0"),
    )


def _averaging(norma: NormaAnalyzer) -> tuple[Command, ...]:
    def set_aperture(call: Call) -> None:
        norma.set_aperture(round(call.number(0), 3))

    def get_aperture(_call: Call) -> str:
        return repr(norma.aperture_s)

    def set_continuous(call: Call) -> None:
        norma.is_continuous = call.flag(0)
        norma.restart()

    def set_sync(call: Call) -> None:
        norma.is_sync_on = call.flag(0)
        norma.restart()

    def set_source(call: Call) -> None:
        norma.sync_source = call.word(0)
        norma.restart()

    def set_timeout(call: Call) -> None:
        norma.sync_timeout_s = call.number(0)

    aperture = (Number(0.015, 3600.0),)
    nodes = ("", *(f":{name}<1:{ELEMENTS}>{dc}" for name in ("VOLTage", "CURRent", "POWer") for dc in ("[:DC]", ":AC")))
    sources = tuple(f"{name}{n or ''}" for name in ("VOLTage", "CURRent") for n in (1, 2, 3))
    return (
        *(Command(f"[SENSe]{node}:APERture[:TIME]", aperture, set_aperture, get_aperture) for node in nodes),
        Command("INITiate:CONTinuous", (Boolean(),), set_continuous, lambda _call: as_bit(norma.is_continuous)),
        Command("INITiate[:IMMediate]", write=_event(norma.start_single)),
        Command("*TRG", write=_event(norma.start_single)),
        Command("ABORt", write=lambda _call: None),
        Command("SYNC:STATe", (Boolean(),), set_sync, lambda _call: as_bit(norma.is_sync_on)),
        Command("SYNC[:SOURce]", (Choice(sources),), set_source, lambda _call: norma.sync_source),
        Command("SYNC:TIMeout", (Number(0.015, 3600.0),), set_timeout, lambda _call: repr(norma.sync_timeout_s)),
        Command("TIMer:RESet", write=_event(norma.reset_timer)),
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

    def set_concurrent(call: Call) -> None:
        norma.is_concurrent = call.flag(0)
        norma.functions = norma.functions[:1] if not norma.is_concurrent else norma.functions

    def set_format(call: Call) -> None:
        if call.word(0) != "ASC":
            raise ScpiError(-224)
        if len(call.values) > 1:
            norma.digits = round(call.number(1))

    def clear() -> None:
        norma.functions = []

    formats = (Choice(("ASCii", "REAL")), Number(0, 8))
    return (
        Command("[SENSe]:FUNCtion[:ON]", _LIST, set_functions, get_functions, optional=_MOST_FUNCTIONS - 1),
        Command("[SENSe]:FUNCtion[:ON]:COUNt", read=lambda _call: str(len(norma.functions))),
        Command("[SENSe]:FUNCtion:OFF:ALL", write=_event(clear)),
        Command("[SENSe]:FUNCtion:CONCurrent", (Boolean(),), set_concurrent, lambda _call: as_bit(norma.is_concurrent)),
        Command("[SENSe]:DATA", read=data, read_parameters=_LIST),
        Command("[SENSe]:DATA:STATus", read=data_and_status, read_parameters=_LIST),
        Command("FORMat[:DATA]", formats, set_format, lambda _call: f"ASC,{norma.digits}", optional=1),
    )


def _integral(norma: NormaAnalyzer) -> tuple[Command, ...]:
    def on_off(value: bool) -> str:
        return "ON" if value else "OFF"  # as the manual prints these answers

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

    def only_on(call: Call) -> None:
        if not call.flag(0):
            raise ScpiError(-224)

    def names(_call: Call) -> str:
        return ",".join(function.text for function in norma.integral_functions)

    stem = "CALCulate:INTegral"
    return (
        Command(f"{stem}[:STATe]", (Boolean(),), set_state, lambda _call: on_off(norma.integrator is not None)),
        Command(f"{stem}:FUNCtion", (Text(),) * 6, set_functions, names, optional=5),
        Command(f"{stem}:CLEar[:IMMediate]", write=_event(clear)),
        Command(f"{stem}:CLEar:AUTO", (Boolean(),), only_on, lambda _call: "ON"),
        Command(f"{stem}:STARt[:IMMediate]", write=_event(start)),
        Command(f"{stem}:STOP[:IMMediate]", write=_event(stop)),
    )


def _status(norma: NormaAnalyzer) -> tuple[Command, ...]:
    def next_error(_call: Call) -> str:
        return norma.engine.next_error()

    def all_errors(_call: Call) -> str:
        found = [norma.engine.next_error()]
        while not found[-1].startswith("0,"):
            found.append(norma.engine.next_error())
        return ";".join(found[:-1] or found)

    def transition(which: str) -> Callable[[Call], None]:
        def write(call: Call) -> None:
            norma.transitions[which] = round(call.number(0))

        return write

    def set_enable(call: Call) -> None:
        norma.event_enable = round(call.number(0))

    operation = "STATus:OPERation"
    return (
        Command("SYSTem:ERRor[:NEXT]", read=next_error),
        Command("SYSTem:ERRor:ALL", read=all_errors),
        Command("SYSTem:VERSion", read=lambda _call: "1999.0"),
        Command("*OPT", read=lambda _call: '"ETH"'),
        Command(f"{operation}[:EVENt]", read=lambda _call: str(norma.take_events())),
        Command(f"{operation}:CONDition", read=lambda _call: str(norma.condition)),
        Command(f"{operation}:ENABle", (_REGISTER,), set_enable, lambda _call: str(norma.event_enable)),
        Command(
            f"{operation}:PTRansition",
            (_REGISTER,),
            transition("positive"),
            lambda _call: str(norma.transitions["positive"]),
        ),
        Command(
            f"{operation}:NTRansition",
            (_REGISTER,),
            transition("negative"),
            lambda _call: str(norma.transitions["negative"]),
        ),
        Command("STATus:QUEStionable:VOLTage:CONDition", read=lambda _call: str(norma.overloads(0))),
        Command("STATus:QUEStionable:CURRent:CONDition", read=lambda _call: str(norma.overloads(1))),
    )
