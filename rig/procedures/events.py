"""What happens while a meter is measured and questioned, as data; ``rig.run.events`` has these too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rig.events import Event, Noted
from rig.load_point import LoadPoint
from rig.operator.prompts import Answer, Prompt
from rig.procedures.accuracy.readings import EnergyMeasurement, PointMeasurement
from rig.procedures.registers.examined import Examined
from rig.records.data import FindingRecord, ResultRecord, WiringCheckRecord


@dataclass(frozen=True)
class PointBegan(Event):
    """A load point is begun: its record is there, nothing is applied yet."""

    point: LoadPoint

    def __str__(self) -> str:
        return f"load point {self.point.label} is begun"


@dataclass(frozen=True)
class PointMeasured(Event):
    """A load point, or an energy register at one, was measured; its readings are recorded."""

    measurement: PointMeasurement | EnergyMeasurement

    def __str__(self) -> str:
        return f"load point {self.measurement.point.label} is measured{self.measurement.invalid and ': INVALID'}"


@dataclass(frozen=True)
class Judged(Event):
    """A measurement was judged; its results are recorded."""

    measurement: PointMeasurement | EnergyMeasurement | Examined
    results: Sequence[ResultRecord]

    def __str__(self) -> str:
        judged = ", ".join(f"AI{each.instance} {each.outcome}" for each in self.results)
        return f"load point {self.measurement.point.label} is judged: {judged}"


@dataclass(frozen=True)
class QuestionBegan(Event):
    """The question ``name`` is asked; ``cites``: the source that it cites, such as "manual page 22".

    It is question ``number`` of the ``count`` of its session.
    """

    name: str
    cites: str
    number: int = 0
    count: int = 0

    def __str__(self) -> str:
        return f"question {self.name} is asked"


@dataclass(frozen=True)
class QuestionAnswered(Event):
    """A question was answered in words, or skipped; the finding is recorded."""

    finding: FindingRecord

    def __str__(self) -> str:
        one = self.finding
        return f"{one.outcome}: {one.name}: expected {one.expected!r}, found {one.found!r}"


@dataclass(frozen=True)
class PromptShown(Event):
    """The operator is asked something, and the run waits."""

    prompt: Prompt

    def __str__(self) -> str:
        at = f" at position {self.prompt.position}" if self.prompt.position else ""
        return f"prompt {self.prompt.prompt_id}{at}: {self.prompt.text}"


@dataclass(frozen=True)
class PromptAnswered(Event):
    """The operator answered, and the run goes on."""

    answer: Answer

    def __str__(self) -> str:
        said = self.answer.text or ("yes" if self.answer.confirmed else "no")
        return f"prompt {self.answer.prompt_id} is answered: {said}"


@dataclass(frozen=True)
class WiringChecked(Event):
    """How the meter is connected was looked at, before the first verdict; the check is recorded."""

    check: WiringCheckRecord

    def __str__(self) -> str:
        if self.check.state == "right":
            return f"wiring: {self.check.text} ({self.check.proof.partition(';')[0]})"
        if self.check.state == "accepted":
            return f"{self.check.text}; accepted with --accept-wiring"
        return "" if self.check.state == "wrong" else self.check.text

    def noted(self) -> Noted:
        """Return it; what is wrong and not accepted ends the run, and its error is noted."""
        kind = {"accepted": "warning", "unknown": "warning"}.get(self.check.state, "info")
        return Noted("wiring check", self.check.text, kind)
