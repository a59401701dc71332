"""Corrections of transducers and dividers: curves, readings, budget lines, and a run judged with them."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.analyzer.base import AnalyzerReading, ElementReading
from rig.bench import load_bench
from rig.bench.wiring import Wiring
from rig.cli.run import run as run_command
from rig.errors import BenchFileError
from rig.load_point import LoadPoint
from rig.metrology.corrections.accuracy import CorrectionNotStated, with_paths
from rig.metrology.corrections.applied import PathCorrections
from rig.metrology.corrections.curves import Corrections, load_corrections
from rig.metrology.reference import ElementState, ReferenceUncertainty
from rig.metrology.uncertainty import Budget
from rig.records.store import RunStore
from tests.rig.metrology.test_reference import LIMITS_OF_ERROR
from tests.rig.procedures.rejudging.measured_runs import record_run

RATIO_PCT, PHASE_DEG = 0.1, 0.2


def curve(path="current", phases="ABC", **more):
    at = "current_pct" if path == "current" else "voltage_v"
    low, high = (1.0, 120.0) if path == "current" else (50.0, 350.0)
    fields = {"ratio_error_pct": RATIO_PCT, "ratio_u_pct": 0.01, "phase_error_deg": PHASE_DEG, "phase_u_deg": 0.02}
    points = [{at: value, **fields, **more} for value in (low, high)]
    return {"what": f"{path} path", "path": path, "phases": phases, "points": points}


def data(*curves):
    return {"schema": 1, "certificate": "CAL-1", "date": "2026-09-01", "curves": list(curves)}


def corrections(*curves):
    return Corrections.model_validate_json(json.dumps(data(*curves)))


def element(u, i, u_deg, lag_deg):
    p, q = u * i * math.cos(math.radians(lag_deg)), u * i * math.sin(math.radians(lag_deg))
    return ElementReading(u, i, p, q, u * i, 60.0, u_deg, u_deg - lag_deg)


def reading(lag_deg=60.0, u=277.0, i=0.5):
    return AnalyzerReading(0.0, tuple(element(u, i, angle, lag_deg) for angle in (0.0, -120.0, 120.0)))


def seen(true, ratio_u, phase_u, ratio_i, phase_i):
    """What an analyzer says behind paths of these errors, percent and degrees."""
    elements = []
    for e in true.elements:
        lag = e.u_phase_deg - e.i_phase_deg + phase_u - phase_i
        # The angle of the first voltage is 0 by definition, so the phase error of the voltages does not show in them.
        elements.append(element(e.u_v * (1 + ratio_u / 100), e.i * (1 + ratio_i / 100), e.u_phase_deg, lag))
    return replace(true, elements=tuple(elements))


@given(
    st.floats(-2, 2), st.floats(-2, 2), st.floats(-1, 1), st.floats(-1, 1), st.sampled_from([0.0, 60.0, -36.9, 150.0])
)
def test_a_corrected_reading_is_what_flows(ratio_u, ratio_i, phase_u, phase_i, lag_deg):
    paths = PathCorrections(
        corrections(
            curve("voltage", ratio_error_pct=ratio_u, phase_error_deg=phase_u),
            curve("current", ratio_error_pct=ratio_i, phase_error_deg=phase_i),
        ),
        1.0,
    )
    true = reading(lag_deg)
    found = paths.corrected(seen(true, ratio_u, phase_u, ratio_i, phase_i))
    for one, other in zip(found.elements, true.elements, strict=True):
        for name in ("u_v", "i", "p", "q", "s", "u_phase_deg", "i_phase_deg"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-9, abs=1e-9), name


def test_errors_lie_on_a_line_over_the_logarithm_of_the_current():
    points = [
        {"current_pct": at, "ratio_error_pct": e, "ratio_u_pct": u, "phase_error_deg": 0.0, "phase_u_deg": 0.0}
        for at, e, u in ((1.0, 0.30, 0.02), (100.0, 0.10, 0.01))
    ]
    found = corrections(curve() | {"points": points})
    assert found.error("current", "B", 10.0).ratio_error_pct == pytest.approx(0.20)
    assert found.error("current", "B", 10.0).ratio_u_pct == pytest.approx(0.015)
    assert found.error("current", "B", 1.0).ratio_error_pct == pytest.approx(0.30)
    assert found.error("voltage", "B", 277.0) is None
    assert found.error("current", "B", 0.0) is None


def test_what_is_missing_stays_missing_and_an_open_channel_stays_open():
    paths = PathCorrections(corrections(curve(), curve("voltage")), 1.0)
    nothing = ElementReading(None, 0.0, None, None, None, None, None, None)
    true = replace(reading(), elements=(reading().elements[0], nothing, nothing))
    assert paths.corrected(true).elements[1] == nothing


def states(angle_deg=-60.0, phases="ABC"):
    return {p: ElementState(277.0, 300.0, 0.5 if p in phases else 0.0, 1.0, angle_deg) for p in "ABC"}


def lines_of(quantity, phases, angle_deg=-60.0):
    accuracy = with_paths(LIMITS_OF_ERROR, PathCorrections(corrections(curve(), curve("voltage")), 1.0))
    found = ReferenceUncertainty(accuracy, states(angle_deg)).of(quantity, phases)
    return Budget(tuple(line for line in found if line.name.startswith("correction of"))).by_kind


@pytest.mark.parametrize(
    ("quantity", "phases", "expected"),
    [
        ("voltage", "A", {"correction of voltage ratio": 0.005}),
        ("current", "B", {"correction of current ratio": 0.005}),
        ("apparent_power", "ABC", {"correction of voltage ratio": 0.005, "correction of current ratio": 0.005}),
        ("power_factor", "A", {"correction of voltage phase": 3**0.5, "correction of current phase": 3**0.5}),
        (
            "active_power", "ABC",
            {"correction of voltage ratio": 0.005, "correction of current ratio": 0.005,
             "correction of voltage phase": 3**0.5, "correction of current phase": 3**0.5},
        ),
        (
            "reactive_power", "ABC",
            {"correction of voltage ratio": 0.005, "correction of current ratio": 0.005,
             "correction of voltage phase": 3**-0.5, "correction of current phase": 3**-0.5},
        ),
    ],
)  # fmt: skip
def test_each_quantity_has_the_lines_that_change_it(quantity, phases, expected):
    turned = 100.0 * math.radians(0.01)
    found = {line.kind: line.contribution for line in lines_of(quantity, phases)}
    wanted = {name: u if "ratio" in name else u * turned for name, u in expected.items()}
    assert found == {name: pytest.approx(u) for name, u in wanted.items()}


def test_the_lines_agree_with_errors_drawn_at_random():
    rng = np.random.default_rng(3)
    n = 200_000
    ratio, phase = 1 + rng.normal(0, 0.00005, (2, n)), np.radians(rng.normal(0, 0.01, (2, n)))
    drawn = ratio[0] * ratio[1] * np.cos(np.radians(60) + phase[0] - phase[1]) / 0.5
    assert Budget(lines_of("active_power", "ABC")).combined == pytest.approx(100 * drawn.std(), rel=0.01)


def test_a_current_beyond_the_curve_is_refused_by_name():
    accuracy = with_paths(LIMITS_OF_ERROR, PathCorrections(corrections(curve()), 1.0))
    low = {p: ElementState(277.0, 300.0, 0.002, 1.0, 0.0) for p in "ABC"}
    with pytest.raises(CorrectionNotStated, match=r"from 1 to 120 %, not at 0\.2 %; nothing is extrapolated"):
        ReferenceUncertainty(accuracy, low).of("active_power", "ABC")
    assert ReferenceUncertainty(accuracy, low).of("voltage", "A")


def test_an_integrated_energy_is_corrected_as_its_power():
    paths = PathCorrections(corrections(curve(), curve("voltage", phase_error_deg=0.0)), 1.0)
    point = LoadPoint(277.0, 50.0, -60.0)
    true = reading(60.0)
    measured = seen(true, RATIO_PCT, 0.0, RATIO_PCT, PHASE_DEG)
    powers = [sum(e.p for e in each.elements) for each in (true, measured)]
    assert paths.energy_factor(point) == pytest.approx(powers[0] / powers[1], rel=1e-9)
    assert PathCorrections(corrections(curve(phases="A")), 1.0).energy_factor(
        LoadPoint(277.0, 50.0, 0.0, "B")
    ) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        data(),
        data(curve(), curve(phases="A")),
        data(curve() | {"points": curve()["points"][:1]}),
        data(curve() | {"points": curve()["points"][::-1]}),
        data(curve() | {"points": curve("voltage")["points"]}),
        data(curve(ratio_u_pct=-0.1)),
        data(curve(phase_error_deg=90.0)),
        data(curve()) | {"date": "yesterday"},
        data(curve()) | {"colour": "red"},
    ],
)
def test_an_impossible_file_is_refused(wrong):
    with pytest.raises(ValidationError):
        Corrections.model_validate_json(json.dumps(wrong))


def test_a_file_is_refused_with_its_line(tmp_path):
    path = tmp_path / "path.yaml"
    path.write_text(yaml.safe_dump(data(curve())).replace("ratio_u_pct", "ratio_u"), encoding="utf-8")
    with pytest.raises(BenchFileError, match=r"path\.yaml:\d+"):
        load_corrections(path)


def bench_with(tmp_path, *curves):
    (tmp_path / "path.yaml").write_text(yaml.safe_dump(data(*curves)), encoding="utf-8")
    text = "schema: 1\nextends: emulated\nname: corrected\nwiring: {corrections: path.yaml}\n"
    (tmp_path / "bench.yaml").write_text(text, encoding="utf-8")
    return load_bench(str(tmp_path / "bench.yaml"))


def test_a_bench_file_names_the_corrections_that_its_readings_get(tmp_path):
    bench = bench_with(tmp_path, curve(phase_error_deg=0.0))
    wiring = Wiring.from_part(bench.parts.wiring)
    true = reading(0.0)
    stimulus = wiring.stimulus(seen(true, 0.0, 0.0, RATIO_PCT, 0.0))
    assert [spectrum[0].rms for spectrum in stimulus.ct_inputs] == pytest.approx([0.5] * 3)
    (tmp_path / "path.yaml").unlink()
    with pytest.raises(BenchFileError, match=r"bench\.yaml:4.*corrections"):
        load_bench(str(tmp_path / "bench.yaml"))


def test_another_certificate_changes_the_digest_of_the_bench(tmp_path):
    one, other = (bench_with(tmp_path, curve(ratio_error_pct=e)).sha256 for e in (0.1, 0.2))
    assert one != other


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    path = tmp_path_factory.mktemp("records") / "runs.sqlite"
    with RunStore.open(path) as store:
        run_id = record_run(store)
    return path, run_id


def test_a_run_judged_with_a_correction_moves_by_it(recorded, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    records, run_id = recorded
    file = tmp_path / "path.yaml"
    file.write_text(yaml.safe_dump(data(curve(phase_error_deg=0.0))), encoding="utf-8")
    code = run_command(["judge", run_id, "--records", str(records), "--correction", str(file), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert code == 0
    with RunStore.open_to_read(records) as store:
        run = store.run(run_id)
    was = {(p.number, r.procedure, r.instance): r for p in run.points for r in p.results}
    for each in found["results"]:
        result = each["result"]
        before = was[each["point_number"], result["procedure"], result["instance"]]
        moved = result["error_pct"] - before.error_pct
        follows = result["procedure"] in ("power_comparison", "energy_register") and result["quantity"] != "voltage"
        assert moved == pytest.approx(RATIO_PCT if follows else 0.0, abs=1e-3), result["quantity"]
        if follows:
            # The analyzer says 0.1 % too much, so that the meter reads 0.1 % more than what flows.
            assert result["expanded_uncertainty_pct"] > before.expanded_uncertainty_pct
            assert any(line["name"] == "correction of current ratio A" for line in result["components"])
    assert found["correction"]["file"] == "path.yaml"
    assert found["correction"]["corrections"]["certificate"] == "CAL-1"


def test_a_point_beyond_the_curve_is_inconclusive_with_that_reason(recorded, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    records, run_id = recorded
    file = tmp_path / "path.yaml"
    narrow = curve()
    narrow["points"][0]["current_pct"] = 50.0
    file.write_text(yaml.safe_dump(data(narrow)), encoding="utf-8")
    code = run_command(["judge", run_id, "--records", str(records), "--correction", str(file)])
    said = capsys.readouterr().out
    assert code == 10
    assert "is stated from 50 to 120 %, not at" in said
    assert "corrections: path.yaml" in said


def test_the_example_in_the_documentation_is_read(tmp_path):
    text = (Path(__file__).parents[4] / "docs" / "how-to" / "correct-a-path.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n")[1].split("```")[0]
    (tmp_path / "path.yaml").write_text(example, encoding="utf-8")
    found, _ = load_corrections(tmp_path / "path.yaml")
    assert len(found.curves) == 2
