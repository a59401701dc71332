"""Corrections of positions: what they do to a stimulus and an energy, and which lines of U they give."""

import math
from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meter_model.stimulus import Phasor, Stimulus
from rig.bench import load_bench
from rig.errors import BenchFileError, UsageRefused
from rig.load_point import LoadPoint
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.corrections.curves import Corrections
from rig.metrology.corrections.positions import PositionCorrections, at_position
from rig.metrology.uncertainty import Distribution
from rig.procedures.positions.path import path_points, write_path

FINE = {"reading_pct": 0.005, "distribution": "normal", "k": 2}
ACCURACY = ReferenceAccuracy.model_validate(
    {"voltage": FINE, "current": FINE, "power": FINE, "phase": {"fixed_deg": 0.003}}
)


def curve(path, ratio_pct, u_pct=0.02, phase_deg=0.0, u_deg=0.01):
    key, places = ("current_pct", (1.0, 120.0)) if path == "current" else ("voltage_v", (90.0, 350.0))
    point = {"ratio_error_pct": ratio_pct, "ratio_u_pct": u_pct, "phase_error_deg": phase_deg, "phase_u_deg": u_deg}
    return {"what": path, "path": path, "points": [{key: place, **point} for place in places]}


def corrections(one=-0.02, every=-0.10, phase_deg=0.05, of=8):
    return PositionCorrections.model_validate(
        {
            "schema": 1, "golden_unit": "0049117", "date": date(2026, 12, 1), "of": of, "k": 2.0,
            "positions": [
                {"position": "3", "fitted": "one", "curves": [curve("current", one), curve("voltage", 0.0)]},
                {
                    "position": "3", "fitted": "all",
                    "curves": [curve("current", every, phase_deg=phase_deg), curve("voltage", -0.01)],
                },
            ],
        }
    )  # fmt: skip


def seen(current_v=1.0):
    volts = [(Phasor(1, 277.0, shift),) for shift in (0.0, -120.0, 120.0)]
    amperes = [(Phasor(1, current_v, shift - 60.0), Phasor(3, 0.1, shift)) for shift in (0.0, -120.0, 120.0)]
    return Stimulus(60.0, tuple(volts), tuple(amperes))


class Loaded:
    voltage_v, current, active, reactive, apparent = 277.0, 1.0, 138.5, 239.9, 277.0


ELEMENTS = dict.fromkeys("ABC", Loaded())


def test_with_all_fitted_the_signal_is_what_was_measured_there():
    path = corrections().at("3", 8, 1.0)
    there = path.stimulus(seen())
    assert there.voltages[1][0].rms == pytest.approx(277.0 * 0.9999)
    assert there.ct_inputs[1][0].rms == pytest.approx(0.9990)
    assert there.ct_inputs[1][0].phase_deg == pytest.approx(-180.0 + 0.05)
    assert there.ct_inputs[1][1].phase_deg == pytest.approx(-120.0 + 3 * 0.05), "a delay turns a harmonic by its order"
    assert path.spread is None


def test_with_fewer_it_is_the_mean_and_half_the_difference_is_in_u():
    path = corrections().at("3", 7, 1.0)
    assert path.stimulus(seen()).ct_inputs[0][0].rms == pytest.approx(1.0 - 0.0006)
    lines = {line.name: line for line in at_position(ACCURACY, path).path_lines("current", "A", ELEMENTS)}
    assert lines["position 3: current ratio A"].stated == pytest.approx(0.02)
    apart = lines["position 3, meters fitted: current ratio A"]
    assert apart.stated == pytest.approx(0.04)
    assert apart.distribution is Distribution.RECTANGULAR
    assert apart.divisor == pytest.approx(math.sqrt(3.0))


def test_all_fitted_leaves_the_golden_units_u_alone_in_the_budget():
    lines = at_position(ACCURACY, corrections().at("3", 8, 1.0)).path_lines("active_power", "A", ELEMENTS)
    assert {line.name for line in lines} == {
        "position 3: current ratio A", "position 3: voltage ratio A",
        "position 3: current phase A", "position 3: voltage phase A",
    }  # fmt: skip
    ratio = next(line for line in lines if line.name == "position 3: current ratio A")
    assert (ratio.stated, ratio.divisor, ratio.correlation) == (pytest.approx(0.02), 2.0, 1.0)
    phase = next(line for line in lines if line.name == "position 3: current phase A")
    assert phase.stated == pytest.approx(100.0 * math.radians(0.01) * 239.9 / 138.5)


def test_an_energy_at_the_position_follows_ratio_and_angle():
    factor = corrections().at("3", 8, 1.0).energy_factor(LoadPoint(277.0, 100.0, -60.0))
    turned = math.cos(math.radians(60.0 - 0.05)) / math.cos(math.radians(60.0))
    assert factor == pytest.approx(0.9990 * 0.9999 * turned, rel=1e-9)


def test_a_bench_without_corrections_has_its_accuracy_unchanged():
    assert at_position(ACCURACY, None) is ACCURACY


@given(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0), st.integers(1, 12), st.floats(0.02, 1.1))
def test_the_mean_lies_between_one_and_all_and_u_covers_both(one, every, answering, current_v):
    file = corrections(one, every, 0.0)
    path = file.at("3", answering, 1.0)
    ratio_pct = 100.0 * (path.stimulus(seen(current_v)).ct_inputs[0][0].rms / current_v - 1.0)
    spread = 0.0 if path.spread is None else path.spread.corrections.error("current", "A", 50.0).ratio_u_pct
    for true in (one, every) if answering < 8 else (every,):
        assert abs(ratio_pct - true) <= spread + 1e-9


