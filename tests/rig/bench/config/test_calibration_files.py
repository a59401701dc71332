"""Calibration records that a bench file names: read with it, taken as a whole, and refused with file and line."""

import datetime as dt
import json
import re
from pathlib import Path

import pytest

from drivers.instrument import Identity
from rig.bench.config.files import json_schema, load_bench
from rig.bench.instruments import calibration_objections, refuse_uncalibrated, used_instruments
from rig.errors import BenchFileError
from rig.metrology.accuracy import AccuracyNotStated
from rig.metrology.calibration import CalibrationRefused
from rig.plans import certification_plan, end_of_line_plan

TODAY = dt.date(2026, 11, 22)
RECORD = """\
schema: 1
instrument: Yokogawa WT3003E
laboratory: "a laboratory (accreditation number)"
serial: "91M812345"
certificate: CAL-2026-0815
date: 2026-08-15
due: 2027-08-15
"""
ACCURACY = """\
accuracy:
  voltage:
    - {frequency_hz: {from: 45, to: 66}, reading_pct: 0.01, range_pct: 0.02, distribution: normal, k: 2}
  current:
    - {frequency_hz: {from: 45, to: 66}, reading_pct: 0.01, range_pct: 0.02, distribution: normal, k: 2}
  power:
    - {frequency_hz: {from: 45, to: 66}, power_factor: {from: 0.5, to: 1}, reading_pct: 0.01, range_pct: 0.02}
    - {frequency_hz: {from: 45, to: 66}, power_factor: {from: 0, below: 0.5}, reading_pct: 0.05, range_pct: 0.02}
  phase: {fixed_deg: 0.003, distribution: normal, k: 2}
"""
BENCH = "schema: 1\nextends: emulated\nname: calibrated\n"
NAMES_IT = "analyzer: {accuracy: null, calibration: cal/wt.yaml}\n"
IDENTITIES = {
    "source": Identity("FLUKE", "6105A", "123", "2"),
    "analyzer": Identity("YOKOGAWA", "WT3003E", "91M812345", "F6.01"),
    "climate_probe": Identity("FLUKE", "1620A", "B1", "1"),
    "switch": Identity("HP", "34970A", "0", "1"),
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "cal").mkdir()
    (tmp_path / "cal" / "wt.yaml").write_text(RECORD + ACCURACY)
    (tmp_path / "bench.yaml").write_text(BENCH + NAMES_IT)
    return tmp_path


def refused(path):
    with pytest.raises(BenchFileError) as caught:
        load_bench(path)
    return caught.value


def test_a_record_of_its_own_states_certificate_and_accuracy(folder):
    analyzer = load_bench(folder / "bench.yaml").parts.analyzer
    assert analyzer.calibration.certificate == "CAL-2026-0815"
    assert analyzer.calibration.instrument == "Yokogawa WT3003E"
    assert analyzer.accuracy is None
    assert analyzer.reference_accuracy.at("power", 60.0, 0.3).reading_pct == 0.05


def test_a_bench_with_its_endpoints_filled_in_keeps_its_records(folder):
    bench = load_bench(folder / "bench.yaml")
    parts = bench.with_endpoints(
        {name: f"TCPIP0::127.0.0.1::{port}::SOCKET" for port, name in enumerate(
            ("source", "analyzer", "switch", "generator", "counter", "climate_probe", "bus"), 5000)}
        | {"clock": "tcp://127.0.0.1:1", "bus_ports": ["/dev/x"], "meters": [{"mac": 1}]}
    ).parts  # fmt: skip
    assert parts.analyzer.calibration == bench.parts.analyzer.calibration


def test_record_is_found_beside_the_file_that_names_it_not_the_variant(folder):
    (folder / "elsewhere").mkdir()
    variant = folder / "elsewhere" / "variant.yaml"
    variant.write_text("schema: 1\nextends: ../bench.yaml\nname: variant\n")
    assert load_bench(variant).parts.analyzer.calibration.certificate == "CAL-2026-0815"


def test_the_digest_of_a_bench_is_that_of_its_records_too(folder):
    before = load_bench(folder / "bench.yaml").sha256
    (folder / "cal" / "wt.yaml").write_text((RECORD + ACCURACY).replace("0.003", "0.004"))
    assert load_bench(folder / "bench.yaml").sha256 != before


def test_a_variant_that_names_another_record_has_nothing_of_the_first(folder):
    (folder / "cal" / "new.yaml").write_text(RECORD.replace("0815", "0901"))
    variant = folder / "variant.yaml"
    variant.write_text("schema: 1\nextends: ./bench.yaml\nname: v\nanalyzer: {calibration: cal/new.yaml}\n")
    assert "accuracy is missing" in str(refused(variant))


def test_the_record_in_the_how_to_is_one(folder):
    text = (Path(__file__).parents[4] / "docs" / "how-to" / "calibration-records.md").read_text(encoding="utf-8")
    (block,) = (block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "schema: 1" in block)
    (folder / "cal" / "wt.yaml").write_text(block)
    bench = load_bench(folder / "bench.yaml")
    assert bench.parts.analyzer.reference_accuracy.at("power", 60.0, 0.5).includes_phase
    assert certification_plan(bench).points


