"""From phasors at the terminals and what a meter reads to the wiring faults that fit: a pure function, no I/O."""

from __future__ import annotations

import cmath
import itertools
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from meter_model.system_type import SystemType
from rig.load_point import PHASE_NAMES
from rig.procedures.wiring_check.faults import Diagnosis, FaultKind, WiringFault

RATIO_TOLERANCE = 0.1
"""How far a meter may be off before its ratio is called wrong: ten times the error of a very bad meter."""

ANGLE_TOLERANCE_DEG = 25.0
"""Wrong leads turn a power by 60 degrees or more, or by 30 with another voltage; less is an error of the meter."""

_NOTHING = 0.05
"""Less than this part of the largest is nothing."""

_MOST_MISTAKES = 6
_TERMINALS = {10: "AN", 11: "AB", 12: "ABN", 31: "ABC", 40: "ABCN"}
_FIRST_LN, _FIRST_I, _FIRST_P, _FIRST_Q, _TOTAL_P, _TOTAL_Q = 70, 73, 55, 58, 11, 12
_LL = {"AB": 67, "BC": 68, "CA": 69}


@dataclass(frozen=True, slots=True)
class Picture:
    """What is at the meter's terminals beside what it reads at that time.

    ``voltages``: volts of A, B, C on the primary side against the source's neutral; ``currents``: amperes on the
    primary side; both complex, rms, lagging negative. ``read``: values by Analog Input instance (kW, kVAR, V, A; NaN
    is QNAN).
    """

    voltages: tuple[complex, complex, complex]
    currents: tuple[complex, complex, complex]
    read: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class _Fitting:
    """One way to connect the voltage terminals, or the CT inputs, that fits the magnitudes that were read.

    ``order``: from each terminal or input to where its lead is, an empty text is nowhere; ``signs``: of each CT input.
    """

    order: dict[str, str]
    faults: tuple[WiringFault, ...]
    signs: dict[str, int]


def diagnose(pictures: Sequence[Picture], system: SystemType) -> Diagnosis:
    """Return the wirings that fit what a meter of ``system`` read, those with the fewest mistakes.

    Looked for: leads of voltage terminals (neutral too) and of CT inputs in every order, reversed or off, and ratios
    that are wrong for one input or for all. Errors of the meter up to ``RATIO_TOLERANCE`` and ``ANGLE_TOLERANCE_DEG``
    are no fault of the wiring. Picture by picture the loads should tell the phases apart: currents that differ by a
    factor of 1.5 or more, or one phase after the other.
    """
    voltages = list(_voltage_fittings(pictures, system))
    inputs = list(_ct_fittings(pictures, system))
    candidates: dict[int, list[tuple[_Fitting, _Fitting, tuple[WiringFault, ...]]]] = {}
    for voltage, ct in itertools.product(voltages, inputs):
        faults = _together(voltage.faults, ct.faults)
        mistakes = sum(fault.mistakes for fault in faults)
        if mistakes <= _MOST_MISTAKES:
            candidates.setdefault(mistakes, []).append((voltage, ct, faults))
    for mistakes in sorted(candidates):
        fitting = [
            faults
            for voltage, ct, faults in candidates[mistakes]
            if all(_powers_fit(picture, voltage, ct, system) for picture in pictures)
        ]
        if fitting:
            return Diagnosis(tuple(dict.fromkeys(fitting)))
    return Diagnosis(())


def _voltage_fittings(pictures: Sequence[Picture], system: SystemType) -> Iterator[_Fitting]:
    terminals = _TERMINALS[system.number]
    for order in itertools.permutations(terminals):
        for missing in _subsets(terminals.replace("N", "")):
            leads = {
                terminal: "" if terminal in missing else lead for terminal, lead in zip(terminals, order, strict=True)
            }
            moved = {t: lead for t, lead in zip(terminals, order, strict=True) if t != lead}
            if any(terminal in moved for terminal in missing):
                continue  # where a lead that is off was exchanged before says nothing
            ratios = _voltage_ratios(pictures, system, leads)
            if ratios is None:
                continue
            faults = [*_cycles(moved, FaultKind.VOLTAGE_EXCHANGED, FaultKind.VOLTAGE_ROTATED)]
            faults += [WiringFault(FaultKind.VOLTAGE_MISSING, name) for name in missing]
            yield from (
                _Fitting(leads, (*faults, *wrong), {}) for wrong in _ratio_faults(ratios, FaultKind.VOLTAGE_RATIO)
            )


