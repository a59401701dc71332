"""Coverage of U on benches whose analyzer errs as its stated accuracy says, against JCGM 101 and against 94 %.

10,000 seeded trials for each cell. Errors are drawn by ``drawn_bench``, which shares nothing with ``rig.metrology``,
and are fixed within a trial. The rig's arithmetic is repeated here with arrays; that it is the rig's is shown by
putting some trials of each cell through the rig itself.
"""

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml

from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading, ElementReading
from meter_model.configuration import Configuration
from rig.bench.wiring import Wiring
from rig.load_point import LoadPoint
from rig.metrology._student import two_sided_t
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.certification_points import JudgedQuantity
from rig.metrology.decision import DecisionRule
from rig.metrology.limit_files import load_limit_table
from rig.metrology.limits import LimitRow, Quantity
from rig.metrology.uncertainty import Component, Distribution, combined_of
from rig.procedures.accuracy.judgement import judge_energy, judge_power
from rig.procedures.accuracy.readings import EnergyMeasurement, GateMeasurement, MeterSample, PointMeasurement
from tests.rig.metrology.drawn_bench import SENSOR_RANGES, U_RANGE, U_V, Point, draw, run

pytestmark = pytest.mark.untraced

TRIALS = 10_000
THROUGH_THE_RIG = 12
WIRING = Wiring(100.0, 1.0, 1.0)
BENCH = Path(__file__).parents[3] / "fixtures" / "benches" / "emulated.yaml"
AS_SHIPPED = yaml.safe_load(BENCH.read_text(encoding="utf-8"))["analyzer"]["accuracy"]
SPECIFICATION = {
    # As a maker states it: half-widths, elements that differ, an integrator of which nothing is said.
    "voltage": {"reading_pct": 0.01, "range_pct": 0.02},
    "current": {"reading_pct": 0.01, "range_pct": 0.02},
    "power": {"reading_pct": 0.01, "range_pct": 0.02},
    "phase": {"fixed_deg": 0.005},
    "between_elements": "independent",
    "drift": {"reading_pct": 0.01},
}
STATEMENTS = {"as-shipped": AS_SHIPPED, "specification": SPECIFICATION}
ROW = next(row for row in load_limit_table("iec62053-22-2003-class-0.2S").rows)

CELLS = {
    "V-A": (70, Quantity.VOLTAGE, "A", 0.0, "ABC"),
    "V-AB": (67, Quantity.VOLTAGE, "AB", 0.0, "ABC"),
    "I-B": (74, Quantity.CURRENT, "B", 0.0, "ABC"),
    "P-PF1": (11, Quantity.ACTIVE_POWER, "ABC", 0.0, "ABC"),
    "P-PF0.5": (11, Quantity.ACTIVE_POWER, "ABC", -60.0, "ABC"),
    "P-B-PF0.5": (56, Quantity.ACTIVE_POWER, "B", -60.0, "B"),
    "Q-sin1": (12, Quantity.REACTIVE_POWER, "ABC", -90.0, "ABC"),
    "Q-sin0.5": (12, Quantity.REACTIVE_POWER, "ABC", -30.0, "ABC"),
    "Wh": (2, Quantity.ACTIVE_ENERGY, "ABC", 0.0, "ABC"),
}
DECADES = (1.0, 10.0, 100.0)


def item(instance, quantity, phase):
    # A limit far above U, so that every trial is judged by its U and not refused for it.
    table = dict.fromkeys(("standard", "edition", "accuracy_class", "table", "provenance"), "")
    row = LimitRow.model_construct(**table, quantities=(quantity,), load=ROW.load, limit_pct=50.0)
    return JudgedQuantity(instance, quantity, phase, row, "")


