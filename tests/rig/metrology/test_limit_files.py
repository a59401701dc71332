"""Limit files of one's own: what they may say, and how they are refused."""

from datetime import date

import pytest

from rig.cli.standards.rows import shown_rows
from rig.errors import BenchFileError
from rig.load_point import LoadPoint
from rig.metrology.limit_files import load_limit_table
from rig.metrology.limits import Quantity

GOOD = """\
standard: House rule 7
edition: "2024"
accuracy_class: ""
wording: the house rule
tables:
  - title: all there is
    rows:
      - quantities: [active_power]
        load: balanced
        current_pct: {from: 1, below: 10}
        factors: [PF 1, PF 0.5 lag]
        limit_pct: 1.0
        provenance: own
        checked_by: N. N.
        checked_on: 2024-05-06
      - quantities: [active_power]
        load: balanced
        current_pct: {from: 10, to: 120}
        factors: [PF 1]
        limit_pct: 0.5
        provenance: own
        checked_by: N. N.
        checked_on: 2024-05-06
"""


def write(tmp_path, text):
    path = tmp_path / "house.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_is_loaded_by_path_and_reports_who_checked_it(tmp_path):
    table = load_limit_table(write(tmp_path, GOOD))
    assert (table.name, table.verified, table.status) == ("house", True, "checked by N. N.")
    row = table.row_for(LoadPoint(230, 10, 0), Quantity.ACTIVE_POWER, "ABC")
    assert (row.limit_pct, row.checked_by, row.checked_on) == (0.5, "N. N.", date(2024, 5, 6))
    assert (row.standard, row.edition) == ("House rule 7", "2024")


