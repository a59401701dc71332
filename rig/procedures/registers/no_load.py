"""No-load test: voltage applied, current circuits open, no register may advance by more than the standard permits."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from meter_model.objects.points import point as object_point
from rig.errors import LimitExceeded, UsageRefused
from rig.events import GateChosen
from rig.metrology.register_tests.creep import Permitted, power_shown, without_current
from rig.metrology.registers import float_step
from rig.procedures.accuracy.climate import note_climate
from rig.procedures.accuracy.energy_register import duration, step_under_load
from rig.procedures.accuracy.register_watch import METER_UPDATE_S, RegisterWatch, Step
from rig.procedures.registers.conditions import OPEN_CURRENT, no_current, nominal_kw, of_voltages, unseen_pct, worst_of
from rig.procedures.registers.examined import Examined, Judged, mean_of, result_of, too_long
from rig.records.data import LimitProvenance, ResultRecord
from rig.safety.conditions import Deviation, unmet
from rig.safety.errors import NotSettled, ReferenceInvalid

PROCEDURE = "no_load"

_IMPORT, _EXPORT = 2, 3
_ENERGIES = (*range(1, 11), *range(31, 55))
_NETS = frozenset({1, 8})
_ONE_WAY = frozenset(_ENERGIES) - _NETS
_POWERS = {"active_energy": (11, "active_power"), "reactive_energy": (12, "reactive_power")}
_SHOWN = (11, 12)
_TOTALS = {"active_energy": (2, 3), "reactive_energy": (4, 5, 6, 7)}
_RESETS = 78
_BY_UNIT = {"kWh": "active_energy", "kVARh": "reactive_energy", "kVAh": "apparent_energy"}
_LOOKS = 10
"""Meter and reference are read so often in the test, at its beginning apart."""

_QUIET_UPDATES = 5
"""Updates after the current went off before the registers count: what was measured before has arrived by then."""

_COARSE = 8.0
"""A step of so many float32 steps is the firmware's own, and that of its other registers of the same unit."""

_SMALL_PCT = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Currents in percent of In of which the smallest that the source can give chooses the analyzer's range."""

_PART_OF_PERMITTED = 0.5
"""Part of the permitted power that the current which is left may make, at power factor 1."""


