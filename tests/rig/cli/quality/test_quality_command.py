"""``rig quality`` and ``rig msa`` print tables and JSON, write HTML and PDF, and refuse in one sentence."""

import json
from pathlib import Path

import pytest

from rig.cli.run import run
from tests.rig.quality.production import MadeTest, enter, production

AIAG = Path(__file__).parents[2] / "quality" / "aiag.csv"


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("records") / "r.db"
    enter(path, production(160)).close()
    return str(path)


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(list(arguments)) == code
    out, err = capsys.readouterr()
    return out if code == 0 else err


def test_yield_is_listed_by_station_with_its_interval(records, capsys):
    text = said(capsys, "quality", "yield", "--records", records, "--by", "station")
    assert "First-pass yield" in text
    assert "95 % interval" in text
    assert "line 1" in text
    data = json.loads(said(capsys, "quality", "yield", "--records", records, "--by", "station", "--json"))
    assert data["simulated"] is True
    assert data["yield"]["units"] == sum(each["units"] for each in data["by"]["station"]) == 160


def test_pareto_counts_each_failed_unit_once(records, capsys):
    data = json.loads(said(capsys, "quality", "pareto", "--records", records, "--json"))
    whole = json.loads(said(capsys, "quality", "yield", "--records", records, "--json"))["yield"]
    assert sum(line["units"] for line in data["pareto"]) == whole["units"] - whole["first_pass"]


def test_capability_has_a_line_for_each_measurement_and_position(records, capsys):
    data = json.loads(said(capsys, "quality", "capability", "--records", records, "--json"))
    assert len(data["capability"]) == 4 * 8
    assert {each["found"]["n"] for each in data["capability"]} == {20}


@pytest.mark.parametrize("kind", ["i-mr", "xbar-s", "ewma"])
def test_charts_have_limits_from_their_baseline(records, capsys, kind):
    command = ["quality", "chart", "--records", records, "--kind", kind, "--baseline", "10", "--quantity", "voltage"]
    data = json.loads(said(capsys, *command, "--shifts", ",".join(map(str, range(24))), "--json"))
    assert data["charts"] or kind == "xbar-s"
    for each in data["charts"]:
        assert each["charts"][0]["baseline"] <= 10


def test_the_report_is_one_html_file_and_a_pdf_with_plots(records, capsys, tmp_path: Path):
    html, pdf = tmp_path / "q.html", tmp_path / "q.pdf"
    text = said(
        capsys, "quality", "report", "--records", records, "--lot", "L1", "--position", "1",
        "--html", str(html), "--pdf", str(pdf),
    )  # fmt: skip
    assert "Pareto" not in text
    page = html.read_text(encoding="utf-8")
    assert page.count("<svg") >= 4
    assert "SIMULATED BENCH" in page
    assert "src=" not in page
    assert 'href="http' not in page
    assert pdf.read_bytes().startswith(b"%PDF")


def test_gauge_r_and_r_of_a_csv_file_prints_the_published_ndc(capsys, tmp_path: Path):
    html = tmp_path / "m.html"
    text = said(capsys, "msa", str(AIAG), "--tolerance", "8", "--html", str(html))
    assert "int(1.41 × PV / GRR): 4" in text
    assert html.read_text(encoding="utf-8").count("<svg") == 6
    (study,) = json.loads(said(capsys, "msa", str(AIAG), "--json"))["studies"]
    assert study["ndc"] == 4
    assert study["pooled"] is True


def test_gauge_r_and_r_of_recorded_tests_takes_positions_as_operators(capsys, tmp_path: Path):
    tests = [
        MadeTest(part, errors=[0.1 * int(part) + 0.01 * place + 0.002 * repeat], position=str(place), lot="MSA")
        for repeat in range(2)
        for place in range(3)
        for part in ("1", "2", "3", "4")
    ]
    enter(tmp_path / "r.db", tests).close()
    command = ["msa", "--records", str(tmp_path / "r.db"), "--lot", "MSA", "--appraiser", "position", "--json"]
    (study,) = json.loads(said(capsys, *command))["studies"]
    assert (len(study["parts"]), len(study["operators"]), study["replicates"]) == (4, 3, 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["quality", "yield", "--since", "yesterday"], "is no time"),
        (["quality", "yield", "--by", "shift", "--shifts", "6,25"], "are no hours"),
        (["quality", "yield", "--by", "day", "--time-zone", "Mars"], "is no time zone"),
        (["quality", "chart", "--kind", "pie"], "is not one of"),
        (["msa", "no-such-file.csv"], "no-such-file.csv"),
    ],
)
def test_bad_arguments_are_refused_in_one_sentence(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = said(capsys, *arguments, code=11)
    assert words in text
    assert text.count("\n") == 1


def test_a_lot_is_accepted_or_refused_by_its_exit_code(records, capsys, tmp_path: Path):
    html = tmp_path / "lot.html"
    code = run(["quality", "lot", "L1", "--records", records, "--aql", "10", "--html", str(html)])
    text = capsys.readouterr().out
    assert ("is accepted" in text) == (code == 0)
    assert "Operating characteristic" in html.read_text(encoding="utf-8") or "<svg" in html.read_text(encoding="utf-8")
    data = json.loads(
        said(capsys, "quality", "lot", "L1", "--records", records, "--aql", "10", "--variables", "--json")
    )
    assert data["accepted"] is True
    assert data["plan"]["letter"] == "F"
    assert len(data["measurements"]) == 4


def test_a_station_without_a_golden_unit_check_may_not_test(records, capsys):
    assert run(["quality", "golden", "--records", records, "--station", "line 1"]) == 1
    assert capsys.readouterr().out.startswith("due: the golden unit check of station line 1 is due")


def test_a_lot_that_is_not_recorded_is_refused(records, capsys):
    assert "no complete test of lot L99" in said(
        capsys, "quality", "lot", "L99", "--records", records, "--aql", "1", code=11
    )


def test_affected_units_are_put_on_hold_and_shown_by_the_list_of_runs(capsys, tmp_path: Path):
    path = str(tmp_path / "r.db")
    long_ago = -60 * 24 * 365
    tests = [MadeTest("007", minutes=long_ago), MadeTest("008", minutes=long_ago + 1, position="2")]
    tests.append(MadeTest("009", minutes=long_ago + 2))
    enter(tmp_path / "r.db", tests).close()
    command = ["quality", "affected", "--position", "1", "--station", "line 1", "--records", path]
    assert run(command) == 1
    assert "2 units are in doubt." in capsys.readouterr().out
    assert run([*command, "--hold", "--reason", "loose wire", "--operator", "Q"]) == 1
    assert "2 units are in doubt, and ON HOLD until a later test passes" in capsys.readouterr().out
    held = json.loads(said(capsys, "quality", "holds", "--records", path, "--json"))
    assert [each["serial_number"] for each in held] == ["007", "009"]
    listed = said(capsys, "runs", "--records", path)
    assert listed.count("ON HOLD") == 2
    enter(tmp_path / "r.db", [MadeTest("007", minutes=60 * 24 * 3650)]).close()
    assert "007" not in said(capsys, "quality", "holds", "--records", path)
    assert "007  S4100  released" in said(capsys, "quality", "holds", "--records", path, "--all")


def test_affected_names_one_thing_that_was_found_out(capsys, records):
    assert "one of --golden, --reference and --position" in said(
        capsys, "quality", "affected", "--records", records, code=11
    )
