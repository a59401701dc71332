"""The end-of-line sequence of a product on a bench as data, checked against everything that can refuse it; no I/O."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from meter_model.behaviour.profile import DEFAULT
from rig.bench import BenchFile
from rig.bench.positions.masks import without_masked
from rig.bench.schema.bench import CtPart, NominalPart
from rig.bench.wiring import Wiring
from rig.errors import UsageRefused
from rig.golden.state import position_state
from rig.load_point import LoadPoint
from rig.metrology.certification_points import JudgedQuantity
from rig.metrology.limit_files import load_limit_table
from rig.metrology.limits import LimitTable
from rig.plans.end_of_line.production_limits import production_judged
from rig.procedures.end_of_line.load import Load
from rig.procedures.panel_prompts import prompts_for
from rig.products.admission import Admission, admit
from rig.products.product import Product
from rig.safety.conditions import IEC_REFERENCE
from rig.safety.limits import check

CURRENTS_PCT = (100.0, 60.0, 36.0)
"""Currents of A, B and C against each other at the unbalanced point: a factor of 1.67 tells the channels apart."""

EXPORT_DEG = 180.0
OPTIONAL_PARTS = ("alarm_contact", "pulse_input")
"""Parts of a bench without which a step is skipped, or a product that requires them is refused."""


@dataclass(frozen=True)
class ProductPlan:
    """What is done with each unit: ``bench`` as the product needs it, its load points, and the limits there.

    ``unbalanced``: import at PF 0.5, another current in each phase; a gain, a phase angle, an exchanged, reversed or
    missing channel and the CT mode each show there. ``reversed_``: balanced export at PF 1.
    """

    product: Product
    bench: BenchFile
    unbalanced: LoadPoint
    reversed_: LoadPoint
    tables: tuple[LimitTable, ...]
    bench_as_it_is: BenchFile
    """The bench without product and masks: golden units prove its wires for every product."""

    @property
    def switch_position(self) -> str:
        """The position to whose terminals the switch unit is wired: the first one of the bench file."""
        return next((position.name for position in self.bench_as_it_is.parts.positions), "")

    def load(self, point: LoadPoint) -> Load:
        """Return one of its points with what is judged there, and the conditions of the first table that states any."""
        stated = next((t.reference_conditions for t in self.tables if t.reference_conditions is not None), None)
        return Load(point, self.judged[point], stated or IEC_REFERENCE)

    def is_golden(self, serial_number: str) -> bool:
        """Whether the bench file names a unit as golden."""
        golden = self.bench_as_it_is.parts.golden
        return golden is not None and serial_number in golden.units

    @property
    def points(self) -> tuple[LoadPoint, ...]:
        """Its load points in the order in which they are measured."""
        return (self.unbalanced, self.reversed_)

    @cached_property
    def judged(self) -> dict[LoadPoint, tuple[JudgedQuantity, ...]]:
        """What is judged at each point, by production limits."""
        return {point: production_judged(point, self.tables, self.product.limits) for point in self.points}

    @property
    def highest_voltage_v(self) -> float:
        """Highest volts line to neutral of any point."""
        return max(max(point.phase_voltages_v) for point in self.points)


def product_plan(bench: BenchFile, product: Product, masked: Collection[str] = ()) -> ProductPlan:
    """Plan the sequence of ``product`` on ``bench`` without its masked positions and those of ``masked``.

    Raises UsageRefused or LimitExceeded where bench and product do not fit, BenchFileError for a table that cannot be
    read, AccuracyNotStated where the analyzer's accuracy says nothing of a point.
    """
    fitted = _fitted(without_masked(bench, masked), product)
    nominal = fitted.parts.nominal
    assert nominal is not None
    together = nominal.point(product.load.current_pct, -product.load.angle_deg)
    has_ct = [name in together.ct_phases for name in "ABC"]
    a, b, c = (pct if has else 100.0 for pct, has in zip(CURRENTS_PCT, has_ct, strict=True))
    plan = ProductPlan(
        product=product,
        bench=fitted,
        unbalanced=replace(together, currents_pct=(a, b, c)),
        reversed_=nominal.point(product.load.current_pct, EXPORT_DEG),
        tables=tuple(load_limit_table(name) for name in product.limits.tables),
        bench_as_it_is=bench,
    )
    _check(plan)
    return plan


def admit_units(plan: ProductPlan, texts: Sequence[str], masked: Sequence[str] = ()) -> Admission:
    """Admit the units that were scanned to the positions of a plan; see ``rig.products.admission.admit``.

    Raises UsageRefused also for a position that is locked until a golden unit passes there, and has no golden unit.
    """
    names = [position.name for position in plan.bench.parts.positions]
    admission = admit(texts, plan.product, names, masked)
    for name in names:
        locked = position_state(plan.bench_as_it_is, name).locked_why
        if locked and not plan.is_golden(admission.scanned[name]):
            raise UsageRefused(locked, f"or leave the position out (--mask {name})")
    return admission


def missing_parts(bench: BenchFile, product: Product) -> dict[str, str]:
    """Say of each optional part that the bench lacks why it is not asked; raises UsageRefused where it is required."""
    prompts_for(product, DEFAULT)  # refuses steps of the panel that there are not
    missing = {name: f"bench {bench.name} has no {name}" for name in OPTIONAL_PARTS if name not in bench.capabilities}
    required = [name for name in product.required if name in missing]
    if required:
        raise UsageRefused(
            f"product {product.name} requires {' and '.join(required)}, which bench {bench.name} has not",
            "wire it to the switch unit, or use another bench",
        )
    return missing


def _fitted(bench: BenchFile, product: Product) -> BenchFile:
    """Return the bench with the nominal system and the simulated CT of the product."""
    parts = bench.parts
    if parts.nominal is None or parts.wiring is None or parts.source is None or parts.analyzer is None:
        missing = [name for name in ("source", "analyzer", "meter") if name not in bench.capabilities]
        raise UsageRefused(f"bench {bench.name} has no {' and no '.join(missing)}; the end of line needs them")
    others = sorted({each.meter_type for each in parts.positions} - {product.meter_type})
    if others:
        raise UsageRefused(
            f"bench {bench.name} is for meter type {others[0]}, and product {product.name} is a {product.meter_type}"
        )
    configuration = product.configuration
    ct = CtPart(primary_a=configuration.ct_primary_a, secondary_v=1.0 / configuration.ct_secondary)
    wiring = parts.wiring
    if wiring.current_loop is not None and (ct.primary_a, ct.secondary_v) != (
        wiring.ct.primary_a,
        wiring.ct.secondary_v,
    ):
        raise UsageRefused(
            f"product {product.name} has CTs of {ct.primary_a:g} A and {ct.secondary_v:.3g} V, and bench {bench.name} "
            f"has real ones of {wiring.ct.primary_a:g} A and {wiring.ct.secondary_v:.3g} V",
        )
    if configuration.pt_ratio != wiring.pt_ratio:
        raise UsageRefused(
            f"product {product.name} has a PT ratio of {configuration.pt_ratio:g}, and bench {bench.name} stands for "
            f"{wiring.pt_ratio:g}"
        )
    nominal = NominalPart(
        voltage_v=product.load.voltage_v,
        frequency_hz=product.load.frequency_hz,
        system_type=configuration.system_type,
        system_voltage_v=configuration.system_voltage_v,
        rating=product.load.rating,
    )
    return bench.for_system(nominal, ct)


def _check(plan: ProductPlan) -> None:
    parts = plan.bench.parts
    assert parts.wiring is not None
    assert parts.analyzer is not None
    assert parts.nominal is not None
    meter_type = plan.bench.meter_types[parts.positions[0].meter_type]
    if parts.nominal.rating not in meter_type.ratings:
        known = ", ".join(meter_type.ratings)
        raise UsageRefused(f"meter type {meter_type.name} has no rating {parts.nominal.rating!r}; it has {known}")
    for point, items in plan.judged.items():
        for item in items:
            parts.analyzer.reference_accuracy.require(item.quantity, item.phase, point.frequency_hz, point.power_factor)
    check(
        plan.points,
        rating=meter_type.ratings[parts.nominal.rating],
        path=Wiring.from_part(parts.wiring),
        source=plan.bench.source_capabilities,
        envelope="accuracy",
        ramp_s=parts.source.ramp_s if parts.source else None,
    )