@dataclass(frozen=True, slots=True)
class NoLoadLimit:
    """What one standard permits: ``quantity`` (active_energy, reactive_energy), how much, and where that is stated."""

    quantity: str
    permitted: Permitted
    provenance: LimitProvenance | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was read in the test, and how far the conditions were from those of the point.

    ``unseen_w``: power at power factor 1 of a current that the analyzer may show as none; ``shown_w``: of the largest
    current that it did show at an open input.
    """

    first: Mapping[int, float]
    last: Mapping[int, float]
    lowest: Mapping[int, float]
    elapsed_s: float
    powers_kw: tuple[Mapping[int, float], ...]
    conditions: tuple[Deviation, ...]
    unseen_w: float = 0.0
    shown_w: float = 0.0

    def advanced(self, instance: int) -> float:
        return self.last[instance] - self.first[instance]


def no_load(at: Examined, limits: Sequence[NoLoadLimit]) -> tuple[ResultRecord, ...]:
    """Test at the point of ``at`` (its voltages, no current) and judge by ``limits``, which are not none.

    Each import and export register of a limited quantity is a result: its advance in percent of the permitted energy,
    limit 100 %. AI11 (AI12) is one too, against the permitted mean power. Any other register that counted more than its
    own quantity's limit follows as FAIL; one without a limit that moved is NOT_JUDGED. The step of a register is looked
    at under load first, since one that stands still does not show it. A test that would be longer than
    ``at.longest_s`` is run short: it can prove creep, and otherwise is INCONCLUSIVE with the hours that are needed.

    Other conditions than those of the point make it INVALID: a current that is left, above all. Raises RigError where
    the bench fails.
    """
    assert at.bench.supervisor is not None
    try:
        steps = _steps(at)
        needed_s = max(limit.permitted.needed_s(_coarsest(steps, limit.quantity).size) for limit in limits)
        least_s = max(limit.permitted.least_s for limit in limits)
        length_s = math.ceil(needed_s if needed_s <= at.longest_s else least_s)
        _say(at, steps, needed_s, length_s)
        _open_currents(at)
        climate = note_climate(at.bench, at.record, at.limits)
        seen = _watched(at, length_s, limits)
    except (NotSettled, ReferenceInvalid) as error:
        at.record.finish("INVALID", reason=str(error))
        nothing = dict.fromkeys((*_ENERGIES, *_SHOWN), math.nan)
        seen = _Seen(nothing, nothing, nothing, 0.0, (), ())
        return _results(at, limits, seen, {}, 0.0, str(error))
    conditions = worst_of((*climate.conditions, *seen.conditions))
    was_reset = seen.first[_RESETS] != seen.last[_RESETS]
    reset = "the meter's energy registers were reset during the measurement (AI78 counted)" if was_reset else ""
    invalid = climate.invalid or unmet(conditions) or reset
    at.finish(conditions, invalid)
    return _results(at, limits, seen, steps, needed_s, invalid)


def _steps(at: Examined) -> dict[int, Step]:
    """Return the step of each energy register: of AI2 and AI3 as seen under full load, of the others by theirs.

    A register of another quantity counts in float32 steps of its own value, or in the coarse steps that AI2 or AI3
    showed: one firmware counts all its registers alike.
    """
    assert at.bench.supervisor is not None
    found = {}
    stated = at.position.meter_type.register_step_kwh
    for instance, angle_deg in ((_IMPORT, 0.0), (_EXPORT, 180.0)):
        loaded = replace(at.point, current_pct=100.0, angle_deg=angle_deg)
        at.bench.supervisor.apply(loaded)
        watch = RegisterWatch(at.position.meter, instance, at.bench.clock, at.record, stated)
        found[instance] = (step_under_load(at.bench, loaded, watch), watch.readings[-1])
    coarse = [step.size for step, value in found.values() if step.is_seen and step.size > _COARSE * float_step(value)]
    steps = {instance: step for instance, (step, _) in found.items()}
    origin = "that of AI2 and AI3" if coarse else "float32 at its value"
    for instance, value in at.read(_existing(at)).items():
        steps.setdefault(instance, Step(max([float_step(value), *coarse]), origin, is_seen=True))
    return steps


def _existing(at: Examined) -> list[int]:
    there = at.configuration.system.existing_inputs()
    return [instance for instance in _ENERGIES if instance in there]


def _open_currents(at: Examined) -> None:
    """Apply the point; the analyzer keeps the range of a small current, in which it sees best what is left."""
    assert at.bench.supervisor is not None
    for current_pct in _SMALL_PCT:
        # Refused before anything is set where source or analyzer have no such small current.
        with contextlib.suppress(UsageRefused, LimitExceeded):
            at.bench.supervisor.apply(replace(at.point, current_pct=current_pct))
            break
    at.bench.supervisor.apply(at.point)
    at.bench.supervisor.settle()
    at.updates(_QUIET_UPDATES)


def _watched(at: Examined, length_s: float, limits: Sequence[NoLoadLimit]) -> _Seen:
    assert at.bench.analyzer is not None
    wanted = {*_existing(at), *_SHOWN, _RESETS}
    smallest_w = min(limit.permitted.power_w for limit in limits)
    full_w = 1000.0 * nominal_kw(at, replace(at.point, current_pct=100.0, angle_deg=0.0))
    permitted_pct = 100.0 * _PART_OF_PERMITTED * smallest_w / full_w
    conditions: list[Deviation] = []
    powers = []
    first = last = at.read(wanted)
    lowest = dict(first)
    began_s = at.now_s()
    for look in range(1, _LOOKS + 1):
        conditions += _conditions(at, permitted_pct)
        at.bench.clock.sleep(max(0.0, began_s + length_s * look / _LOOKS - at.now_s()))
        last = at.read(wanted)
        powers.append(last)
        for instance, value in last.items():
            if value < lowest[instance]:
                lowest[instance] = value
    elapsed_s = at.now_s() - began_s
    conditions += _conditions(at, permitted_pct)
    unseen_w = full_w * unseen_pct(at) / 100.0
    open_pct = max((abs(each.deviation) for each in conditions if each.quantity.startswith(OPEN_CURRENT)), default=0.0)
    shown_w = full_w * open_pct / 100.0
    return _Seen(first, last, lowest, elapsed_s, tuple(powers), tuple(conditions), unseen_w, shown_w)


def _conditions(at: Examined, permitted_pct: float) -> tuple[Deviation, ...]:
    assert at.bench.analyzer is not None
    assert at.bench.wiring is not None
    reading = at.bench.analyzer.read()
    at.record.reference_reading(reading, reading.monotonic_s)
    return (*of_voltages(at, reading, at.bench.wiring.stimulus(reading)), *no_current(at, reading, permitted_pct))


def _results(
    at: Examined, limits: Sequence[NoLoadLimit], seen: _Seen, steps: Mapping[int, Step], needed_s: float, invalid: str
) -> tuple[ResultRecord, ...]:
    by_quantity = {limit.quantity: limit for limit in limits}
    judged = []
    for limit in limits:
        for instance in _TOTALS[limit.quantity]:
            judged.append(result_of(_of_register(seen, instance, limit, steps, needed_s, invalid, at), at.rule))
    judged += [result_of(_of_power(seen, limit, invalid), at.rule) for limit in limits]
    if invalid:
        return tuple(judged)
    shown = {each.instance for each in judged}
    for instance in sorted(set(seen.first) - shown - _NETS - {*_SHOWN, _RESETS}):
        advance, fell = seen.advanced(instance), _fall(seen, instance)
        if not fell and not advance > 0.0:
            continue
        quantity = _quantity(instance)
        limit_of = by_quantity.get(quantity)
        if limit_of is None:
            bare = Judged(
                procedure=PROCEDURE, instance=instance, quantity=quantity, phase=_phase(instance), read=advance,
                expected=0.0, fault=fell, note="it counted without current; no limit is stated for it",
            )  # fmt: skip
            judged.append(result_of(bare, at.rule))
            continue
        one = result_of(_of_register(seen, instance, limit_of, steps, needed_s, "", at), at.rule)
        if one.outcome in ("FAIL", "COND_FAIL"):
            judged.append(one)
    return tuple(judged)


def _of_register(
    seen: _Seen,
    instance: int,
    limit: NoLoadLimit,
    steps: Mapping[int, Step],
    needed_s: float,
    invalid: str,
    at: Examined,
) -> Judged:
    permitted = limit.permitted.energy(seen.elapsed_s)
    advance = seen.advanced(instance)
    judged = Judged(
        procedure=PROCEDURE,
        instance=instance,
        quantity=limit.quantity,
        phase=_phase(instance),
        read=advance,
        expected=0.0,
        limit_pct=100.0,
        provenance=limit.provenance,
        invalid=invalid,
    )
    if invalid:
        return judged
    step = steps[instance]
    said = f"{advance:.4g} {object_point('AI', instance).unit} in {duration(seen.elapsed_s)}, {permitted:.4g} permitted"
    return replace(
        judged,
        error_pct=100.0 * advance / permitted,
        components=without_current(step.size, permitted, seen.elapsed_s, METER_UPDATE_S, advance),
        fault=_fall(seen, instance),
        unseen_pct=100.0 * seen.unseen_w / limit.permitted.power_w,
        unseen=f"{said}; {_open_leads(seen, _watts(limit.quantity))}",
        note=said,
        hint=too_long(needed_s, step.size, object_point("AI", instance).unit, at.longest_s)
        if needed_s > seen.elapsed_s + 1.0
        else "",
    )


def _of_power(seen: _Seen, limit: NoLoadLimit, invalid: str) -> Judged:
    """Judge AI11 or AI12: the power that is shown without current, against the mean power that is permitted."""
    instance, name = _POWERS[limit.quantity]
    powers = [each[instance] for each in seen.powers_kw]
    shown_w = 1000.0 * mean_of(powers)
    judged = Judged(
        procedure=PROCEDURE,
        instance=instance,
        quantity=name,
        read=shown_w / 1000.0,
        expected=0.0,
        limit_pct=100.0,
        provenance=limit.provenance,
        invalid=invalid,
        readings=len(powers),
    )
    if invalid:
        return judged
    unit = _watts(limit.quantity)
    note = f"mean of {len(powers)} readings; {limit.permitted.power_w:.4g} {unit} are permitted"
    unseen = f"{shown_w:.4g} {unit} shown, {limit.permitted.power_w:.4g} permitted"
    return replace(
        judged,
        error_pct=100.0 * shown_w / limit.permitted.power_w,
        components=power_shown([1000.0 * each for each in powers], limit.permitted.power_w, seen.shown_w),
        unseen_pct=100.0 * seen.unseen_w / limit.permitted.power_w,
        unseen=f"{unseen}; {_open_leads(seen, unit)}",
        note=note,
    )


def _watts(quantity: str) -> str:
    """Return the unit of the power of an energy: W, var."""
    return "var" if quantity == "reactive_energy" else "W"


def _open_leads(seen: _Seen, unit: str) -> str:
    return (
        f"the analyzer may show a current of up to {seen.unseen_w:.3g} {unit} as none: open the CT leads at the meter "
        "to tell creep from that"
    )


def _fall(seen: _Seen, instance: int) -> str:
    first, lowest = seen.first[instance], seen.lowest[instance]
    if instance not in _ONE_WAY or not lowest < first:
        return ""
    return f"AI{instance} fell from {first:.9g} to {lowest:.9g} without a reset; a one-way register only grows"


def _coarsest(steps: Mapping[int, Step], quantity: str) -> Step:
    return max((steps[each] for each in _TOTALS[quantity]), key=lambda step: step.size)


def _quantity(instance: int) -> str:
    return _BY_UNIT[object_point("AI", instance).unit]


def _phase(instance: int) -> str:
    return "ABC"[(instance - 31) % 3] if instance >= 31 else "ABC"


def _say(at: Examined, steps: Mapping[int, Step], needed_s: float, length_s: float) -> None:
    for instance in (_IMPORT, _EXPORT):
        step = steps[instance]
        more = "" if needed_s <= length_s else f"; it would take {duration(needed_s)}"
        at.bench.events.publish(
            GateChosen(
                at.point,
                instance,
                at.read([instance])[instance],
                step.size,
                step.origin,
                needed_s,
                f"a no-load test of {duration(needed_s)} is long enough for it",
                f"{duration(length_s)} without current{more}",
            )
        )
