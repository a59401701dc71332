"""Step: the operator looks at display and keys of each unit, and answers."""

from __future__ import annotations

from rig.errors import UsageRefused
from rig.operator.errors import NoAnswer
from rig.operator.prompts import Operator, Prompt, PromptKind
from rig.procedures.end_of_line.line import Found, Line, TestedUnit, checked, skipped
from rig.procedures.end_of_line.prompting import ask
from rig.products.failure_classes import FailureClass

_LOOK = (
    ("display", "Look at the display: is it lit, with all of its characters whole, and no wrench or alert icon shown?"),
    ("keys", "Press each key once: does each one change the screen?"),
)


def skip_panel(line: Line, operator: Operator | None) -> str | None:
    """Record for each unit why its panel is not looked at, and return the reason; None where it is looked at.

    Raises UsageRefused where the product requires it.
    """
    product = line.product
    if operator is not None and product.panel.ask:
        return None
    why = "the product's file does not ask for it" if operator is not None else "no operator answers (--operator-by)"
    if "panel" in product.required:
        raise UsageRefused(f"product {product.name} requires the front panel to be looked at: {why}")
    line.note_all({unit.number: [skipped("panel.looked-at", why)] for unit in line.left})
    return why


def check_panel(line: Line, operator: Operator) -> None:
    """Ask about the panel of each unit that is left, one after another."""
    line.note_all({unit.number: [_asked(line, operator, unit, *each) for each in _LOOK] for unit in line.left})


def _asked(line: Line, operator: Operator, unit: TestedUnit, name: str, text: str) -> Found:
    prompt = Prompt(f"panel.{name}.{unit.position}", PromptKind.CONFIRM, text, position=unit.position)
    try:
        answer = ask(line, operator, prompt)
    except NoAnswer as error:
        return checked(f"panel.{name}", "yes", str(error), False, FailureClass.PANEL)
    return checked(f"panel.{name}", "yes", "yes" if answer.confirmed else "no", answer.confirmed, FailureClass.PANEL)