def test_an_inline_record_goes_on_working(folder):
    inline = "analyzer: {calibration: {serial: '91M812345', certificate: C, date: 2026-01-01, due: 2027-01-01}}\n"
    (folder / "bench.yaml").write_text(BENCH + inline)
    analyzer = load_bench(folder / "bench.yaml").parts.analyzer
    assert analyzer.calibration.due == dt.date(2027, 1, 1)
    assert analyzer.reference_accuracy == load_bench("emulated").parts.analyzer.accuracy


def test_a_record_that_is_not_there_is_named_with_the_line_that_names_it(folder):
    (folder / "cal" / "wt.yaml").unlink()
    error = refused(folder / "bench.yaml")
    assert (error.path, error.line) == (str(folder / "bench.yaml"), 4)
    assert "analyzer.calibration" in str(error)
    assert "there is no such file" in str(error)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (RECORD.replace("schema: 1\n", ""), None, "begins with 'schema: 1'"),
        (RECORD.replace("due: 2027", "due: 2025"), 1, "a calibration is due after its date"),
        (RECORD.replace("serial:", "serail:"), 4, "unknown key 'serail'; did you mean 'serial'?"),
        (RECORD + ACCURACY.replace("to: 66}", "too: 66}", 1), 10, "unknown key"),
        (RECORD + ACCURACY.replace("{from: 0, below: 0.5}", "{from: 0, to: 0.5}"), 8, "two rows of power"),
        ("[1, 2]\n", None, "begins with 'schema: 1'"),
    ],
)
def test_a_mistake_in_a_record_is_told_in_the_record(folder, text, line, words):
    path = folder / "cal" / "wt.yaml"
    path.write_text(text)
    error = refused(folder / "bench.yaml")
    assert words in str(error)
    if line is not None:
        assert (error.path, error.line) == (str(path), line)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("analyzer: {calibration: cal/wt.yaml}\n", "accuracy stands here and in the calibration; keep one"),
        ("analyzer: {accuracy: null}\n", "accuracy is missing; state it here or in the calibration's file"),
    ],
)
def test_accuracy_is_stated_once(folder, part, words):
    (folder / "bench.yaml").write_text(BENCH + part)
    assert words in str(refused(folder / "bench.yaml"))


def test_editors_are_told_that_a_calibration_may_be_a_path():
    schema = json.loads(json.dumps(json_schema()))
    kinds = schema["$defs"]["AnalyzerPart"]["properties"]["calibration"]["anyOf"]
    assert {"type": "string"}.items() <= kinds[0].items()
    assert any("$ref" in kind for kind in kinds)


@pytest.mark.parametrize("make_plan", [certification_plan, end_of_line_plan])
def test_a_plan_that_needs_more_than_the_record_states_is_refused_by_name(folder, make_plan):
    (folder / "bench.yaml").write_text(BENCH + NAMES_IT + "nominal: {frequency_hz: 50}\n")
    assert make_plan(load_bench(folder / "bench.yaml")).points
    narrow = ACCURACY.replace("{from: 45, to: 66}", "{from: 55, to: 66}")
    (folder / "cal" / "wt.yaml").write_text(RECORD + narrow)
    with pytest.raises(AccuracyNotStated, match=r"not stated at 50 Hz.*55 to 66 Hz"):
        make_plan(load_bench(folder / "bench.yaml"))


def objections(folder, *, today=TODAY, simulated, extra=""):
    (folder / "bench.yaml").write_text(BENCH + NAMES_IT + extra)
    used = used_instruments(load_bench(folder / "bench.yaml").parts, IDENTITIES)
    found = calibration_objections(used, today, simulated=simulated)
    if found:
        with pytest.raises(CalibrationRefused) as caught:
            refuse_uncalibrated(used, today, simulated=simulated)
        assert caught.value.states == found
    else:
        refuse_uncalibrated(used, today, simulated=simulated)
    return {role: str(state.status) for role, state in found.items()}


def test_real_bench_needs_calibrations_of_the_deciding_instruments_only(folder):
    assert objections(folder, simulated=False) == {"climate_probe": "not recorded"}
    recorded = "climate_probe: {calibration: {serial: B1, certificate: P, date: 2026-03-02, due: 2027-03-02}}\n"
    assert objections(folder, simulated=False, extra=recorded) == {}


def test_a_simulated_bench_needs_none_but_one_that_is_recorded_must_hold(folder):
    assert objections(folder, simulated=True) == {}
    assert objections(folder, simulated=True, today=dt.date(2027, 8, 16)) == {"analyzer": "expired"}


def test_invalid_record_is_an_objection_for_every_instrument(folder):
    expired = "source: {calibration: {serial: '123', certificate: S, date: 2020-01-01, due: 2021-01-01}}\n"
    assert objections(folder, simulated=True, extra=expired) == {"source": "expired"}
    other = "source: {calibration: {serial: '9', certificate: S, date: 2026-01-01, due: 2027-01-01}}\n"
    assert objections(folder, simulated=True, extra=other) == {"source": "of another instrument"}
