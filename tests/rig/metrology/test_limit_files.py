"""Limit files of one's own: what they may say, and how they are refused."""

from datetime import date

import pytest

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