def test_one_unchecked_row_makes_the_whole_table_unverified(tmp_path):
    text = GOOD.replace("        checked_by: N. N.\n        checked_on: 2024-05-06\n", "", 1)
    assert load_limit_table(write(tmp_path, text)).status == "limit table unverified"


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("limit_pct: 1.0", "limit_prc: 1.0", 12, "limit_pct"),
        ("limit_pct: 1.0", "limit_pct: 0", 12, "greater than 0"),
        ("limit_pct: 1.0", "limit_pct: .inf", 12, "finite"),
        ("[active_power]", "[aktive_power]", 8, "active_power"),
        ("PF 0.5 lag", "PF 0.5", 11, "lag or lead"),
        ("PF 0.5 lag", "cos 0.5 lag", 11, "written like"),
        ("PF 0.5 lag", "PF 1 lag", 11, "no side"),
        ("{from: 1, below: 10}", "{from: 1}", 10, "'to'"),
        ("{from: 1, below: 10}", "{from: 1, below: 10, to: 10}", 10, "either"),
        ("{from: 1, below: 10}", "{from: 10, below: 1}", 10, "above"),
        ("{from: 1, below: 10}", "{from: 1, to: 10}", 16, "both apply"),
        ("checked_on: 2024-05-06", "checked_on: null", 8, "together"),
        ("checked_on: 2024-05-06", "checked_on: 2024", 15, "date"),
        ("checked_on: 2024-05-06", "checked_on: 9999-12-31", 15, "9999-12-31 is in the future (today is "),
        ("limit_pct: 1.0", 'limit_pct: "1.0"', 12, "number"),
        ("limit_pct: 1.0", "limit_pct: 1.0\n        on_request: 1", 13, "boolean"),
        ("load: balanced", "load: any", 8, "says its load"),
        ("factors: [PF 1, PF 0.5 lag]", "factors: []", 8, "factors"),
        ("provenance: own", "per_kelvin_pct: 0.1\n        provenance: own", 8, "reference_temperature_c"),
        ("standard: House rule 7\n", "", 1, "standard"),
        ("        provenance: own\n", "", 8, "provenance"),
    ],
)
def test_a_wrong_line_is_named_with_file_line_and_reason(tmp_path, old, new, line, says):
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(BenchFileError) as caught:
        load_limit_table(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert says in str(caught.value)


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(BenchFileError, match=r"iec62053-22-2003-class-0\.2S"):
        load_limit_table("iec62053-22-class-0.2")


def test_a_path_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(BenchFileError, match="no such file"):
        load_limit_table(tmp_path / "missing.yaml")


WAVEFORM_ROW = """\
influences:
  - title: shapes
    influence: waveform
    waveform: {name}
    quantities: [active_power]
    current_pct: 100
    factors: [PF 1]
    limit_pct: 0.1
    provenance: own
"""


def refusal(path):
    with pytest.raises(BenchFileError) as caught:
        load_limit_table(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [("nosuch.yaml", "no such file"), ("rectifyer", "there is no waveform 'rectifyer'"), ("bad.yaml", "bad.yaml:1")],
)
def test_waveform_that_cannot_be_read_is_refused_at_its_row(tmp_path, name, says):
    (tmp_path / "bad.yaml").write_text("voltage: []\n", encoding="utf-8")
    path = write(tmp_path, GOOD + WAVEFORM_ROW.format(name=name))
    line = path.read_text(encoding="utf-8").splitlines().index(f"    waveform: {name}") + 1
    said = refusal(path)
    assert said.startswith(f"{path}:{line}: influences[0].waveform: ")
    assert says in said


def test_waveform_is_looked_for_beside_the_limit_file(tmp_path, monkeypatch):
    (tmp_path / "mine.yaml").write_text("source: drawn by hand\n", encoding="utf-8")
    path = write(tmp_path, GOOD + WAVEFORM_ROW.format(name="mine.yaml"))
    monkeypatch.chdir("/")
    assert load_limit_table(path).influences[0].injected == str(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    ("code", "says"), [("FR-LAWW", "did you mean 'FR-LAW'?"), ("k-h", "provenances"), ("QA 12", "known: MANUAL")]
)
def test_provenance_code_without_a_meaning_is_refused(tmp_path, code, says):
    said = refusal(path := write(tmp_path, GOOD.replace("provenance: own", f"provenance: {code}", 1)))
    assert said.startswith(f"{path}:13: tables[0].rows[0].provenance: there is no provenance code '{code}'")
    assert says in said


def test_provenance_of_other_rows_is_looked_at_too(tmp_path):
    row = WAVEFORM_ROW.format(name="peaked").replace("provenance: own", "provenance: owm")
    assert "influences[0].provenance: there is no provenance code 'owm'; did you mean 'own'?" in refusal(
        write(tmp_path, GOOD + row)
    )


def test_code_of_ones_own_is_explained_in_the_file(tmp_path):
    text = "provenances: {QA-12: quality manual}\n" + GOOD.replace("provenance: own", "provenance: QA-12", 1)
    table = load_limit_table(write(tmp_path, text))
    words = [row.in_words for row in shown_rows(table)]
    assert words == ["quality manual", "a rule of the house that wrote the file"]


def test_code_of_the_rig_cannot_be_explained_otherwise(tmp_path):
    said = refusal(path := write(tmp_path, "provenances: {K-H: checked}\n" + GOOD))
    assert said.startswith(f"{path}:1: provenances.K-H: 'K-H' is a code of the rig")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty; write keys with their values; known keys: accuracy_class, differences"),
        ("- 1\n", ":1: the file: keys with their values are needed here, not a list; known keys: accuracy_class"),
        (GOOD.partition("tables:")[0] + "tables: 3\n", ":5: tables: a list is needed here, not 3"),
        (
            GOOD.partition("tables:")[0] + "tables: [3]\n",
            "keys with their values are needed here, not 3; known keys: rows",
        ),
        (GOOD.partition("tables:")[0] + "tables: {a: 3}\n", ":5: tables: a list is needed here, not keys with values"),
    ],
)
def test_file_of_another_shape_is_refused_in_plain_words(tmp_path, text, says):
    said = refusal(write(tmp_path, text))
    assert says in said
    assert not [word for word in ("Input", "valid", "instance", "tuple", "_FileData") if word in said]
