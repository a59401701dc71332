"""Phasors that an analyzer measured beside the intended ones, and the wires that a difference points to."""

from __future__ import annotations

import cmath
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.analyzer.base import AnalyzerReading
from meter_model.stimulus import Spectrum, Stimulus
from rig.load_point import PHASE_NAMES

_NEAR = 0.2
"""How far from a picture a phasor may be, as a part of the largest of the three: less than half of what tells apart
leads that are exchanged (a turn of 60 degrees is 1.0)."""

_NOTHING_BELOW = 0.05
"""Less than this part of the largest is nothing."""

_RIGHT_FACTOR = 0.1


@dataclass(frozen=True, slots=True)
class SeenPhasor:
    """One input as the analyzer measured it: volts rms and degrees against voltage A; None is "no valid value"."""

    rms_v: float | None
    phase_deg: float | None
    is_over_range: bool

    def __str__(self) -> str:
        if self.is_over_range:
            return "over range"
        if self.rms_v is None:
            return "no valid value"
        return f"{self.rms_v:.4g} V" + ("" if self.phase_deg is None else f" at {self.phase_deg:.1f}°")


@dataclass(frozen=True, slots=True)
class SeenPhasors:
    """All inputs of one data set, phases A, B, C; ``wanted``: what was meant to be at the meter's terminals."""

    voltages: tuple[SeenPhasor, ...]
    ct_inputs: tuple[SeenPhasor, ...]
    frequency_hz: float | None
    wanted: Stimulus

    @classmethod
    def of(cls, reading: AnalyzerReading, wanted: Stimulus) -> SeenPhasors:
        """Take them from a data set."""
        return cls(
            tuple(SeenPhasor(e.u_v, e.u_phase_deg, e.u_over) for e in reading.elements),
            tuple(SeenPhasor(e.i, e.i_phase_deg, e.i_over) for e in reading.elements),
            next((e.frequency_hz for e in reading.elements if e.frequency_hz is not None), None),
            wanted,
        )

    def __str__(self) -> str:
        volts = " / ".join(map(str, self.voltages))
        inputs = " / ".join(map(str, self.ct_inputs))
        wanted = [" / ".join(map(_said, each)) for each in (self.wanted.voltages, self.wanted.ct_inputs)]
        return f"voltages {volts} (wanted {wanted[0]}), CT inputs {inputs} (wanted {wanted[1]})"


def wires_to_look_at(seen: SeenPhasors) -> str | None:
    """Say which wires of the CT inputs fit what was seen, in one clause; None where that is not clear.

    Looked for are exchanged and reversed leads in every combination, a lead that is off, and one factor for all. The
    explanation with the fewest wrong leads is taken; where two need as few, none is.
    """
    wanted = [_fundamental(spectrum) for spectrum in seen.wanted.ct_inputs]
    found = _found(seen.ct_inputs, wanted)
    largest = max(map(abs, wanted))
    if found is None or largest == 0.0 or max(map(abs, found)) == 0.0:
        return None
    if (missing := _missing(found, wanted)) is not None:
        return missing
    factor = sum(map(abs, found)) / sum(map(abs, wanted))
    fitting: dict[int, list[tuple[tuple[int, ...], tuple[bool, ...]]]] = {}
    for order in itertools.permutations(range(3)):
        for reversed_at in itertools.product((False, True), repeat=3):
            predicted = [
                (-wanted[place] if is_reversed else wanted[place])
                for place, is_reversed in zip(order, reversed_at, strict=True)
            ]
            if all(abs(f - factor * p) <= _NEAR * factor * largest for f, p in zip(found, predicted, strict=True)):
                wrong = sum(order[k] != k for k in range(3)) + sum(reversed_at)
                fitting.setdefault(wrong, []).append((order, reversed_at))
    if not fitting:
        return None
    best = fitting[min(fitting)]
    return _in_words(*best[0], factor) if len(best) == 1 else None


def _found(seen: Sequence[SeenPhasor], wanted: Sequence[complex]) -> list[complex] | None:
    """The measured phasors; None where one that matters has no value or no angle."""
    largest = max((each.rms_v or 0.0 for each in seen), default=0.0)
    found = []
    for each, _ in zip(seen, wanted, strict=True):
        if each.is_over_range or each.rms_v is None:
            return None
        if each.rms_v <= _NOTHING_BELOW * largest:
            found.append(0j)
        elif each.phase_deg is None:
            return None
        else:
            found.append(cmath.rect(each.rms_v, math.radians(each.phase_deg)))
    return found


def _missing(found: Sequence[complex], wanted: Sequence[complex]) -> str | None:
    """Where nothing arrives at some inputs and the others are right: which leads are off."""
    off = [k for k in range(3) if wanted[k] and not found[k]]
    others_are_right = all(abs(found[k] - wanted[k]) <= _NEAR * abs(wanted[k]) for k in range(3) if k not in off)
    if not off or not others_are_right:
        return None
    names = " and ".join(PHASE_NAMES[k] for k in off)
    return f"nothing arrives at CT input {names}: look at the lead" + ("s" if len(off) > 1 else "")


def _in_words(order: tuple[int, ...], reversed_at: tuple[bool, ...], factor: float) -> str | None:
    moved = [PHASE_NAMES[k] for k in range(3) if order[k] != k]
    reversals = [PHASE_NAMES[k] for k in range(3) if reversed_at[k]]
    parts = []
    if len(moved) == 2:
        parts.append(f"the leads of CT inputs {moved[0]} and {moved[1]} look exchanged")
    elif moved:
        came = ", ".join(PHASE_NAMES[k] for k in order)
        parts.append(f"CT inputs A, B, C carry what {came} should: their leads look rotated, or those of the voltages")
    if len(reversals) == 1:
        parts.append(f"the lead of CT input {reversals[0]} looks reversed")
    elif reversals:
        parts.append(f"the leads of CT inputs {' and '.join(reversals)} look reversed")
    if abs(factor - 1.0) > _RIGHT_FACTOR:
        parts.append(
            f"every CT input has {factor:.3g} times what was meant: look at the ratio in the bench file and at the "
            "leads of the divider"
        )
    return "; ".join(parts) or None


def _fundamental(spectrum: Spectrum) -> complex:
    return sum((cmath.rect(p.rms, math.radians(p.phase_deg)) for p in spectrum if p.order == 1), 0j)


def _said(spectrum: Spectrum) -> str:
    phasor = _fundamental(spectrum)
    return f"{abs(phasor):.4g} V at {math.degrees(cmath.phase(phasor)):.1f}°" if phasor else "none"
