"""The events of a run: everything that happens, as data, for console, page, record and log to subscribe to.

``Events.subscribe(Event, handler)`` hands over all of them. A run publishes what is open on the bench (ProcessLaunched,
BusOpened, Stated), RunBegan, what the record begins with (Noted, Warned, MeterFound); for each load point PointBegan,
EnergiseStep and Energised or PointApplied, PointMeasured and Judged; for each question QuestionBegan and
QuestionAnswered; at the end SwitchedOff, FileWritten and RunEnded.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rig.events import (
    AdapterLost,
    AdapterRestored,
    BusOpened,
    Energised,
    EnergiseStep,
    Event,
    Events,
    GateChosen,
    LiveTerminals,
    MeterFound,
    MeterRead,
    Noted,
    OutputsChanged,
    OutputsFailed,
    PointApplied,
    ProcessLaunched,
    ReadingSeen,
    SourceAnswers,
    Stated,
    SwitchedOff,
    Warned,
)
from rig.exit_codes import ExitCode
from rig.metrology.outcome import Outcome
from rig.procedures.events import (
    Judged,
    PointBegan,
    PointMeasured,
    PromptAnswered,
    PromptShown,
    QuestionAnswered,
    QuestionBegan,
    WiringChecked,
)
from rig.products.failure_classes import FailureClass
from rig.records.data import RunRecord
from rig.records.units.outcomes import classes_of, unit_outcome

__all__ = [
    "AdapterLost",
    "AdapterRestored",
    "BusOpened",
    "CaptureKept",
    "Continued",
    "EnergiseStep",
    "Energised",
    "Event",
    "Events",
    "Failed",
    "FileWritten",
    "GateChosen",
    "Judged",
    "Listening",
    "LiveTerminals",
    "MeterFound",
    "MeterRead",
    "Noted",
    "OutputsChanged",
    "OutputsFailed",
    "Paused",
    "PointApplied",
    "PointBegan",
    "PointMeasured",
    "ProcessLaunched",
    "PromptAnswered",
    "PromptShown",
    "QuestionAnswered",
    "QuestionBegan",
    "QuestionFailed",
    "ReadingSeen",
    "Refused",
    "RunBegan",
    "RunEnded",
    "SourceAnswers",
    "Stated",
    "SwitchedOff",
    "UnitEnded",
    "Warned",
    "WiringChecked",
]


@dataclass(frozen=True)
class RunBegan(Event):
    """The record of a run is begun: its id and kind, the bench, and whether that is simulated."""

    run_id: str
    suite: str
    bench: str
    simulated: bool

    def __str__(self) -> str:
        return f"run {self.run_id} ({self.suite}) on bench {self.bench} is begun"


@dataclass(frozen=True)
class CaptureKept(Event):
    """The last ``frames`` frames on the bus before ``test`` failed are in ``path``, a file of the run's folder."""

    test: str
    frames: int
    path: Path

    def __str__(self) -> str:
        where = f"{self.path.parent.name}/{self.path.name}"
        return f"{self.test}: the last {self.frames} frames on the bus are in {where}"

    def noted(self) -> Noted:
        """Return the sentence."""
        return Noted("bus capture", str(self))


@dataclass(frozen=True)
class Failed(Event):
    """Something went wrong with the run, other than with a question: ``text`` says what, ``error`` is why."""

    text: str
    error: BaseException | None = None

    def __str__(self) -> str:
        return self.text


class Refused(Failed):
    """Pytest's options do not go with a bench: nothing is asked."""


@dataclass(frozen=True)
class QuestionFailed(Event):
    """A question ended without an answer, by an error of meter or rig."""

    question: str
    error: BaseException

    def __str__(self) -> str:
        return str(self.error) or type(self.error).__name__

    def noted(self) -> Noted:
        """Return the error with the name of the question."""
        return Noted("error", str(self), "error", {"question": self.question})


@dataclass(frozen=True)
class FileWritten(Event):
    """A file or folder for people is in the run's folder."""

    path: Path

    def __str__(self) -> str:
        return f"{self.path} is written"


@dataclass(frozen=True)
class Listening(Event):
    """The run takes answers and the wish to pause at the Unix socket ``socket``."""

    socket: str


class Paused(Event):
    """The outputs are off by the operator's wish, and the run waits."""

    def __str__(self) -> str:
        return "paused: the outputs are off"

    def noted(self) -> Noted:
        """Return the sentence."""
        return Noted("pause", str(self))


class Continued(Event):
    """The run goes on after a pause: what was energised is energised again, by all steps."""

    def __str__(self) -> str:
        return "the run goes on after a pause"

    def noted(self) -> Noted:
        """Return the sentence."""
        return Noted("pause", str(self))


@dataclass(frozen=True)
class UnitEnded:
    """How one meter of a run came out, by its closed record; it counts by the first of ``failure_classes``."""

    position: str
    serial_number: str
    outcome: Outcome
    failure_classes: tuple[FailureClass, ...]

    @classmethod
    def all_of(cls, run: RunRecord) -> tuple[UnitEnded, ...]:
        """Return how each meter of ``run`` came out."""
        return tuple(
            cls(unit.position, unit.scanned or unit.serial_number, unit_outcome(run, number), classes_of(run, number))
            for number, unit in enumerate(run.units, start=1)
        )


@dataclass(frozen=True)
class RunEnded(Event):
    """The record of the run is closed; ``units`` are in the order of their numbers, none of a run without files."""

    outcome: Outcome
    code: ExitCode
    units: tuple[UnitEnded, ...] = ()

    def __str__(self) -> str:
        return f"the run has ended: {self.outcome.value}, exit code {int(self.code)}"


LOG_ONLY = (
    BusOpened, Noted, ProcessLaunched, EnergiseStep, PointApplied, PointBegan, PointMeasured, Judged, QuestionBegan,
    QuestionAnswered, QuestionFailed, RunBegan, FileWritten, RunEnded, ReadingSeen, MeterRead,
    PromptShown, PromptAnswered, Listening,
)  # fmt: skip
"""What comes with every load point or question, or is for record and log only: the console of a suite leaves it out."""
