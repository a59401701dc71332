"""docs/reference/front-panel.md says what the panel's tables say."""

from __future__ import annotations

from tools.panel_reference import DOCUMENT, document


def test_the_page_of_the_front_panel_is_current():
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run: python tools/panel_reference.py"
