"""Ask the steps of a panel check: read the bus, ask the operator, read again, judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from rig.operator import Answer, Operator
from rig.procedures.panel_prompts.bus_meter import Readings
from rig.procedures.panel_prompts.judging import PanelJudgement, complaint, judge
from rig.procedures.panel_prompts.steps import PanelStep

__all__ = ["PanelJudgement", "ask", "ask_all"]

Read = Callable[[Sequence[str]], Readings]
"""Reads objects of the meter over the bus now: ``AI11``, ``BI9``, ``AV9``, ``serial-number`` and the like."""

Sleep = Callable[[float], object]
"""Spends seconds of bench time."""

_MOST_ASKED = 3
_KEY_STEPS = ("panel.start", "panel.keys", "panel.back")
"""Where one of these fails nothing more can be asked: every way relies on all keys."""

_GROWING = frozenset(f"AI{number}" for number in (*range(1, 11), *range(19, 28)))
"""Energies and demands: they change while an operator reads."""


def ask(
    step: PanelStep, operator: Operator, read: Read, sleep: Sleep, timeout_s: float | None = None
) -> PanelJudgement:
    """Ask one step; raises NoAnswer, and what ``read`` raises."""
    before = read(step.objects) if step.objects else {}
    answer = _answer(step, operator, timeout_s)
    if step.settle_s:
        sleep(step.settle_s)
    return judge(step, answer, before, read(step.objects) if step.objects else {})


def ask_all(
    steps: Sequence[PanelStep], operator: Operator, read: Read, sleep: Sleep, timeout_s: float | None = None
) -> Iterator[PanelJudgement]:
    """Ask all steps in their order, and yield the judgement of each that was asked.

    What does not grow is read once for all of them, before the first, and again where a step fails by that reading: a
    value that has changed meanwhile is not the display's fault. After a step that leaves the panel elsewhere no key is
    pressed on trust: the first step, which leads to the first screen from anywhere, is asked again, and the next step
    that can begin there; steps in between are left out. Where the keys do not lead to the first screen nothing more is
    asked. Raises NoAnswer, and what ``read`` raises.
    """
    still = sorted({name for step in steps if _is_still(step) for name in step.objects})
    first = read(still) if still else {}
    is_lost = False
    for step in steps:
        now = step
        if is_lost:
            if step.keys_from_start is None:
                continue
            again = ask(steps[0], operator, read, sleep, timeout_s)
            if not again.passed:
                yield again
                return
            now = replace(step, prompt=replace(step.prompt, keys=step.keys_from_start))
        found = _asked_once(now, operator, read, sleep, first, timeout_s)
        yield found
        is_lost = found.is_lost
        if is_lost and step.key in _KEY_STEPS:
            return


def _asked_once(
    step: PanelStep, operator: Operator, read: Read, sleep: Sleep, first: Readings, timeout_s: float | None
) -> PanelJudgement:
    if not _is_still(step):
        return ask(step, operator, read, sleep, timeout_s)
    answer = _answer(step, operator, timeout_s)
    found = judge(step, answer, first, first)
    return found if found.passed or not step.objects else judge(step, answer, first, read(step.objects))


def _is_still(step: PanelStep) -> bool:
    return not step.settle_s and not _GROWING.intersection(step.objects)


def _answer(step: PanelStep, operator: Operator, timeout_s: float | None) -> Answer:
    """Ask until the answer can be judged, three times at most; the last answer is judged as it is."""
    prompt = step.prompt
    for _ in range(_MOST_ASKED - 1):
        answer = operator.ask(prompt, timeout_s)
        wrong = complaint(step, answer)
        if wrong is None:
            return answer
        prompt = replace(step.prompt, text=f"{wrong} {step.prompt.text}", keys=())
    return operator.ask(prompt, timeout_s)