def write(tmp_path, content):
    (tmp_path / "pc.yaml").write_text(
        yaml.safe_dump(content).replace("0049117", '"0049117"').replace(": 007", ': "007"')
    )
    bench = tmp_path / "bench.yaml"
    bench.write_text(
        "schema: 1\nextends: emulated\nname: pc\nposition_corrections: pc.yaml\n"
        "positions: [{name: '3', mac: 1, meter_type: s4100}]\n"
    )
    return bench


def test_a_bench_file_names_the_file_and_its_digest_covers_it(tmp_path):
    content = _plain(corrections())
    path = write(tmp_path, content)
    first = load_bench(path)
    assert first.parts.position_corrections.golden_unit == "0049117"
    content["golden_unit"] = "007"
    assert load_bench(write(tmp_path, content)).sha256 != first.sha256
    content["positions"].pop()
    with pytest.raises(BenchFileError, match="position 3 is stated once with one meter fitted and once with all"):
        load_bench(write(tmp_path, content))


def test_a_position_without_a_correction_is_refused(tmp_path):
    content = _plain(corrections())
    content["positions"] = [{**each, "position": "4"} for each in content["positions"]]
    with pytest.raises(BenchFileError, match="position 3 is not in the file of position_corrections"):
        load_bench(write(tmp_path, content))


def _plain(file):
    """Return a file as people write it: what the model adds is not in it."""
    content = file.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
    return {**content, "date": date(2026, 12, 1)}


GOLDEN = Corrections.model_validate(
    {
        "schema": 1, "certificate": "G", "date": date(2026, 11, 1), "k": 2.0,
        "curves": [curve("current", 0.05, 0.02, 0.02, 0.01), curve("voltage", -0.03, 0.02)],
    }
)  # fmt: skip


def readings(ratio_i, ratio_u, lead_deg, scatter=0.0):
    """What a golden unit of GOLDEN's errors reads at a position that passes ``ratio`` and a leading current."""
    read, expected = [], []
    for number in range(10):
        wiggle = 1.0 + scatter * (-1) ** number
        expected.append({70: 277.0, 73: 100.0, 55: 27.7 * math.cos(0.5), 58: 27.7 * math.sin(0.5)})
        angle = 0.5 - math.radians(lead_deg + 0.02)
        read.append(
            {
                70: 277.0 * ratio_u * 0.9997,
                73: 100.0 * ratio_i * 1.0005 * wiggle,
                55: 27.7 * math.cos(angle),
                58: 27.7 * math.sin(angle),
            }
        )
    return read, expected


def test_what_is_measured_is_the_positions_own_and_not_the_golden_units():
    (current,) = path_points("current", 20.0, *readings(0.999, 1.002, 0.07), golden=GOLDEN)
    assert current.ratio_error_pct == pytest.approx(-0.1, abs=1e-9)
    assert current.phase_error_deg == pytest.approx(0.07, abs=1e-9)
    assert (current.ratio_u_pct, current.phase_u_deg) == pytest.approx((0.02, 0.01))
    (voltage,) = path_points("voltage", 277.0, *readings(0.999, 1.002, 0.07), golden=GOLDEN)
    assert voltage.ratio_error_pct == pytest.approx(0.2, abs=1e-9)


def test_scatter_of_the_readings_is_in_u():
    (current,) = path_points("current", 20.0, *readings(1.0, 1.0, 0.0, scatter=0.001), golden=GOLDEN)
    type_a = 2.0 * 0.1 * 1.0005 * math.sqrt(10.0 / 9.0) / math.sqrt(10.0)
    assert current.ratio_u_pct == pytest.approx(math.hypot(0.02, type_a), rel=1e-3)


def test_positions_are_written_one_by_one_until_the_file_can_be_used(tmp_path):
    file = tmp_path / "pc.yaml"
    points = [
        *(
            point
            for at in (5.0, 100.0)
            for point in path_points("current", at, *readings(0.999, 1.0, 0.0), golden=GOLDEN)
        ),
        *(
            point
            for at in (250.0, 300.0)
            for point in path_points("voltage", at, *readings(1.0, 1.0, 0.0), golden=GOLDEN)
        ),
    ]
    common = {"golden_unit": "1E5", "of": 2, "day": date(2026, 12, 1)}
    assert not write_path(file, "3", "all", points, **common)
    assert write_path(file, "3", "one", points, **common)
    assert write_path(file, "3", "one", points, **common), "measured once more it takes the place of the first"
    bench = load_bench(_bench_beside(file))
    assert bench.parts.position_corrections.golden_unit == "1E5"
    assert bench.parts.position_corrections.at("3", 2, 1.0).paths.corrections.error(
        "current", "A", 50.0
    ).ratio_error_pct == pytest.approx(-0.1, abs=1e-5)
    with pytest.raises(UsageRefused, match="was measured with golden_unit '1E5', not '008'"):
        write_path(file, "3", "one", points, golden_unit="008", of=2, day=date(2026, 12, 1))


def _bench_beside(file):
    bench = file.with_name("bench.yaml")
    bench.write_text(
        "schema: 1\nextends: emulated\nname: pc\nposition_corrections: pc.yaml\n"
        "positions: [{name: '3', mac: 1, meter_type: s4100}]\n"
    )
    return bench
