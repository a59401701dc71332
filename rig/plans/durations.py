"""Bench seconds that measurements take: one place for what plans add up."""

from __future__ import annotations

from rig.load_point import LoadPoint

DATA_SET_S = 1.0
"""A reading that is begun after the call: two updates of the analyzer, 0.5 s each."""

SETTLE_S = 3.0
UPDATES_S = 5 * 1.0 + 6 * 0.5
"""Five updates of the meter, and the reference around each."""

MEASUREMENT_S = SETTLE_S + UPDATES_S

SELF_HEATING_S = 2.0 * 3600.0
"""An hour at least at the highest current (IEC 62053-22:2003, recalled), and as long without current before."""

SOAK_S = 4.0 * 3600.0
"""A chamber's change of temperature and the meter's rest after it, at most."""

START_S = 600.0
RUNNING_S = 200.0
DOSAGE_S = 150.0
DEMAND_AS_FOUND_S = 1900.0
DEMAND_S = 300.0
CLOCK_S = 620.0
"""Demand as found: two intervals of the meter's default of 15 min. Energies: at a register of up to some thousand kWh;
its step at its present value may ask for more."""

CREEP_S = 1200.0


def change_s(before: LoadPoint | None, point: LoadPoint) -> float:
    """Return the seconds until a point stands: currents are compared at the level, and at a tenth where they rise."""
    is_same = before is not None and (before.current_pct, before.phases) == (point.current_pct, point.phases)
    return DATA_SET_S if is_same else 2.0 * DATA_SET_S
