"""Reference conditions over a whole measurement: the worst of each with its uncertainty; outside is INVALID."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading, ElementReading
from drivers.climate.base import ClimateReading
from meter_model.stimulus import Phasor, Stimulus
from rig.bench.schema.climate import ClimateUncertainty
from rig.bench.wiring import Wiring
from rig.load_point import LoadPoint
from rig.metrology.accuracy import ReferenceAccuracy
from rig.procedures.accuracy.conditions import ConditionWindow, of_climate
from rig.records.data import ConditionRecord, RunHeader
from rig.records.store import RunStore
from rig.reports.conditions import condition_lines
from rig.reports.html import render_html
from rig.safety.conditions import IEC_REFERENCE

POINT = LoadPoint(277.0, 100.0, 0.0)
WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)
NOMINAL = WIRING.terminals(POINT)
RANGES = AnalyzerRanges((300.0,) * 3, (2.0,) * 3)
ACCURACY = ReferenceAccuracy.model_validate(
    {
        "voltage": {"reading_pct": 0.01, "range_pct": 0.01, "distribution": "normal", "k": 2},
        "current": {"reading_pct": 0.03},
        "power": {"reading_pct": 0.02},
        "phase": {"fixed_deg": 0.005, "distribution": "normal", "k": 2},
    }
)


def seen(voltage_a: float = 277.0, current_b: float = 1.0, turn_c_deg: float = 0.0, frequency_hz: float = 60.0):
    """The stimulus that a reference measured, off by as much as is given."""
    _, b, c = NOMINAL.voltages
    x, y, z = NOMINAL.ct_inputs
    turned = (Phasor(1, 1.0, z[0].phase_deg + turn_c_deg),)
    return Stimulus(frequency_hz, ((Phasor(1, voltage_a, 0.0),), b, c), (x, (replace(y[0], rms=current_b),), turned))


def reading(thd_pct: float | None = 0.5) -> AnalyzerReading:
    element = ElementReading(277.0, 1.0, 277.0, 0.0, 277.0, 60.0, 0.0, 0.0, u_thd_pct=thd_pct, i_thd_pct=thd_pct)
    return AnalyzerReading(0.0, (element,) * 3)


def window(accuracy=ACCURACY, limits=IEC_REFERENCE) -> ConditionWindow:
    return ConditionWindow(SimpleNamespace(wiring=WIRING, accuracy=accuracy), POINT, limits)


def conditions(one: ConditionWindow) -> dict[str, ConditionRecord]:
    return {each.quantity: each for each in one.records}


def test_the_worst_of_all_readings_is_kept():
    one = window()
    for volts in (277.0, 278.0, 276.9):
        one.add(reading(), seen(voltage_a=volts), RANGES)
    found = conditions(one)["voltage A"]
    assert found.deviation == pytest.approx(100.0 / 277.0, rel=1e-3)
    assert (found.limit, found.met, one.unmet) == (1.0, True, "")


def test_a_reading_in_the_middle_that_left_its_tolerance_is_not_met():
    one = window()
    for volts in (277.0, 280.0, 277.0):
        one.add(reading(), seen(voltage_a=volts), RANGES)
    assert one.unmet.startswith("voltage A deviates by +1.08 % of nominal, more than 1")
    assert not conditions(one)["voltage A"].met


@pytest.mark.parametrize(
    ("off", "named"),
    [
        ({"voltage_a": 282.0}, "balance of voltage A deviates by +1.2 % of the mean"),
        ({"current_b": 1.03}, "balance of current B deviates by +1.98 % of the mean"),
        ({"turn_c_deg": 2.5}, "displacement of current C deviates by +2.5 deg, more than 2"),
        ({"frequency_hz": 60.2}, "frequency deviates by +0.333 % of nominal, more than 0.3"),
    ],
)
def test_each_condition_of_the_load_is_judged_by_name(off, named):
    one = window()
    one.add(reading(), seen(**off), RANGES)
    assert named in one.unmet


def test_distortion_is_judged_where_the_analyzer_tells():
    one, silent = window(), window()
    one.add(reading(2.5), seen(), RANGES)
    silent.add(reading(None), seen(), RANGES)
    assert "distortion of voltage A" in one.unmet
    assert not any(name.startswith("distortion") for name in conditions(silent))


def test_uncertainty_of_a_condition_is_that_of_what_measured_it():
    one = window()
    one.add(reading(), seen(), RANGES)
    found = conditions(one)
    assert found["voltage A"].uncertainty == pytest.approx(0.01 + 0.01 * 300.0 / 277.0, rel=1e-3)
    assert found["current A"].uncertainty == pytest.approx(2.0 * 0.03 / 3.0**0.5, rel=1e-3)
    assert found["displacement of current A"].uncertainty == pytest.approx(0.005)
    assert found["frequency"].uncertainty is None, "nothing is stated of it"


def test_air_is_judged_by_what_the_table_states():
    stated = IEC_REFERENCE.model_copy(update={"humidity_pct": (45.0, 75.0), "pressure_hpa": (860.0, 1060.0)})
    air = ClimateReading(23.5, 80.0, 1000.0)
    one, silent = window(limits=stated), window()
    one.take(of_climate(air, stated, ClimateUncertainty(temperature_k=0.2, humidity_pct=3.0)))
    silent.take(of_climate(air, IEC_REFERENCE, None))
    assert one.unmet == "relative humidity deviates by +20 % RH, more than 15"
    found = conditions(one)
    assert (found["ambient temperature"].uncertainty, found["air pressure"].uncertainty) == (0.2, None)
    assert (found["air pressure"].deviation, found["air pressure"].limit) == (40.0, 100.0)
    assert list(conditions(silent)) == ["ambient temperature"]


def test_a_probe_that_cannot_tell_makes_the_point_invalid():
    one = window()
    one.take(of_climate(ClimateReading(23.0), IEC_REFERENCE, ClimateUncertainty(temperature_k=3.0)))
    assert one.unmet == "ambient temperature is known within 3 K only, and its limit is 2"


def test_the_report_shows_the_worst_of_the_run_against_its_tolerance(tmp_path):
    with RunStore.open(tmp_path / "records.sqlite") as store:
        recorder = store.begin_run(
            RunHeader(kind="certify", bench_name="b", bench_file_sha256="", software_version="0")
        )
        for volts in (277.0, 278.5, 281.0):
            one = window()
            one.add(reading(), seen(voltage_a=volts), RANGES)
            point = recorder.begin_point(POINT)
            point.climate(23.0, 40.0, 998.0)
            point.finish("INVALID" if one.unmet else None, reason=one.unmet, conditions=one.records)
        run = store.run("last")
    lines = {line.name: line for line in condition_lines(run)}
    voltage = lines["voltage"]
    assert (voltage.judged, voltage.met, voltage.worst.quantity) == (3, 2, "voltage A")
    assert voltage.worst.deviation == pytest.approx(1.444, rel=1e-3)
    assert lines["relative humidity"].place == "recorded; no tolerance is stated"
    assert run.points[0].pressure_hpa == 998.0
    page = render_html(run)
    assert "<h2>Reference conditions</h2>" in page
    assert "+1.44" in page
