"""The command table of the emulated ZES LMG671: the SHORT language, and what open drivers use of the SCPI one.

What is known, and from where. [C] open drivers of LMG600 instruments (lmgtools, lmgd, the SVP of SunSpec): *ZLANG,
FRMT, CYCL, CYCLMOD, GROUP, IJACK, IAUTO, IRNG, UAUTO, URNG, ISCA, INIM, ERRALL, CTYP, TSNORM, DURNORM, UTRMS, ITRMS, P,
S, Q, PF, FCYC; of SCPI: SYST:ERR:ALL, SENS:...:RANG, SENS:SWE:TIME, SENS:ZPR, INIT:IMM, FETC. [R] recalled: HUPHASE and
HIPHASE, that *RST goes back to SCPI, that a setting is asked with the same header, the lists of ranges, NAN.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from dataclasses import replace

from rig.emulation.analyzers.arithmetic import ELEMENTS, AnalyzerErrors, ElementResult
from rig.emulation.analyzers.zes_lmg600 import SENSOR_RANGES, VOLTAGE_RANGES, ZesAnalyzer
from rig.emulation.scpi.engine import Call, Command, ScpiEngine, Wait
from rig.emulation.scpi.rows import event, kept, only, reading
from rig.emulation.scpi.syntax import Boolean, Choice, Number, ScpiError, Text
from rig.emulation.world.surroundings import Surroundings

_CHANNEL = f"<1:{ELEMENTS}>"
_LONGEST_CYCLE_S = 60.0


_IDENTITY = "ZES ZIMMER Electronic Systems GmbH,LMG671,01930726,3.081"


def zes_analyzer(
    around: Surroundings[AnalyzerErrors],
    *,
    digits: int = 7,
) -> ZesAnalyzer:
    """Make an analyzer with its command languages (``rig.emulation.instruments.AnalyzerFactory``)."""
    zes = ZesAnalyzer(around, digits)
    zes.engine = ScpiEngine(command_table(zes), _IDENTITY, around.world, zes.reset)
    return zes


def command_table(zes: ZesAnalyzer) -> tuple[Command, ...]:
    """Return the whole table, bound to one analyzer; each command is known in its own language only."""
    short = (*_settings(zes), *_values(zes))
    return (
        *(_only_in(command, lambda: zes.is_short) for command in short),
        *(_only_in(command, lambda: not zes.is_short) for command in _scpi(zes)),
        *_languages(zes),
    )


def _only_in(command: Command, is_spoken: Callable[[], bool]) -> Command:
    def write(call: Call) -> Wait | None:
        if not is_spoken() or command.write is None:
            raise ScpiError(-113)
        return command.write(call)

    def read(call: Call) -> str | Wait:
        if not is_spoken() or command.read is None:
            raise ScpiError(-113)
        return command.read(call)

    return replace(command, write=write, read=read)


def _languages(zes: ZesAnalyzer) -> tuple[Command, ...]:
    def choose(call: Call) -> None:
        zes.is_short = call.word(0) == "SHOR"

    return (
        Command("*ZLANG", (Choice(("SHORt", "SCPI")),), choose),
        event("GTL"),
    )


def _settings(zes: ZesAnalyzer) -> tuple[Command, ...]:
    def one_of(header: str, *words: str) -> Command:
        def write(call: Call) -> None:
            if call.word(0) not in words:
                raise ScpiError(-224)

        return Command(header, (Text(),), write, lambda _call: "0")

    def set_groups(call: Call) -> None:
        groups = [round(Number(1, ELEMENTS).parse(call.word(place))) for place in range(len(call.values))]
        if sum(groups) != ELEMENTS:
            raise ScpiError(-224)
        zes.groups = groups
        zes.restart()

    def restart(_call: Call) -> None:
        zes.restart()

    return (
        one_of("FRMT", "ASC", "ASCII", "0"),
        one_of("CYCLMOD", "0", "CYCL"),
        _cycle(zes, "CYCL"),
        Command("GROUP", (Text(),) * ELEMENTS, set_groups, lambda _call: _list(zes.groups), optional=ELEMENTS - 1),
        kept(f"IJACK{_CHANNEL}", Number(0, 1), lambda _: zes.jack, then=restart, take=round),
        kept(f"ISCA{_CHANNEL}", Number(-1e6, 1e6), lambda _: zes.scale, None, zes.number, restart),
        *(row for kind in "UI" for row in _range(zes, f"{kind}RNG{_CHANNEL}", f"{kind}AUTO{_CHANNEL}", kind)),
        Command(f"CTYP{_CHANNEL}", read=lambda _call: '"A1"'),
        reading("ERRALL", lambda: ",".join(zes.engine.all_errors())),
    )


def _list(numbers: list[int]) -> str:
    return ",".join(str(number) for number in numbers)


def _cycle(zes: ZesAnalyzer, header: str) -> Command:
    return kept(header, Number(0.01, _LONGEST_CYCLE_S), zes, "cycle_s", zes.number, lambda _call: zes.restart())


def _range(zes: ZesAnalyzer, header: str, automatic_header: str, kind: str) -> tuple[Command, Command]:
    """Return the rows of the ranges of voltages ("U") or currents ("I"), and whether they are chosen automatically."""
    listed = VOLTAGE_RANGES if kind == "U" else SENSOR_RANGES

    def holding(rms: float) -> float:
        found = next((each for each in listed if rms <= each * (1.0 + 1e-9)), None)
        if found is None:
            raise ScpiError(-222)
        return found

    def fix(call: Call) -> None:
        zes.is_automatic[kind][call.suffixes[-1] - 1] = False
        zes.restart()

    def ranges(_call: Call) -> list[float]:
        return zes.voltage_range if kind == "U" else zes.current_range

    return (
        kept(header, Number(0.0), ranges, None, zes.number, fix, take=holding),
        kept(automatic_header, Boolean(), lambda _: zes.is_automatic[kind], then=lambda _: zes.restart()),
    )


def _values(zes: ZesAnalyzer) -> tuple[Command, ...]:
    def duration(_call: Call) -> str:
        return zes.number(zes.shown.length_s if zes.shown else None)

    def phase(kind: str) -> Callable[[Call], str]:
        def read(call: Call) -> str:
            if not call.values:
                raise ScpiError(-109)
            if call.word(0) != "(1:1)":
                raise ScpiError(-224)
            result = _result(zes, call)
            return zes.number(None if result is None else _phase_deg(zes, result, kind))

        return read

    lists = (Text(),)
    return (
        Command("INIM", write=lambda _call: zes.wait_for_cycle()),
        reading("TSNORM", zes.time_stamp),
        Command("DURNORM", read=duration),
        *(_value(zes, f"{name}{_CHANNEL}", name) for name in _QUANTITIES),
        Command(f"HUPHASE{_CHANNEL}", read=phase("U"), read_parameters=lists),
        Command(f"HIPHASE{_CHANNEL}", read=phase("I"), read_parameters=lists),
    )


_QUANTITIES: dict[str, Callable[[ElementResult], float | None]] = {
    "UTRMS": lambda result: result.u,
    "ITRMS": lambda result: result.i,
    "P": lambda result: result.p,
    "S": lambda result: result.s,
    "Q": lambda result: abs(result.q),
    "PF": lambda result: result.p / result.s if result.s else None,
    "FCYC": lambda result: result.frequency_hz,
    "PHI": lambda result: (
        math.copysign(math.degrees(math.acos(max(-1.0, min(1.0, result.p / result.s)))), result.q) if result.s else None
    ),
}


def _result(zes: ZesAnalyzer, call: Call) -> ElementResult | None:
    return zes.shown.results[call.suffixes[-1] - 1] if zes.shown else None


def _value(zes: ZesAnalyzer, header: str, name: str) -> Command:
    def read(call: Call) -> str:
        result = _result(zes, call)
        return zes.number(None if result is None else _QUANTITIES[name](result))

    return Command(header, read=read)


def _phase_deg(zes: ZesAnalyzer, result: ElementResult, kind: str) -> float | None:
    """Angle of the fundamental against that of U1, to which the group is synchronised; leading is positive."""
    assert zes.shown is not None
    sync = zes.shown.results[0]
    rms, phasors = (result.u, result.u_harmonics) if kind == "U" else (result.i, result.i_harmonics)
    own, reference = phasors.get(1, 0j), sync.u_harmonics.get(1, 0j)
    if rms == 0.0 or sync.u == 0.0 or own == 0j or reference == 0j:
        return None
    return math.degrees(cmath.phase(own / reference))


def _scpi(zes: ZesAnalyzer) -> tuple[Command, ...]:
    # The suffix stands behind the last node: RANG1, but RANG:AUTO1.
    ranges = f"RANGe{_CHANNEL}"
    values = {
        "VOLTage:TRMS": "UTRMS",
        "CURRent:TRMS": "ITRMS",
        "POWer:ACTive": "P",
        "POWer:APParent": "S",
        "POWer:REACtive": "Q",
        "POWer:PHASe": "PHI",
    }
    return (
        reading("SYSTem:ERRor:ALL", lambda: ",".join(zes.engine.all_errors())),
        reading("SYSTem:ERRor[:NEXT]", lambda: zes.engine.next_error()),
        *(
            command
            for kind, node in (("U", "VOLTage"), ("I", "CURRent"))
            for command in _range(zes, f"[SENSe]:{node}:{ranges}", f"[SENSe]:{node}:{ranges}:AUTO{_CHANNEL}", kind)
        ),
        _cycle(zes, "[SENSe]:SWEep:TIME"),
        only("[SENSe]:ZPReject", Boolean(), False),
        Command("INITiate:IMMediate", write=lambda _call: zes.wait_for_cycle()),
        only("INITiate:CONTinuous", Boolean(), False),
        *(_value(zes, f"FETCh:{header}{_CHANNEL}", name) for header, name in values.items()),
    )