def values(trials, quantity, phase):
    """What the reference says, [trial, reading], and what is true, [trial], of one quantity."""
    t = trials
    radians = np.radians(t.u_deg - t.i_deg)
    place = "ABC".index(phase[0])
    if quantity is Quantity.VOLTAGE and len(phase) == 2:
        phasors = t.u * np.exp(1j * np.radians(t.u_deg))
        return np.abs(phasors[..., 0] - phasors[..., 1]), t.true["ll"]
    if quantity is Quantity.VOLTAGE:
        return t.u[..., place], t.true["u"][:, place]
    if quantity is Quantity.CURRENT:
        return t.i[..., place], t.true["i"][:, place]
    seen, name = (t.p, "p") if quantity is Quantity.ACTIVE_POWER else (t.u * t.i * np.sin(radians), "q")
    if len(phase) == 1:
        return seen[..., place], t.true[name][:, place]
    return seen.sum(axis=2), t.true[name].sum(axis=1)


@cache
def k_by_dof():
    grid = np.geomspace(4.0, 1e9, 400)
    return grid, np.array([two_sided_t(0.9545, float(dof)) for dof in grid])


def errors_and_u(trials, quantity, phase, type_b):
    """Errors of the results against what is true, and U, both in percent, as arrays over the trials."""
    seen, true = values(trials, quantity, phase)
    wanted = 0.5 * (seen[:, :-1] + seen[:, 1:])
    read = true[:, None] * (1.0 + trials.meter_error[:, None] + trials.meter_noise)
    errors = 100.0 * (read / wanted - 1.0)
    count = errors.shape[1]
    type_a = errors.std(axis=1, ddof=1) / math.sqrt(count)
    middle = wanted.mean(axis=1)
    moved = 100.0 * np.abs(wanted - middle[:, None]).max(axis=1) / np.abs(middle) / math.sqrt(count) / math.sqrt(3.0)
    combined = np.sqrt(type_a**2 + type_b**2 + moved**2)
    grid, k = k_by_dof()
    dof = combined**4 / np.maximum(type_a**4 / (count - 1), 1e-300)
    return errors.mean(axis=1) - 100.0 * trials.meter_error, np.interp(dof, grid, k) * combined


def ranges(current_pct):
    i_range = next(r for r in SENSOR_RANGES if 1.05 * current_pct / 100.0 <= r)
    return AnalyzerRanges((U_RANGE,) * 3, (i_range,) * 3)


def reading(trials, trial, place):
    elements = []
    for e in range(3):
        u, i, p = (float(each[trial, place, e]) for each in (trials.u, trials.i, trials.p))
        u_deg, i_deg = float(trials.u_deg[trial, place, e]), float(trials.i_deg[trial, place, e])
        distortion = {"u_thd_pct": 0.0, "i_thd_pct": 0.0 if i else None}
        elements.append(ElementReading(u, i, p, 0.0, u * i, 60.0, u_deg, i_deg if i else None, **distortion))
    return AnalyzerReading(0.0, tuple(elements))


def through_the_rig(stated, trials, point, instance, quantity, phase, trial):
    """Put one trial through the rig: its result record."""
    _, true = values(trials, quantity, phase)
    load = LoadPoint(U_V, point.current_pct, point.angle_deg, point.phases)
    readings = [reading(trials, trial, place) for place in range(trials.u.shape[1])]
    references = tuple(WIRING.stimulus(each) for each in readings)
    off = tuple(WIRING.powers_off(*each) for each in zip(readings, references, strict=True))
    primary = 1.0 if quantity is Quantity.VOLTAGE else 100.0 if quantity is Quantity.CURRENT else 0.1
    read = true[trial] * (1.0 + trials.meter_error[trial] + trials.meter_noise[trial]) * primary
    samples = tuple(MeterSample({instance: float(value)}, 0.0, 0.0) for value in read)
    taken = PointMeasurement(load, samples, references, ranges(point.current_pct), Configuration(), powers_off=off)
    accuracy = ReferenceAccuracy.model_validate(stated)
    (result,) = judge_power(taken, [item(instance, quantity, phase)], accuracy, DecisionRule.ILAC_G8_NON_BINARY)
    return result


