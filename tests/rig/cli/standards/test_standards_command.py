"""``rig standards``: tables, rows with provenance in words, what is not checked, disagreements, schema."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from rig.cli import cli as main
from rig.cli.run import run
from rig.cli.standards.rows import shown_rows
from rig.errors import BenchFileError
from rig.metrology.limit_files import available_limit_tables, json_schema, load_limit_table
from rig.metrology.standards.provenance import PROVENANCE

ROOT = Path(__file__).resolve().parents[4]
HOW_TO = (ROOT / "docs/how-to/limit-tables.md").read_text(encoding="utf-8")
SHELF = sorted((ROOT / "fixtures/standards").glob("*.yaml"))


def said(*arguments):
    result = CliRunner().invoke(main, ["standards", *arguments], catch_exceptions=False)
    return result.output


def test_without_a_name_the_tables_are_listed_with_what_is_not_checked():
    text = said()
    for name in available_limit_tables():
        assert name in text
    line = next(line for line in text.splitlines() if line.startswith("iec62053-22-2003-class-0.2S"))
    assert "7 of errors, 1 of differences, 14 of influences, 1 of repeatability" in line
    assert "25 of 25 not checked; 2 disagreements" in line


def test_one_disagreement_is_written_in_the_singular(tmp_path):
    assert "1 disagreements" not in said()
    assert "; 1 disagreement\n" in said()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--unverified", "--disagreements"], "give one of the two"),
        (["iec62053-23-2003-class-2", "--schema"], "give it alone"),
        (["--schema", "--unverified"], "give it alone"),
    ],
)
def test_options_that_exclude_each_other_are_refused(arguments, says, capsys):
    assert run(["standards", *arguments]) == 11
    assert says in capsys.readouterr().err


def test_the_rows_of_a_table_have_load_limit_and_provenance_in_words():
    text = said("iec62053-22-2003-class-0.2S")
    assert (
        "active power, active energy: balanced, 10 to 120 % of In, PF 0.5 lag, PF 0.8 lead, and between: ±0.3 %\n"
        "        FR-LAW: read in a public law that copies the table; not checked\n"
    ) in text
    assert "influence of frequency, 98 and 102 % of nominal" in text
    assert "mean power at most 6.667e-05 of m Un Imax" in text
    assert "±0.01 % per kelvin" in text


def test_unverified_leaves_out_what_a_person_has_checked(tmp_path):
    path = tmp_path / "house.yaml"
    text = SHELF[0].read_text(encoding="utf-8")
    checked = text.replace('checked_by: ""', "checked_by: N. N.", 1).replace(
        "checked_on: null", "checked_on: 2026-01-02", 1
    )
    path.write_text(checked, encoding="utf-8")
    assert "checked by N. N. on 2026-01-02" in said(str(path))
    assert "N. N." not in said(str(path), "--unverified")
    data = json.loads(said(str(path), "--unverified", "--json"))["tables"][0]
    assert len(data["rows"]) == len(shown_rows(load_limit_table(path))) - 1


def test_disagreements_name_both_sources_and_which_is_followed():
    text = said("--disagreements")
    assert "at In only  [arrêté du 1er août 2013, annex 3, section 4.1 (copies the table)]" in text
    assert "EM3500 data sheet" in text
    assert text.count("the rows follow") == sum(
        len(load_limit_table(n).disagreements) for n in available_limit_tables()
    )
    assert "no disagreement" in said("mid-2014-32-class-C", "--disagreements")


def test_json_has_every_row_of_every_table():
    tables = json.loads(said("--json"))["tables"]
    assert [table["name"] for table in tables] == list(available_limit_tables())
    for table in tables:
        loaded = load_limit_table(table["name"])
        assert len(table["rows"]) == len(loaded.rows) + len(loaded.programme_rows)
        assert all(row["provenance_in_words"] and row["table"] for row in table["rows"])


def test_an_unknown_table_is_refused_with_those_there_are():
    with pytest.raises(BenchFileError, match="there is no such limit table; known: ansi"):
        said("nope")


def test_the_page_and_the_command_know_the_same_codes():
    page = (ROOT / "docs/reference/provenance.md").read_text(encoding="utf-8")
    limits = page.split("## Facts about instruments")[0]
    assert set(re.findall(r"^\| `([A-Za-z-]+)` \|", limits, re.MULTILINE)) == set(PROVENANCE)


@pytest.mark.parametrize("path", SHELF, ids=lambda path: path.stem)
def test_the_schema_knows_every_key_of_the_files(path):
    schema = json_schema()
    assert unknown_keys(yaml.safe_load(path.read_text(encoding="utf-8")), schema, schema["$defs"]) == []


def test_the_schema_refuses_a_misspelt_key_and_a_wrong_factor():
    schema = json_schema()
    assert unknown_keys({"standart": "x", "tables": [{"rows": [{"limit_prc": 1}]}]}, schema, schema["$defs"]) == [
        "standart",
        "limit_prc",
    ]
    factors = schema["$defs"]["InfluenceRow"]["properties"]["factors"]["items"]
    assert re.fullmatch(factors["pattern"], "PF 0.5 lag")
    assert not re.fullmatch(factors["pattern"], "cos 0.5 lag")


def test_the_example_of_the_how_to_page_is_a_table(tmp_path):
    example = re.search(r"```yaml\n(.*?)```", HOW_TO, re.DOTALL)
    assert example is not None
    path = tmp_path / "house.yaml"
    path.write_text(example[1], encoding="utf-8")
    table = load_limit_table(path)
    assert len(table.programme_rows) == 5
    assert table.disagreements[0].followed == "house rule 7"


def unknown_keys(data, schema, definitions) -> list[str]:
    """Return the keys of ``data`` that ``schema`` does not know, at any depth."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    for choice in schema.get("anyOf", ()):
        if ("$ref" in choice or choice.get("type") == "object") == isinstance(data, dict):
            return unknown_keys(data, choice, definitions)
    if isinstance(data, list):
        return [key for item in data for key in unknown_keys(item, schema["items"], definitions)]
    if not isinstance(data, dict):
        return []
    known = schema.get("properties", {})
    strange = [key for key in data if key not in known]
    return strange + [
        key for name, value in data.items() if name in known for key in unknown_keys(value, known[name], definitions)
    ]
