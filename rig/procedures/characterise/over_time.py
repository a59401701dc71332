"""C2, C4, C12, C14 and C15: what shows over time, in another system type, or when something is written."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import replace

from meter_model.behaviour.profile import BehaviourProfile
from rig.errors import LimitExceeded, UsageRefused
from rig.procedures.characterise.evidence import Evidence, Seen, compare, decided, not_asked
from rig.procedures.characterise.loads import LEAD_DEG, threshold
from rig.procedures.characterise.subject import Subject

_NEW_SUBINTERVAL, _RESET_MAXIMUM = 21211, 21212
_ENERGY_S = 30.0
_POWER_UPS = 81
_FRACTIONAL_HZ = 45.3
_UPDATES = 12
_LENGTH_S = 10.0
_POLL_S = 0.15
"""Between two reads of a value that was written."""

_NEEDS_RESET = "it would clear what the meter has accumulated or logged; allow it with --allow-reset"


def import_export(subject: Subject) -> Evidence:
    """C2: A imports, B exports half of it: both registers count, or their net."""
    key, choice = "C2", "total_import_export"
    point = replace(subject.nominal.point(60.0), currents_pct=(100.0, 50.0, 0.0), current_shift_deg=(0.0, 180.0, 0.0))
    if "B" not in point.ct_phases:
        return not_asked(key, choice, f"system type {point.system_type} has one CT")
    subject.load(point)
    before = subject.inputs((2, 3))
    subject.let_pass(_ENERGY_S)
    after = subject.inputs((2, 3))
    imported, exported = (after[instance] - before[instance] for instance in (2, 3))
    applied = f"A imports, B exports half of it, for {_ENERGY_S:g} s"
    read = f"AI2 +{imported:.4g} kWh, AI3 +{exported:.4g} kWh"
    if not imported > 0.0:
        return decided(key, choice, applied, read, {"algebraic": 1.0, "arithmetic": 1.0})
    share = min(1.0, abs(exported / imported))
    return decided(key, choice, applied, read, {"algebraic": share, "arithmetic": abs(share - 0.5)})


def rms_window(subject: Subject) -> Evidence:
    """C4: no whole number of half cycles in a second: a fixed window ripples, one of whole cycles does not."""
    key, choice = "C4", "rms_window"
    point = replace(subject.nominal.point(50.0), frequency_hz=_FRACTIONAL_HZ)
    applied = f"{_FRACTIONAL_HZ:g} Hz, {_UPDATES} updates of a voltage"
    instance = 70 if point.system_type in (10, 12, 40) else 67
    try:
        subject.load(point)
    except (LimitExceeded, UsageRefused) as refused:
        return not_asked(key, choice, str(refused))
    values = []
    for _ in range(_UPDATES):
        values.append(subject.inputs((instance,))[instance])
        subject.let_pass(1.0)
    ripple = (max(values) - min(values)) / statistics.fmean(values)
    # A fixed second has 1/(4 pi f T) of the mean square at its ends: 0.18 % of the rms value either way.
    expected = 1.0 / (4.0 * math.pi * _FRACTIONAL_HZ)
    read = f"AI{instance} varies by {100.0 * ripple:.3g} % (fixed second: up to {200.0 * expected:.3g} %)"
    # In parts of what a fixed second does: half of it is between the two.
    part = min(1.0, ripple / expected)
    return decided(key, choice, applied, read, {"cycle_sync": part, "fixed_1s": 1.0 - part})


def system_types(subject: Subject, base: BehaviourProfile) -> list[Evidence]:
    """C14: the meter set to other system types: which inputs are QNAN, and whether they say why."""
    key = "C14"
    point = subject.nominal.point(50.0, LEAD_DEG)
    set_up = subject.configuration()
    found: list[Evidence] = []
    stimulus = subject.load(point)
    if point.system_type not in (31, 40):
        why = f"the bench is wired for system type {point.system_type}, not for three lines"
        found.append(not_asked(key, "type_31_phase_values", why))
    else:
        with subject.configured({2: 31.0}):
            subject.let_pass(3.0)
            read = dict(subject.inputs((55, 56, 57, 64, 65, 66)))
            seen = [Seen(stimulus, replace(set_up, system_type=31), read)]
        text = "the meter set to system type 31 (AV2)"
        found.append(compare(key, "type_31_phase_values", text, seen, base, tuple(read)))
    with subject.configured({2: 10.0}):
        subject.let_pass(3.0)
        read = dict(subject.inputs((32, 33, 71)))
        reliability = int(subject.read("AI", 71, "reliability"))
    text = "the meter set to system type 10 (AV2)"
    is_missing = math.isnan(read[32]) and math.isnan(read[33])
    shown = ", ".join(
        f"AI{number} {'QNAN' if math.isnan(read[number]) else f'{read[number]:g}'}" for number in (32, 33)
    )
    found.append(
        decided(key, "unused_phase_energies", text, shown, {"qnan": float(not is_missing), "zero": float(is_missing)})
    )
    options = {"no_fault": float(reliability != 0), "unreliable_other": float(reliability == 0)}
    found.append(decided(key, "missing_reliability", text, f"Reliability of AI71 {reliability}", options))
    return found


def write_delay(subject: Subject) -> Evidence:
    """C15: an analog value written at several moments of the meter's cycle, and read until it is there.

    It is stored at the end of a one-second cycle, so that the delays lie between the least one and a second more.
    """
    now = subject.configuration().imbalance_pct
    delays = []
    with subject.configured({9: now}):
        for count in range(8):
            subject.let_pass(0.05 + 0.13 * count)
            delays.append(subject.write_delay_s(9, now - 1.0 if count % 2 == 0 else now))
    span = (max(0.0, max(delays) - 1.0 - _POLL_S), min(delays))
    applied = f"AV9 written {len(delays)} times; in force after {min(delays):.2f} to {max(delays):.2f} s"
    return threshold("C15", "write_delay_s", round(statistics.fmean(span), 1), span, applied, "s")


def ride_through(subject: Subject) -> Evidence:
    """C13: gaps of control power, halved until it is known within 5 % which one restarts the meter (AI81)."""
    key, choice = "C13", "ride_through_s"
    if not subject.allow_reset:
        return not_asked(key, choice, "it would clear the meter's clock; allow it with --allow-reset")
    low, high = 0.0, 0.5
    try:
        if not _restarts(subject, high)[0]:
            return not_asked(key, choice, f"a gap of {high:g} s does not restart the meter: is its power interrupted?")
        while high - low > 0.05 * high and high > 0.005:
            restarted, width_s = _restarts(subject, (low + high) / 2.0)
            low, high = (low, width_s) if restarted else (width_s, high)
    except UsageRefused as refused:
        return not_asked(key, choice, str(refused))
    applied = "gaps of control power from 500 ms on, by halves; AI81 counts restarts"
    return threshold(key, choice, round((low + high) / 2.0, 3), (low, high), applied, "s")


def _restarts(subject: Subject, gap_s: float) -> tuple[bool, float]:
    before = subject.inputs((_POWER_UPS,))[_POWER_UPS]
    width_s = subject.interrupt(gap_s)
    return subject.inputs((_POWER_UPS,))[_POWER_UPS] != before, width_s


def command_spacing(subject: Subject) -> Evidence:
    """C15: the same command twice at once: advice to the writer, or refused by the meter."""
    key, choice = "C15", "command_spacing"
    if not subject.allow_reset:
        return not_asked(key, choice, _NEEDS_RESET)
    subject.let_pass(_LENGTH_S + 1.0)
    first, again = subject.command(_RESET_MAXIMUM), subject.command(_RESET_MAXIMUM)
    read = ", ".join("accepted" if each else "refused" for each in (first, again))
    if not first:
        return decided(key, choice, "21212 twice at once", read, {"advice": 1.0, "refused": 1.0})
    options = {"advice": float(not again), "refused": float(again)}
    return decided(key, choice, "21212 twice at once", read, options)


def demand(subject: Subject) -> list[Evidence]:
    """C12: AV10 written in the middle of an interval: what rolling demand begins with, and whose direction counts."""
    key = "C12"
    names = ("rolling_start", "maximum_reactive_direction")
    if not subject.allow_reset:
        return [not_asked(key, name, _NEEDS_RESET) for name in names]
    subject.load(subject.nominal.point(100.0))
    with subject.configured({10: 3.0, 11: 100.0 * _LENGTH_S}):
        subject.let_pass(1.3 * _LENGTH_S)
        read = subject.inputs((19, 11))
    share = read[19] / read[11] if read[11] else math.nan
    text = "AV10 = 3 sub-intervals of 10 s, after the first of them"
    starts = {"mean_of_completed": abs(share - 1.0), "full_interval": abs(share - 1.0 / 3.0)}
    found = [decided(key, names[0], text, f"AI19 is {share:.3g} of AI11", _known(starts))]
    with subject.configured({10: 1.0, 11: 100.0 * _LENGTH_S}):
        subject.load(subject.nominal.point(100.0, -135.0))
        subject.let_pass(2.2 * _LENGTH_S)
        subject.command(_RESET_MAXIMUM)
        subject.let_pass(2.0)
        read = subject.inputs((20, 23, 26))
    size = abs(read[20])
    by_own = {23: size, 26: 0.0}
    by_power = {23: 0.0, 26: size}
    distances = {
        "sign_of_q": _off(read, by_own, size),
        "sign_of_p": _off(read, by_power, size),
    }
    shown = ", ".join(f"AI{number} {read[number]:.4g}" for number in (20, 23, 26))
    return [*found, decided(key, names[1], "lagging export at -135 degrees, maxima reset", shown, _known(distances))]


def _off(read: Mapping[int, float], expected: Mapping[int, float], size: float) -> float:
    return max(abs(read[number] - value) for number, value in expected.items()) / size if size else math.nan


def _known(distances: dict[str, float]) -> dict[str, float]:
    return {name: 1.0 if math.isnan(off) else min(1.0, off) for name, off in distances.items()}
