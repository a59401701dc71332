"""What the emulated Chroma 61500/61600 measures at its own terminals: MEASure and FETCh of the selected phase.

The headers are those that public drivers of the 61512, 61602 and 61800 and SunSpec's chroma_61845.py ask. The burden is
a resistor and the output has no direct component: a power factor of 1, no reactive power, DC readings of 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from rig.emulation.scpi.engine import Call, Command
from rig.emulation.sources.three_phase_output import PHASES, ThreePhaseOutput

_CREST = math.sqrt(2.0)


def measurements(output: ThreePhaseOutput, phase: Callable[[], int], now: Callable[[], float]) -> tuple[Command, ...]:
    """Return the queries; ``phase`` gives the phase (from 0) that is asked of."""

    def volts() -> float:
        return output.volts(phase(), now())

    def amperes() -> float:
        return output.amperes(phase(), now())

    def watts() -> float:
        return volts() * amperes()

    def total_watts() -> float:
        now_s = now()
        return sum(output.volts(each, now_s) * output.amperes(each, now_s) for each in PHASES)

    quantities: tuple[tuple[str, Callable[[], float], int], ...] = (
        ("VOLTage:AC", volts, 2),
        ("VOLTage:DC", _nothing, 2),
        ("VOLTage:ACDC", volts, 2),
        ("CURRent:AC", amperes, 4),
        ("CURRent:DC", _nothing, 4),
        ("CURRent:ACDC", amperes, 4),
        ("CURRent:AMPLitude:MAXimum", lambda: _CREST * amperes(), 4),
        ("CURRent:CREStfactor", lambda: _CREST if amperes() > 0.0 else 0.0, 3),
        ("CURRent:INRush", lambda: _CREST * amperes(), 4),
        ("FREQuency", lambda: output.frequency_hz, 2),
        ("POWer:AC[:REAL]", watts, 2),
        ("POWer:AC:APParent", watts, 2),
        ("POWer:AC:REACtive", _nothing, 2),
        ("POWer:AC:PFACtor", lambda: 1.0 if amperes() > 0.0 else 0.0, 3),
        ("POWer:AC:TOTal", total_watts, 2),
        ("POWer:AC:TOTal:APParent", total_watts, 2),
        ("LINE:V12", lambda: _line_volts(output, 0, 1, now()), 2),
        ("LINE:V23", lambda: _line_volts(output, 1, 2, now()), 2),
        ("LINE:V31", lambda: _line_volts(output, 2, 0, now()), 2),
    )

    def reading(of: Callable[[], float], decimals: int) -> Callable[[Call], str]:
        return lambda _call: f"{of():.{decimals}f}"

    return tuple(
        Command(f"{root}[:SCALar]:{name}", read=reading(of, decimals))
        for root in ("MEASure", "FETCh")
        for name, of, decimals in quantities
    )


def _nothing() -> float:
    return 0.0


def _line_volts(output: ThreePhaseOutput, one: int, two: int, now_s: float) -> float:
    first, second = output.volts(one, now_s), output.volts(two, now_s)
    turn = math.radians(output.phase_deg[one] - output.phase_deg[two])
    return math.sqrt(max(0.0, first**2 + second**2 - 2.0 * first * second * math.cos(turn)))
