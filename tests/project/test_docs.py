"""Pages of the documentation that state something of the code or of each other."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from rig.plans.programmes import ProcedureName

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
DECISIONS = sorted((DOCS / "decisions").glob("0*.md"))
EXAMPLE = re.compile(r"acme|NAME")
"""In the names of files that a recipe has its reader write."""

STATUS = re.compile(r"Date: 20\d\d-\d\d-\d\d\. Status: (accepted|replaced)\.")


def codes(data: object) -> set[str]:
    if isinstance(data, dict):
        own = {data["provenance"]} if "provenance" in data else set()
        return own.union(*(codes(each) for each in data.values()))
    return set().union(*(codes(each) for each in data)) if isinstance(data, list) else set()


@pytest.mark.parametrize("table", sorted((ROOT / "fixtures/standards").glob("*.yaml")), ids=lambda path: path.stem)
def test_each_provenance_code_of_a_limit_table_is_explained(table: Path) -> None:
    page = (DOCS / "reference/provenance.md").read_text(encoding="utf-8")
    found = codes(yaml.safe_load(table.read_text(encoding="utf-8")))
    assert found
    assert [code for code in found if f"| `{code}` |" not in page] == []
    assert f"| `{table.name}` |" in page


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem[:4])
def test_a_decision_has_a_date_and_a_status_and_is_listed(decision: Path) -> None:
    title, _, status = decision.read_text(encoding="utf-8").splitlines()[:3]
    assert title.startswith(f"# {int(decision.stem[:4])}. ")
    assert STATUS.match(status), status
    assert f"]({decision.name})" in (DOCS / "decisions/README.md").read_text(encoding="utf-8")


def test_each_page_is_in_the_navigation_of_the_documentation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    pages = [str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")]
    assert [page for page in pages if page not in navigation] == []


def test_each_relative_link_of_a_page_leads_to_a_file() -> None:
    dead = []
    for page in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                dead.append(f"{page.relative_to(ROOT)}: {target}")
    assert dead == []


def is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").exists()


def has_name(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    return is_module(module) and hasattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("page", ["docs/architecture.md", "README.md", "CONTRIBUTING.md"])
def test_each_path_that_a_page_names_in_code_marks_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    tops = "meter_model|drivers|rig|fixtures|tests|tests_hil|tools|benchmarks|docs|changelog.d"
    named = set(re.findall(rf"`((?:{tops})/[\w./-]+)`", text))
    modules = set(re.findall(r"`((?:meter_model|drivers|rig|fixtures)(?:\.[a-z_0-9]+)+)`", text))
    missing = [path for path in named if not EXAMPLE.search(path) and not (ROOT / path).exists()]
    missing += [name for name in modules if not (is_module(name) or has_name(name))]
    assert missing == []


def test_page_about_programmes_names_every_procedure() -> None:
    page = (DOCS / "how-to/programmes.md").read_text(encoding="utf-8")
    assert [name for name in get_args(ProcedureName) if f"`{name}`" not in page] == []
