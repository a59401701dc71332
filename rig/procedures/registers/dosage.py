"""Dosage: a fixed energy is given in portions by switching the current, and the register is compared with it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from meter_model.stimulus import Stimulus
from rig.errors import UsageRefused
from rig.events import GateChosen
from rig.metrology.certification_points import JudgedQuantity
from rig.procedures.accuracy.climate import note_climate
from rig.procedures.accuracy.energy_register import LEAST_GATE, duration, integrated_kwh, power_errors, step_under_load
from rig.procedures.accuracy.judgement import judge_energy, judge_others
from rig.procedures.accuracy.power_comparison import read_reference
from rig.procedures.accuracy.readings import EnergyMeasurement, GateMeasurement
from rig.procedures.accuracy.register_watch import RegisterMoves, RegisterWatch, Step
from rig.procedures.accuracy.sampled_gate import is_sampled
from rig.procedures.registers.conditions import nominal_kw
from rig.procedures.registers.examined import Examined
from rig.records.data import ResultRecord
from rig.safety.conditions import unmet
from rig.safety.errors import NotSettled, ReferenceInvalid

PROCEDURE = "dosage"

PORTIONS = 6
"""The dose is given in so many portions: what a meter loses at each beginning of a load counts as often."""

PORTION_S = 10.0
"""Seconds that a portion takes at least: a switching that costs a tenth of a percent of a gate costs six times that."""

_ACTIVE = (2, 3)


def dosage(at: Examined, item: JudgedQuantity) -> tuple[ResultRecord, ...]:
    """Give the meter a fixed energy at the point of ``at``, and judge the register of ``item`` (AI2, AI3) by its row.

    The dose is the next of 1, 2 and 5 times a power of ten (kWh) in which the register's step is small against the
    limit, and each portion takes ten seconds. The analyzer integrates from before the first portion until after the
    last one, so that both sides see the same switching. Raises UsageRefused where the analyzer has no integrator for
    this meter, RigError where the bench fails.
    """
    if item.instance not in _ACTIVE or is_sampled(at.bench, at.configuration):
        raise UsageRefused(
            "a dose is compared with the energy that the analyzer integrates: choose AI2 or AI3, and a bench whose "
            "analyzer integrates what the meter counts"
        )
    measured = _measured(at, item)
    judged = judge_energy(measured, item, at.bench.accuracy, at.rule, PROCEDURE)
    return (judged, *judge_others(measured, at.rule))


@dataclass(frozen=True, slots=True)
class _Dose:
    energy_kwh: float
    portion_s: float
    needed_s: float
    is_too_long: bool


def _measured(at: Examined, item: JudgedQuantity) -> EnergyMeasurement:
    supervisor = at.bench.supervisor
    assert supervisor is not None
    stated = at.position.meter_type.register_step_kwh
    watch = RegisterWatch(at.position.meter, item.instance, at.bench.clock, at.record, stated)
    supervisor.apply(at.point)
    reference: Stimulus | None = None
    try:
        supervisor.settle()
        first = read_reference(at.bench, at.record)
        reference = first.stimulus
        conditions = supervisor.deviations_from_nominal(reference, at.limits)
        climate = note_climate(at.bench, at.record, at.limits)
        step = step_under_load(at.bench, at.point, watch)
        repeats = power_errors(at.bench, at.position, at.point, at.configuration, at.record)
        dose = _dose(at, step, item.row.limit_pct)
        _say(at, watch, step, dose)
        gate = _given(at, watch, dose)
    except (NotSettled, ReferenceInvalid, RegisterMoves) as error:
        at.record.finish("INVALID", reason=str(error))
        ranges = supervisor.analyzer_ranges
        return EnergyMeasurement(at.point, item.instance, (), ranges, None, str(error), record=at.record)
    found = (*conditions, *climate.conditions)
    invalid = climate.invalid or unmet(found) or watch.was_reset
    at.finish(found, invalid)
    return EnergyMeasurement(
        at.point,
        item.instance,
        (gate,),
        supervisor.analyzer_ranges,
        reference,
        invalid,
        power_errors_pct=repeats,
        fell=watch.fell,
        faults=(*watch.net_faults(), *watch.other_way(abs(gate.reference_kwh), item.row.limit_pct)),
        needed_s=dose.needed_s,
        has_distortion=first.has_distortion,
        record=at.record,
    )


def _dose(at: Examined, step: Step, limit_pct: float) -> _Dose:
    """Return how much is given, as what portions; a dose that takes too long is given as short portions."""
    power_kw = nominal_kw(at, at.point)
    shortest_kwh = power_kw * PORTIONS * PORTION_S / 3600.0
    wanted_kwh = max(shortest_kwh, step.needed_energy(limit_pct))
    needed_s = 3600.0 * wanted_kwh / power_kw
    is_too_long = not needed_s * (LEAST_GATE if step.is_seen else 1.0) <= at.longest_s
    energy_kwh = _next_round(shortest_kwh if is_too_long else min(wanted_kwh, power_kw * at.longest_s / 3600.0))
    return _Dose(energy_kwh, 3600.0 * energy_kwh / power_kw / PORTIONS, needed_s, is_too_long)


def _next_round(value: float) -> float:
    """Return the next of 1, 2 and 5 times a power of ten that is not below ``value``."""
    scale = 10.0 ** math.floor(math.log10(value))
    return next(each * scale for each in (1.0, 2.0, 5.0, 10.0) if each * scale >= value * (1.0 - 1e-9))


def _given(at: Examined, watch: RegisterWatch, dose: _Dose) -> GateMeasurement:
    bench, idle = at.bench, replace(at.point, current_pct=0.0)
    assert bench.supervisor is not None
    assert bench.analyzer is not None
    bench.supervisor.apply(idle)
    before = watch.still()
    bench.analyzer.start_integration()
    for _ in range(PORTIONS):
        bench.supervisor.apply(at.point)
        bench.clock.sleep(dose.portion_s)
        bench.supervisor.apply(idle)
    integrated = bench.analyzer.stop_integration()
    at.record.reference_reading(integrated, at.now_s())
    after = watch.still()
    factor = 1.0 if bench.wiring is None else bench.wiring.energy_factor(at.point)
    return GateMeasurement(
        registered_kwh=after - before,
        reference_kwh=integrated_kwh(integrated, at.point, at.configuration) * factor,
        resolution_kwh=watch.step().size,
        elapsed_s=integrated.elapsed_s,
        started_kwh=before,
    )


def _say(at: Examined, watch: RegisterWatch, step: Step, dose: _Dose) -> None:
    more = f"; it would take {duration(dose.needed_s)}" if dose.is_too_long else ""
    at.bench.events.publish(
        GateChosen(
            at.point,
            watch.instance,
            watch.readings[-1],
            step.size,
            step.origin,
            dose.needed_s,
            f"a dose of {duration(dose.needed_s)} is long enough for it",
            f"{dose.energy_kwh:g} kWh in {PORTIONS} portions of {duration(dose.portion_s)}{more}",
        )
    )