def _voltage_ratios(
    pictures: Sequence[Picture], system: SystemType, leads: Mapping[str, str]
) -> dict[str, float] | None:
    """Read over expected voltage by terminal (with a neutral) or as one ("ABC"); None where it does not fit."""
    found: dict[str, list[float]] = {}
    for picture in pictures:
        potentials = _potentials(picture, system, leads)
        nominal = max(map(abs, picture.voltages))
        if system.has_neutral:
            for name in system.line_to_neutral:
                expected = abs(potentials[name] - potentials["N"])
                ratio = _ratio(picture.read.get(_FIRST_LN + PHASE_NAMES.index(name), math.nan), expected, nominal)
                if ratio is None:
                    return None
                if not math.isnan(ratio):
                    found.setdefault(name, []).append(ratio)
        scale = {name: statistics.fmean(values) for name, values in found.items()}
        for pair in system.line_to_line:
            one, two = ((potentials[name] - potentials.get("N", 0j)) * scale.get(name, 1.0) for name in pair)
            ratio = _ratio(picture.read.get(_LL[pair], math.nan), abs(one - two), nominal)
            if ratio is None or (system.has_neutral and abs(ratio - 1.0) > RATIO_TOLERANCE):
                return None
            if not system.has_neutral and not math.isnan(ratio):
                found.setdefault(pair, []).append(ratio)
    ratios = {name: statistics.fmean(values) for name, values in found.items()}
    if system.has_neutral or not ratios:
        return ratios
    common = statistics.median(ratios.values())
    if any(abs(each / common - 1.0) > RATIO_TOLERANCE for each in ratios.values()):
        return None
    return {"": common}


def _ct_fittings(pictures: Sequence[Picture], system: SystemType) -> Iterator[_Fitting]:
    phases = system.phases
    for order in itertools.permutations(phases):
        moved = {t: lead for t, lead in zip(phases, order, strict=True) if t != lead}
        for signs in itertools.product((1, -1, 0), repeat=len(phases)):
            by_phase = dict(zip(phases, signs, strict=True))
            if any(by_phase[name] == 0 for name in moved):
                continue
            leads = {name: lead if by_phase[name] else "" for name, lead in zip(phases, order, strict=True)}
            ratios = _ct_ratios(pictures, leads)
            if ratios is None:
                continue
            faults = [*_cycles(moved, FaultKind.CT_EXCHANGED, FaultKind.CT_ROTATED)]
            faults += [WiringFault(FaultKind.CT_REVERSED, name) for name in phases if by_phase[name] < 0]
            faults += [WiringFault(FaultKind.CT_MISSING, name) for name in phases if not by_phase[name]]
            yield from (
                _Fitting(leads, (*faults, *wrong), by_phase) for wrong in _ratio_faults(ratios, FaultKind.CT_RATIO)
            )


def _ct_ratios(pictures: Sequence[Picture], leads: Mapping[str, str]) -> dict[str, float] | None:
    found: dict[str, list[float]] = {}
    for picture in pictures:
        largest = max(map(abs, picture.currents))
        for name, lead in leads.items():
            expected = abs(picture.currents[PHASE_NAMES.index(lead)]) if lead else 0.0
            ratio = _ratio(picture.read.get(_FIRST_I + PHASE_NAMES.index(name), math.nan), expected, largest)
            if ratio is None:
                return None
            if not math.isnan(ratio):
                found.setdefault(name, []).append(ratio)
    return {name: statistics.fmean(values) for name, values in found.items()}


def _ratio(read: float, expected: float, largest: float) -> float | None:
    """Read over expected; NaN where that says nothing, None where one of them is nothing and the other is not."""
    if math.isnan(read):
        return math.nan
    if expected <= _NOTHING * largest:
        return math.nan if abs(read) <= 2.0 * _NOTHING * largest else None
    # What reads as nothing is a lead that is off, no ratio.
    return read / expected if read > _NOTHING * expected / 10.0 else None


def _ratio_faults(ratios: Mapping[str, float], kind: FaultKind) -> Iterable[tuple[WiringFault, ...]]:
    """Explain ratios that are off by as few faults as possible: one factor for all, or inputs with their own."""
    commons = [1.0, *(each for each in ratios.values() if abs(each - 1.0) > RATIO_TOLERANCE)]
    found: dict[int, list[tuple[WiringFault, ...]]] = {}
    for common in commons:
        own = {name: each for name, each in ratios.items() if abs(each / common - 1.0) > RATIO_TOLERANCE}
        faults = [WiringFault(kind, "" if len(ratios) > 1 else next(iter(ratios)), common)] if common != 1.0 else []
        faults += [WiringFault(kind, name, each) for name, each in own.items()]
        if all(existing != tuple(faults) for existing in found.get(len(faults), [])):
            found.setdefault(len(faults), []).append(tuple(faults))
    return found[min(found)][:1]


