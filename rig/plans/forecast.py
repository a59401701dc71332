"""Forecast of a bench's conclusions before any I/O: U/L of each quantity from accuracy and ranges."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from drivers.analyzer import ANALYZERS
from drivers.analyzer.base import AnalyzerCapabilities
from rig.bench import BenchFile, Wiring
from rig.errors import UsageRefused
from rig.load_point import PHASE_NAMES, LoadPoint
from rig.metrology.accuracy import AccuracyNotStated, ReferenceAccuracy
from rig.metrology.certification_points import JudgedQuantity
from rig.metrology.corrections.accuracy import with_paths
from rig.metrology.decision import INCONCLUSIVE_ABOVE
from rig.metrology.limits import Quantity
from rig.metrology.reference import ElementState, ReferenceNotUsable, ReferenceUncertainty
from rig.metrology.registers import GATE_SHARE, float_step, gate_energy
from rig.metrology.sampled_energy import EDGE_SHARE, EDGES_LINE, clock_component
from rig.metrology.uncertainty import Budget, Component
from rig.plans.plan import Plan, least_sampled_gate_s
from rig.procedures.accuracy.budget_lines import BETWEEN_LINES_TYPE, reference_lines
from rig.procedures.accuracy.neglected_harmonics import Distortion, neglected_harmonics
from rig.safety.watch.comparison import range_request

REGISTER_VALUES_KWH = (1_000.0, 10_000.0, 100_000.0, 1_000_000.0, 2.0**24)
"""Register values for which a plan says how long an energy gate will be."""

_ENERGIES = (Quantity.ACTIVE_ENERGY, Quantity.REACTIVE_ENERGY)


@dataclass(frozen=True, slots=True)
class Forecast:
    """U/L of one quantity at one point, without what the meter itself adds; infinite where U cannot be known.

    ``dominant`` names the largest part of U, ``kind`` the same without its phase.
    """

    point: LoadPoint
    item: JudgedQuantity
    ratio: float
    dominant: str
    kind: str

    @property
    def is_open(self) -> bool:
        """Whether no PASS can come out there: U is more than a third of the limit. FAIL still can."""
        return self.ratio > INCONCLUSIVE_ABOVE


@dataclass(frozen=True, slots=True)
class GateForecast:
    """How long an energy gate is at ``point`` for a register that reads ``value_kwh`` in float32 steps.

    ``is_sampled``: against sampled power, where it is one gate whose edges have to be small too.
    """

    point: LoadPoint
    instance: int
    value_kwh: float
    step_kwh: float
    gate_s: float
    is_sampled: bool = False


def forecast(bench: BenchFile, plan: Plan) -> tuple[Forecast, ...]:
    """Forecast U/L of everything that ``plan`` judges on ``bench``; empty for a bench without an analyzer."""
    analyzer, wiring = bench.parts.analyzer, bench.parts.wiring
    if analyzer is None or wiring is None:
        return ()
    can = ANALYZERS[analyzer.driver].capabilities
    at_terminals = Wiring.from_part(wiring)
    accuracy = with_paths(analyzer.reference_accuracy, at_terminals.corrections)
    found = []
    for point, items in (
        *((point, plan.judged(point)) for point in plan.points),
        *((point, (item,)) for point, item in plan.energy),
    ):
        reference = reference_at(point, at_terminals, can, accuracy)
        is_sampled = plan.why_sampled is not None
        found += [_of(point, item, reference, can, is_sampled=is_sampled) for item in items]
    return tuple(found)


def gates(bench: BenchFile, plan: Plan, values_kwh: Iterable[float] = REGISTER_VALUES_KWH) -> tuple[GateForecast, ...]:
    """Forecast the gates of the plan's energy registers at several register values, or at one that is known."""
    stated = next((bench.meter_types[part.meter_type].register_step_kwh for part in bench.parts.positions), None)
    found = []
    for point, item in plan.energy:
        assert bench.parts.wiring is not None
        kw = abs(_kilowatts(point, Wiring.from_part(bench.parts.wiring)))
        for value in values_kwh:
            step = max(float_step(value), stated or 0.0)
            needed_s = 3600.0 * gate_energy(step, item.row.limit_pct) / kw
            is_sampled = plan.why_sampled is not None
            if is_sampled:
                needed_s = max(needed_s, least_sampled_gate_s(item.row.limit_pct))
            found.append(GateForecast(point, item.instance, value, step, needed_s, is_sampled))
    return tuple(found)


