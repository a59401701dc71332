"""Step: display and keys of each unit, by the prompts that the panel's model derives, judged against the bus."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.meter.requests.packing import Wanted, packed
from meter_model.behaviour.profile import DEFAULT
from rig.errors import UsageRefused
from rig.metrology.outcome import Outcome
from rig.operator.errors import NoAnswer
from rig.operator.prompts import Answer, Operator, Prompt
from rig.procedures.end_of_line.line import Found, Line, TestedUnit, checked, skipped
from rig.procedures.end_of_line.prompting import ask
from rig.procedures.panel_prompts import ask_all, prompts_for
from rig.products.failure_classes import FailureClass

_OBJECT = re.compile(r"(AI|AV|BI)(\d+)\Z")


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
    """Ask about the panel of each unit that is left, one after another; the load stays as it is meanwhile.

    Displays are read only while the enclosure is shut: SafetyInputOpen ends the run where an interlock opens under
    load, and a bench without one says so in its record.
    """
    line.note_all({unit.number: _asked(line, operator, unit) for unit in line.left})


@dataclass(frozen=True)
class _ThroughTheRun:
    """The operator, asked with the run's events and its time."""

    line: Line
    operator: Operator

    def ask(self, prompt: Prompt, timeout_s: float | None = None) -> Answer:
        """Ask, and wait for the answer."""
        return ask(self.line, self.operator, prompt, timeout_s)


def _asked(line: Line, operator: Operator, unit: TestedUnit) -> list[Found]:
    position = unit.unit.position
    reviewed = position.meter_type.reviewed_behaviour(position.identity.firmware_revision)
    profile = DEFAULT if reviewed is None else reviewed.profile
    steps = prompts_for(line.product, profile, unit.position)
    bad, count = [], 0

    def read(objects: Sequence[str]) -> dict[str, float | str]:
        return line.ask_each(lambda each: _read(each, objects), [unit]).get(unit.number, {})

    try:
        for each in ask_all(steps, _ThroughTheRun(line, operator), read, line.run.let_pass):
            count += 1
            if not each.passed:
                shown = f"{each.shown}: {each.detail}" if each.detail else each.shown
                bad.append(checked(each.key, each.expected, shown, False, FailureClass.PANEL))
            if unit.out:
                break
    except NoAnswer as error:
        return [*bad, Found("panel.answered", f"{len(steps)} answers", str(error), Outcome.INVALID)]
    if bad:
        return bad
    return [Found("panel.screens-and-keys", f"{len(steps)} prompts as the bus has it", f"{count} so", Outcome.PASS)]


def _read(unit: TestedUnit, objects: Sequence[str]) -> dict[str, float | str]:
    """Read what a step compares with: inputs, values, alarms, and texts of the Device object."""
    meter = unit.unit.position.meter
    numbered = {name: (match[1], int(match[2])) for name in objects if (match := _OBJECT.match(name))}
    results, _ = meter.read(packed(Wanted(kind, number) for kind, number in numbered.values()))
    values = {(each.kind, each.instance): float(each.value) for part in results for each in part}
    found: dict[str, float | str] = {name: values[place] for name, place in numbered.items()}
    texts = [name for name in objects if name not in numbered]
    if texts:
        identity = meter.identity()
        found |= {name: str(getattr(identity, name.replace("-", "_"))) for name in texts}
    return found