def _powers_fit(picture: Picture, voltage: _Fitting, ct: _Fitting, system: SystemType) -> bool:
    """Whether each phase's power has the sign and angle that these leads give it."""
    potentials = _potentials(picture, system, voltage.order)
    powers = {}
    for name in system.phases:
        lead = ct.order[name]
        current = ct.signs[name] * picture.currents[PHASE_NAMES.index(lead)] if lead else 0j
        powers[name] = _element(potentials, name, system) * current.conjugate()
    largest = max(map(abs, picture.voltages)) * max(map(abs, picture.currents))
    read = {
        name: complex(
            picture.read.get(_FIRST_P + PHASE_NAMES.index(name), math.nan),
            picture.read.get(_FIRST_Q + PHASE_NAMES.index(name), math.nan),
        )
        * 1000.0
        for name in system.phases
    }
    known = [name for name in system.phases if not cmath.isnan(read[name])]
    if known:
        return all(_power_fits(read[name], powers[name], largest) for name in known)
    read_total = complex(picture.read.get(_TOTAL_P, math.nan), picture.read.get(_TOTAL_Q, math.nan)) * 1000.0
    if cmath.isnan(read_total):
        return True
    return _total_fits(read_total, sum(powers.values()), sum(map(abs, powers.values())), largest)


def _total_fits(read: complex, expected: complex, added: float, largest: float) -> bool:
    """Compare totals, of a meter that has no powers by phase: ``added`` is the sum of the magnitudes."""
    if abs(expected) > 0.9 * added:
        return _power_fits(read, expected, largest)
    return abs(read - expected) <= 2.0 * RATIO_TOLERANCE * added


def _power_fits(read: complex, expected: complex, largest: float) -> bool:
    if abs(expected) <= _NOTHING * largest:
        return True  # magnitudes have been compared
    if abs(read) <= _NOTHING * abs(expected) / 10.0:
        return False
    return abs(math.degrees(cmath.phase(read / expected))) <= ANGLE_TOLERANCE_DEG


def _potentials(picture: Picture, system: SystemType, leads: Mapping[str, str]) -> dict[str, complex]:
    """Volts of each terminal; one whose lead is off has that of the neutral, or of the star point of the others."""
    source = dict(zip("ABCN", (*picture.voltages, 0j), strict=True))
    found = {terminal: source[lead] for terminal, lead in leads.items() if lead}
    floating = found["N"] if system.has_neutral else sum(found.values()) / max(1, len(found))
    return {terminal: found.get(terminal, floating) for terminal in leads}


def _element(potentials: Mapping[str, complex], name: str, system: SystemType) -> complex:
    if system.number == 11:
        return potentials["A"] - potentials["B"]
    if system.number == 31:
        return potentials[name] - sum(potentials.values()) / 3.0
    return potentials[name] - potentials["N"]


def _cycles(moved: Mapping[str, str], exchanged: FaultKind, rotated: FaultKind) -> Iterator[WiringFault]:
    """Take an order apart into exchanges of two and rotations of more."""
    left = dict(moved)
    while left:
        first = next(iter(left))
        names, at = [first], left.pop(first)
        while at != first:
            names.append(at)
            at = left.pop(at)
        yield WiringFault(exchanged if len(names) == 2 else rotated, "".join(names))


def _together(voltage: Sequence[WiringFault], ct: Sequence[WiringFault]) -> tuple[WiringFault, ...]:
    """Put both together; phases that moved alike with both their leads are one mistake."""
    found = list(voltage) + list(ct)
    for of_voltage, of_ct, both in (
        (FaultKind.VOLTAGE_EXCHANGED, FaultKind.CT_EXCHANGED, FaultKind.PHASES_EXCHANGED),
        (FaultKind.VOLTAGE_ROTATED, FaultKind.CT_ROTATED, FaultKind.PHASES_ROTATED),
    ):
        for one in voltage:
            twin = WiringFault(of_ct, one.where)
            if one.kind is of_voltage and twin in found:
                found.remove(one)
                found[found.index(twin)] = WiringFault(both, one.where)
    return tuple(found)


def _subsets(names: str) -> Iterator[tuple[str, ...]]:
    for count in range(len(names) + 1):
        yield from itertools.combinations(names, count)