def of_reference(result):
    own = ("repeatability", "movement of the stimulus")
    lines = [
        Component(
            c.name,
            c.standard_uncertainty_pct,
            1.0,
            Distribution.NORMAL,
            c.sensitivity,
            source=c.source,
            correlation=c.correlation,
        )
        for c in result.components
        if c.name not in own
    ]
    return combined_of(lines)


def energy_result(stated, trials, point, trial):
    """Put one trial of an energy register through the rig: five gates of a meter that counts without steps."""
    true_kwh = 0.1 * float(trials.true["p"][trial].sum()) / 60.0
    gates = tuple(
        GateMeasurement(
            true_kwh * (1.0 + float(trials.meter_error[trial] + noise)),
            true_kwh * (1.0 + float(trials.energy_error[trial])),
            1e-9 * true_kwh,
            60.0,
        )
        for noise in trials.meter_noise[trial]
    )
    load = LoadPoint(U_V, point.current_pct, point.angle_deg)
    taken = EnergyMeasurement(load, 2, gates, ranges(point.current_pct), WIRING.stimulus(reading(trials, trial, 0)))
    accuracy = ReferenceAccuracy.model_validate(stated)
    return judge_energy(taken, item(2, Quantity.ACTIVE_ENERGY, "ABC"), accuracy, DecisionRule.ILAC_G8_NON_BINARY)


def cell(stated, name, current_pct, worse=1.0):
    """Errors and U, in percent, of all trials of a cell."""
    instance, quantity, phase, angle_deg, phases = CELLS[name]
    point = Point(current_pct, angle_deg, phases)
    trials = run(stated, point, TRIALS, seed=1_000 * list(CELLS).index(name) + int(current_pct), worse=worse)
    if quantity is Quantity.ACTIVE_ENERGY:
        found = [energy_result(stated, trials, point, trial) for trial in range(THROUGH_THE_RIG)]
        type_a = 100.0 * trials.meter_noise.std(axis=1, ddof=1) / math.sqrt(trials.meter_noise.shape[1])
        combined = np.sqrt(type_a**2 + of_reference(found[0]) ** 2)
        grid, k = k_by_dof()
        u = np.interp(combined**4 / (type_a**4 / 4.0), grid, k) * combined
        ratio = (1.0 + trials.meter_error + trials.meter_noise.mean(axis=1)) / (1.0 + trials.energy_error)
        errors = 100.0 * (ratio - 1.0) - 100.0 * trials.meter_error
    else:
        found = [
            through_the_rig(stated, trials, point, instance, quantity, phase, trial) for trial in range(THROUGH_THE_RIG)
        ]
        type_b = float(np.mean([of_reference(result) for result in found]))
        errors, u = errors_and_u(trials, quantity, phase, type_b)
    for trial, result in enumerate(found):
        assert result.error_pct - 100.0 * trials.meter_error[trial] == pytest.approx(errors[trial], abs=2e-6)
        assert result.expanded_uncertainty_pct == pytest.approx(u[trial], rel=0.02)
    return errors, u


