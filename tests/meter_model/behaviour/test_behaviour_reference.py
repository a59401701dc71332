"""docs/reference/behaviour.md says what the behaviour profile says."""

from __future__ import annotations

import re
from dataclasses import fields
from enum import StrEnum

from meter_model.behaviour.profile import BehaviourProfile, Choice, choices
from meter_model.behaviour.settled import SETTLED, Settled
from tools.behaviour_reference import DOCUMENT, document

LAST_PAGE = 32


def test_the_page_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run: python tools/behaviour_reference.py"


def test_every_choice_has_a_default_among_its_options_a_reason_and_pages() -> None:
    assert [each.name for each in choices()] == [each.name for each in fields(BehaviourProfile)]
    stated: tuple[Choice | Settled, ...] = (*choices(), *SETTLED)
    for each in stated:
        assert each.reason
        assert all(1 <= int(page) <= LAST_PAGE for page in re.split(", ", each.pages)), each
    for each in choices():
        assert not each.options or (each.default in each.options and len(each.options) > 1)


def test_every_option_of_a_choice_is_on_the_page_with_what_it_means() -> None:
    page = DOCUMENT.read_text(encoding="utf-8")
    for entry in fields(BehaviourProfile):
        section = page.split(f"### {entry.name}\n")[1].split("\n### ")[0]
        if isinstance(entry.default, StrEnum):
            assert all(f"- `{option}`" in section for option in type(entry.default))
            assert f"- `{entry.default}` (default)" in section