def refuse_what_concludes_little(bench: BenchFile, found: tuple[Forecast, ...]) -> None:
    """Raise UsageRefused where most of what would be judged cannot be concluded on this bench."""
    quantities: dict[tuple[LoadPoint, Quantity], list[bool]] = {}
    for each in found:
        quantities.setdefault((each.point, each.item.quantity), []).append(each.is_open)
    still_open = [all(parts) for parts in quantities.values()]
    if 2 * sum(still_open) <= len(still_open):
        return
    worst = max(found, key=lambda each: each.ratio if math.isfinite(each.ratio) else 0.0)
    raise UsageRefused(
        f"bench {bench.name} can conclude little: {sum(still_open)} of {len(still_open)} quantities at load points "
        f"would be INCONCLUSIVE, since U is more than a third of the limit (up to {worst.ratio:.2g} times the limit, "
        f"at {worst.point.label}: {worst.dominant}); use a more accurate analyzer, state its accuracy from its "
        "certificate, or measure anyway with --anyway ('rig plan' shows each point)"
    )


def _of(
    point: LoadPoint,
    item: JudgedQuantity,
    reference: ReferenceUncertainty | None,
    can: AnalyzerCapabilities,
    *,
    is_sampled: bool,
) -> Forecast:
    if reference is None:
        return _unknown(point, item, "no range of the analyzer holds this")
    try:
        components = [*reference_lines(reference, item, point, is_sampled=is_sampled)]
    except (AccuracyNotStated, ReferenceNotUsable) as refusal:
        return _unknown(point, item, str(refusal))
    components += neglected_harmonics(item, point, Distortion(is_told=can.measures_distortion))
    if item.quantity in _ENERGIES:
        components.append(Component.normal("register quantisation", GATE_SHARE * item.row.limit_pct))
        if is_sampled:
            components += [Component.normal(EDGES_LINE, EDGE_SHARE * item.row.limit_pct), clock_component()]
    budget = Budget(tuple(components))
    dominant = budget.dominant
    names = (dominant.name, dominant.kind) if dominant else ("nothing", "nothing")
    return Forecast(point, item, budget.expanded / item.row.limit_pct, *names)


def _unknown(point: LoadPoint, item: JudgedQuantity, why: str) -> Forecast:
    return Forecast(point, item, math.inf, why, why)


def reference_at(
    point: LoadPoint, wiring: Wiring, can: AnalyzerCapabilities, accuracy: ReferenceAccuracy
) -> ReferenceUncertainty | None:
    """Return what the reference would know at ``point``; None where no range of the analyzer holds it."""
    terminals = wiring.terminals(point)
    volts, inputs = range_request([terminals])
    ranges = can.ranges_for(volts, inputs or (wiring.ct_secondary_v,) * 3)
    if ranges is None:
        return None
    elements = {}
    for place, name in enumerate(PHASE_NAMES):
        voltage, current = terminals.voltages[place], terminals.ct_inputs[place]
        elements[name] = ElementState(
            voltage_v=voltage[0].rms if voltage else 0.0,
            voltage_range_v=ranges.voltage[place],
            current=current[0].rms if current else 0.0,
            current_range=ranges.current[place],
            angle_deg=current[0].phase_deg - voltage[0].phase_deg if current and voltage else 0.0,
        )
    return ReferenceUncertainty(accuracy, elements, frequency_hz=point.frequency_hz, power_factor=point.power_factor)


def _kilowatts(point: LoadPoint, wiring: Wiring) -> float:
    # Between two lines, which are in opposition, the current of A is multiplied with the voltages of both.
    phases = "AB" if point.system_type == BETWEEN_LINES_TYPE else point.phases
    loaded = [volts for name, volts in zip(PHASE_NAMES, point.phase_voltages_v, strict=True) if name in phases]
    return math.fsum(loaded) * wiring.ct_primary_a * point.current_pct / 100.0 * point.power_factor / 1000.0