def predicted_coverage(stated, name, current_pct, u):
    """What JCGM 101 says of ±U: distributions propagated as they are stated, to first order, numpy alone."""
    _, quantity, phase, angle_deg, _ = CELLS[name]
    rng = np.random.default_rng(99)
    n = 200_000
    i = current_pct / 100.0
    i_range = next(r for r in SENSOR_RANGES if 1.05 * i <= r)
    lag = math.radians(-angle_deg)
    elements = 3 if phase == "ABC" else 2 if len(phase) == 2 else 1
    independent = stated.get("between_elements") == "independent"

    def mean_of(row, figure):
        drawn = draw(rng, row, 1.0, (n, elements if independent else 1))
        return figure * drawn.mean(axis=1)

    def relative(row, value, of_range):
        return row.get("reading_pct", 0.0) + row.get("range_pct", 0.0) * of_range / value

    volts = relative(stated["voltage"], U_V, U_RANGE)
    amperes = relative(stated["current"], i, i_range)
    turn = 100.0 * math.radians(stated["phase"]["fixed_deg"])
    total = np.zeros(n)
    shared = 1
    if quantity is Quantity.VOLTAGE:
        total += mean_of(stated["voltage"], volts)
        if len(phase) == 2:
            total += draw(rng, stated["phase"], 1.0, (n,)) * turn * 0.5 / math.tan(math.radians(60.0))
    elif quantity is Quantity.CURRENT:
        total += mean_of(stated["current"], amperes)
    elif quantity is Quantity.REACTIVE_POWER:
        total += mean_of(stated["voltage"], volts) + mean_of(stated["current"], amperes)
        total += mean_of(stated["phase"], turn / math.tan(lag))
        shared = 2  # temperature and drift of voltage and of current are stated alike, and are not the same
    else:
        factor = math.cos(lag)
        total += mean_of(stated["power"], relative(stated["power"], U_V * i * factor, U_RANGE * i_range))
        total += mean_of(stated["phase"], turn * math.tan(lag))
        if quantity is Quantity.ACTIVE_ENERGY:
            row = stated.get("integrator", {"reading_pct": 0.02})
            total += row["reading_pct"] * draw(rng, row, 1.0, (n,))
    if "resolution" in stated:
        total += of_last_digits(rng, stated["resolution"], quantity, phase, (U_V, 1.005 * i, lag), (n, elements))
    for _ in range(shared):
        if "temperature" in stated:
            half = stated["temperature"]["pct_per_k"] * stated["temperature"]["within_k"]
            total += rng.uniform(-half, half, n)
        if "drift" in stated:
            total += rng.uniform(-1.0, 1.0, n) * stated["drift"]["reading_pct"]
    return float((np.abs(total) <= np.median(u)).mean())


def of_last_digits(rng, resolution, quantity, phase, at, shape):
    """What rounding adds, percent: each element's value is rounded by itself, and so is each angle."""
    volts, amperes, lag = at

    def digit(value):
        step = 10.0 ** (math.floor(math.log10(abs(value))) - resolution["digits"] + 1)
        return 100.0 * step / abs(value) * rng.uniform(-0.5, 0.5, shape).mean(axis=1)

    angle = 100.0 * math.radians(resolution["phase_deg"]) * rng.uniform(-0.5, 0.5, shape).mean(axis=1)
    if quantity is Quantity.VOLTAGE:
        return digit(volts) + (angle / math.tan(math.radians(60.0)) * 0.5 if len(phase) == 2 else 0.0)
    if quantity is Quantity.CURRENT:
        return digit(amperes)
    if quantity is Quantity.REACTIVE_POWER:
        # The angle of the first voltage is 0 by definition; those of the others are rounded as well.
        others = rng.uniform(-0.5, 0.5, shape) * np.array([0.0, 1.0, 1.0])[: shape[1]]
        twice = 100.0 * math.radians(resolution["phase_deg"]) * others.mean(axis=1)
        return digit(volts) + digit(amperes) + (angle + twice) / math.tan(lag)
    return digit(volts * amperes * math.cos(lag)) if quantity is Quantity.ACTIVE_POWER else 0.0


@pytest.mark.parametrize("current_pct", DECADES)
@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_u_covers_as_often_as_it_says_and_as_jcgm_101_predicts(statement, name, current_pct):
    stated = STATEMENTS[statement]
    errors, u = cell(stated, name, current_pct)
    covered = float((np.abs(errors) <= u).mean())
    predicted = predicted_coverage(stated, name, current_pct, u)
    assert covered >= 0.94, f"U covers {100 * covered:.2f} %"
    assert covered == pytest.approx(predicted, abs=0.01), f"JCGM 101 says {100 * predicted:.2f} %"


@pytest.mark.parametrize("name", CELLS)
def test_an_instrument_half_as_bad_again_as_stated_shows(name):
    covered = []
    for worse in (1.0, 1.5):
        errors, u = cell(AS_SHIPPED, name, 10.0, worse=worse)
        covered.append(float((np.abs(errors) <= u).mean()))
    assert covered[1] < covered[0] - 0.04, f"U covers {covered}"
