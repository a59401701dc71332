"""Production limits: the class limits at an unbalanced point, each less an allowance for drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rig.load_point import FULL, PHASE_NAMES, LoadPoint
from rig.metrology.certification_points import JudgedQuantity, judged_at
from rig.metrology.limits import LimitTable, Quantity
from rig.products.product import LimitsPart

_TOTALS = frozenset({11, 12})


def production_judged(point: LoadPoint, tables: Sequence[LimitTable], limits: LimitsPart) -> tuple[JudgedQuantity, ...]:
    """Return what is judged at a point of the sequence: voltages, currents, P and Q of each loaded phase, and totals.

    No table limits a load whose currents differ: each phase is judged by the row for a single-phase load at its own
    current, and the totals of a balanced load by the row for that. The limit is that of the row less the drift of the
    product's file; where nothing is left of it, the row is left out. The decision rule takes U off besides:
    A = L - D - U (ILAC-G8:09/2019 4.2.2 with the tolerance reduced by D).
    """
    found: dict[int, JudgedQuantity] = {}
    for name in point.phases:
        place = PHASE_NAMES.index(name)
        current = point.current_pct * point.currents_pct[place] / 100.0
        alone = replace(point, phases=name, current_pct=current, currents_pct=FULL)
        for item in judged_at(alone, tables, whole_range=True):
            if item.instance not in _TOTALS and (item.quantity is Quantity.VOLTAGE or item.phase == name):
                found.setdefault(item.instance, item)
    if point.is_balanced:
        for item in judged_at(point, tables, whole_range=True):
            found.setdefault(item.instance, item)
    reduced = (_reduced(item, limits) for item in found.values())
    return tuple(sorted((each for each in reduced if each is not None), key=lambda item: item.instance))


def _reduced(item: JudgedQuantity, limits: LimitsPart) -> JudgedQuantity | None:
    drift = {
        Quantity.ACTIVE_POWER: limits.active_power_drift_pct,
        Quantity.REACTIVE_POWER: limits.reactive_power_drift_pct,
        Quantity.VOLTAGE: limits.voltage_drift_pct,
        Quantity.CURRENT: limits.current_drift_pct,
    }.get(item.quantity)
    if drift is None or item.row.limit_pct <= drift:
        return None
    limit_pct = round(item.row.limit_pct - drift, 9)
    table = f"{item.row.table}, less {drift:g} % for drift" if drift else item.row.table
    return replace(item, row=item.row.model_copy(update={"limit_pct": limit_pct, "table": table}))
