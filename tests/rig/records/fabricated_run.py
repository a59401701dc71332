"""A run that never happened: 90 load points with many quantities each, as real-looking as a certification.

Run ``python -m tests.rig.records.fabricated_run FOLDER`` to have one, with its report and plots, to look at.
"""

import datetime as dt
import math
import random
import sys
from pathlib import Path

from rig.load_point import LoadPoint
from rig.records.data import (
    BudgetComponent,
    FindingRecord,
    InstrumentRecord,
    LimitProvenance,
    ResultRecord,
    RunHeader,
    RunRecord,
    UnitRecord,
)
from rig.records.store import RunStore

RULE = "ILAC-G8 non-binary, guard band w = U"
CLASS_02S = LimitProvenance(
    standard="IEC 62053-22 class 0.2S", edition="2003", table="Table 4, balanced loads", provenance="K-H"
)
CLASS_02S_SINGLE = LimitProvenance(
    standard="IEC 62053-22 class 0.2S", edition="2003", table="Table 5, single-phase load", provenance="K-H"
)
CLASS_2 = LimitProvenance(standard="IEC 62053-23 class 2", edition="2003", table="Table 5", provenance="K-H")
MANUAL = LimitProvenance(
    standard="S4100 manual, accuracy", edition="ZL0109", table="p. 8", provenance="MANUAL", checked_by="J. Ohm"
)
PHASES = (("A", 55, 70, 73), ("B", 56, 71, 74), ("C", 57, 72, 75))


def load_points() -> list[LoadPoint]:
    """90 points: both directions at PF 1, the class's power factors, sin φ, each phase alone."""
    angles = {
        0.0: (1, 2, 5, 10, 20, 50, 100, 120),
        180.0: (1, 5, 20, 100, 120),
        -60.0: (2, 5, 10, 20, 50, 100, 120),
        math.degrees(math.acos(0.8)): (2, 5, 10, 20, 50, 100, 120),
        -90.0: (2, 5, 10, 20, 50, 100, 120),
        90.0: (2, 5, 20, 100, 120),
        -30.0: (5, 10, 20, 100, 120),
        30.0: (5, 20, 100, 120),
        -math.degrees(math.asin(0.25)): (10, 20, 50, 100, 120),
        math.degrees(math.asin(0.25)): (10, 20, 100, 120),
    }
    points = [LoadPoint(277.0, pct, angle) for angle, currents in angles.items() for pct in currents]
    for phase in "ABC":
        points += [LoadPoint(277.0, pct, 0.0, phase) for pct in (5, 10, 20, 50, 100, 120)]
        points += [LoadPoint(277.0, pct, -60.0, phase) for pct in (10, 20, 100, 120)]
        points.append(LoadPoint(277.0, 100, -90.0, phase))
    return points


def fabricate(
    store: RunStore,
    *,
    phase_b_gain_pct: float = 0.0,
    coarse: bool = False,
    simulated: bool = True,
    crashed: bool = False,
    hostile: str = "",
    seed: int = 1,
    points: int | None = None,
) -> RunRecord:
    """Write a run into ``store`` and read it back; ``hostile`` text goes wherever text goes."""
    chance = random.Random(seed)
    run = store.begin_run(
        RunHeader(
            kind="certify",
            bench_name="emulated" + hostile,
            bench_file_sha256="6f1c" * 16,
            software_version="0.1.0",
            git_sha="471d69d0c5",
            operator="A. Volta" + hostile,
            station="bench 2",
            decision_rule=RULE,
            simulated=simulated,
            environment={"ambient_temperature_c": 23.1, "relative_humidity_pct": 44.0},
        )
    )
    unit = UnitRecord(
        serial_number="4100-000123" + hostile,
        device_instance=1234567,
        model="Series 4100 BACnet",
        firmware="2.013" + hostile,
        application="1.04",
    )
    run.unit(unit)
    run.instrument(
        InstrumentRecord(
            role="reference analyzer",
            identity="YOKOGAWA,WT3000" + hostile,
            serial_number="91M123456",
            calibration_certificate="C-2026-0815",
            calibration_date=dt.date(2026, 3, 2),
            calibration_due=dt.date(2027, 3, 2),
        )
    )
    run.instrument(InstrumentRecord(role="source", identity="FLUKE,6105A", serial_number="654321"))
    run.configuration_before({1: 0.0, 2: 40.0, 3: 100.0, 4: 1.0, 5: 1.0, 6: 480.0, 7: 1.0, 8: 10.0})
    run.registers_before({1: 1234.5, 2: 3.25, 3: math.nan})
    run.finding(
        FindingRecord(name="device object model name", expected="S4100", found="S4100" + hostile, outcome="PASS")
    )
    run.event("bench", "bench opened" + hostile, data={"ports": ["/dev/pts/4"]})
    chosen = load_points()[:points]
    for number, load_point in enumerate(chosen):
        _measure(run, load_point, chance, phase_b_gain_pct, coarse, hostile, number)
    run.event("bus", "one read answered after a Reply Postponed", severity="warning", data={"delay_ms": 251.0})
    run.configuration_after({1: 0.0, 2: 40.0, 3: 100.0, 4: 1.0, 5: 1.0, 6: 480.0, 7: 1.0, 8: 12.0})
    if not crashed:
        outcomes = {result.outcome for point in store.run(run.run_id).points for result in point.results}
        failed = "FAIL" in outcomes
        run.finish("FAIL" if failed else "PASS", 1 if failed else 0)
    return store.run(run.run_id)


def _measure(run, load_point, chance, gain_pct, coarse, hostile, number):
    point = run.begin_point(load_point)
    for repeat in range(5):
        t0 = number * 3.0 + repeat
        point.reference_reading({"elements": [{"u_v": 277.0, "i": load_point.current_pct / 100}] * 3}, monotonic_s=t0)
        values = {ai: chance.gauss(10.0, 0.01) for ai in (*range(11, 19), *range(55, 76))}
        values[15] = math.nan
        point.meter_reading(values, requested_monotonic_s=t0 + 0.1, answered_monotonic_s=t0 + 0.16, torn=repeat == 3)
    point.results(_results(load_point, chance, gain_pct, coarse, hostile))
    point.finish(deviation={"voltage_pct": 0.004, "current_pct": -0.01, "frequency_hz": 0.001})


def _results(load_point, chance, gain_pct, coarse, hostile):
    """Judged totals, phases, volts and amperes; apparent power and power factor without a limit."""
    pct, share = load_point.current_pct, len(load_point.phases)
    gain_of_total = gain_pct * ("B" in load_point.phases) / share
    u = 0.12 if coarse else 0.03
    amps, volts = pct, load_point.voltage_v
    s = volts * amps * share / 1000
    active, reactive = s * load_point.power_factor, s * load_point.sin_phi
    total = "ABC" if load_point.is_balanced else load_point.phases
    rows = []
    if abs(load_point.power_factor) > 0.4:
        limit, where = _limit_02s(load_point)
        rows.append((11, "active power", total, active, "kW", gain_of_total, limit, where, u))
        rows.append((13, "apparent power", total, s, "kVA", gain_of_total, None, None, u))
        rows.append((14, "power factor", total, load_point.power_factor, "", 0.0, None, None, u))
    if abs(load_point.sin_phi) > 0.2:
        limit = 2.5 if pct < 5 or abs(load_point.sin_phi) < 0.3 else 2.0
        limit = 3.0 if share == 1 else limit
        rows.append((12, "reactive power", total, reactive, "kVAR", gain_of_total, limit, CLASS_2, 2 * u))
    for phase, ai_p, ai_u, ai_i in PHASES:
        gain = gain_pct if phase == "B" else 0.0
        rows.append((ai_u, "voltage", phase, volts, "Volts", 0.0, 0.1, MANUAL, u / 2))
        if phase in load_point.phases:
            limit = 0.2 if pct < 5 else 0.1
            rows.append((ai_i, "current", phase, amps, "Amps", gain, limit if pct <= 100 else None, MANUAL, u / 2))
            rows.append((ai_p, "active power", phase, active / share, "kW", gain, None, None, u))
    return [_result(row, chance, hostile) for row in rows]


def _limit_02s(load_point):
    pct, unity = load_point.current_pct, abs(load_point.power_factor) > 0.99
    if not load_point.is_balanced:
        return (0.3 if unity else 0.4), CLASS_02S_SINGLE
    if unity:
        return (0.4 if pct < 5 else 0.2), CLASS_02S
    if abs(load_point.power_factor) > 0.9 or abs(load_point.power_factor) < 0.45:
        return None, None
    return (0.5 if pct < 10 else 0.3), CLASS_02S


def _result(row, chance, hostile):
    instance, quantity, phase, expected, unit, bias, limit, where, u = row
    error = bias + chance.gauss(0.0, 0.012)
    if abs(expected) < 1e-9:
        expected = 0.0
    outcome, reason = "NOT_JUDGED", "no limit row for this quantity and load point"
    if limit is not None:
        outcome, reason = _judge(error, limit, u), ""
    return ResultRecord(
        procedure="power_comparison",
        instance=instance,
        quantity=quantity + hostile,
        phase=phase,
        read_value=expected * (1 + error / 100),
        expected_value=expected,
        unit=unit,
        error_pct=error,
        expanded_uncertainty_pct=u,
        k=2.03,
        nu_eff=96.7,
        n=5,
        limit_pct=limit,
        guard_band_pct=None if limit is None else u,
        limit=where if limit is not None else None,
        decision_rule=RULE,
        outcome=outcome,
        conformance_probability=None if limit is None else max(0.0, min(1.0, 0.5 + (limit - abs(error)) / u / 2)),
        reason=reason + hostile,
        components=(
            BudgetComponent(name="repeatability", kind="A", standard_uncertainty_pct=u / 4, degrees_of_freedom=4.0),
            BudgetComponent(name="reference analyzer", distribution="normal", standard_uncertainty_pct=u / 2.4),
        ),
    )


def _judge(error, limit, u):
    if u > limit / 3:
        return "INCONCLUSIVE"
    for outcome, bound in (("PASS", limit - u), ("COND_PASS", limit), ("COND_FAIL", limit + u)):
        if abs(error) <= bound:
            return outcome
    return "FAIL"


def main() -> None:
    """Write a good, a bad and a crashed run with their reports into the folder named."""
    from rig.reports.html import write_html
    from rig.reports.plots import write_plots

    folder = Path(sys.argv[1])
    with RunStore.open(folder / "records.sqlite") as store:
        for name, options in (("good", {}), ("bad", {"phase_b_gain_pct": 1.0}), ("crashed", {"crashed": True})):
            run = fabricate(store, **options)
            write_html(run, folder / f"{name}.html")
            write_plots(run, folder / name)


if __name__ == "__main__":
    main()
