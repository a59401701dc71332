"""The units of an end-of-line run: which are still tested, what each step found, and when all of it began."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from drivers.errors import RigError
from drivers.meter.errors import BusFailed, MeterError
from meter_model.configuration import Configuration
from rig.bench import BenchFile
from rig.bench.positions.at_once import at_once
from rig.events import Noted
from rig.metrology.outcome import Outcome
from rig.procedures.end_of_line.advance import Advance
from rig.procedures.events import QuestionAnswered
from rig.procedures.meter_run import MeterRun
from rig.procedures.units import Unit
from rig.products.failure_classes import FailureClass
from rig.products.product import Product
from rig.records.data import FindingRecord

ResultT = TypeVar("ResultT")


class StepFailed(AssertionError):
    """At least one unit failed a step; the text has one line for each. The findings are recorded and counted."""

    counted_as_outcome = True


class StepUndecided(RigError):
    """A step allows no verdict on at least one unit; recorded and counted."""

    counted_as_outcome = True


@dataclass(frozen=True, slots=True)
class Found:
    """What one step found at one unit. ``failure_class``: what a FAIL says of the unit."""

    key: str
    expected: str
    found: str
    outcome: Outcome
    failure_class: FailureClass | None = None
    cites: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether the unit does not pass with it."""
        return self.outcome not in (Outcome.PASS, Outcome.COND_PASS, Outcome.NOT_JUDGED, Outcome.SKIP)


def checked(
    key: str, expected: object, found: object, good: bool, failure_class: FailureClass, cites: str = ""
) -> Found:
    """Return a finding that passes where it is ``good``."""
    outcome = Outcome.PASS if good else Outcome.FAIL
    return Found(key, str(expected), str(found), outcome, None if good else failure_class, cites)


def skipped(key: str, reason: str) -> Found:
    """Return a finding for what is not asked here, and why."""
    return Found(key, "", reason, Outcome.SKIP)


def together(key: str, expected: str, parts: Iterable[Found]) -> Found:
    """Return one finding for several of one kind: what is wrong with them, or that they are as expected."""
    bad = [each for each in parts if each.is_bad]
    if not bad:
        return Found(key, expected, "so it is", Outcome.PASS)
    text = "; ".join(f"{each.key}: {each.found} (expected {each.expected})" for each in bad)
    return Found(key, expected, text, bad[0].outcome, bad[0].failure_class)


@dataclass
class TestedUnit:
    """One unit of the run. ``scanned``: its serial number as its label says; ``out``: why it is not asked any more."""

    __test__ = False  # no class of pytest's

    unit: Unit
    scanned: str
    out: str = ""
    wiring: FailureClass | None = None
    """What its readings say of exchanged, reversed or missing channels; None where they are right."""
    failed: list[Found] = field(default_factory=list)

    @property
    def number(self) -> int:
        """Its number in the record."""
        return self.unit.number

    @property
    def position(self) -> str:
        """The name of its position."""
        return self.unit.position.name


class Line:
    """What the steps of one end-of-line run share.

    ``scanned``: serial number of each position. ``bench_file``: the bench without product and masks. ``operator_s``:
    bench seconds that an operator took. A unit that is out (it does not answer, is another one, or cannot be
    configured) is asked nothing more.
    """

    def __init__(
        self,
        run: MeterRun,
        product: Product,
        scanned: Mapping[str, str],
        bench_file: BenchFile,
        opened_s: float = 0.0,
    ) -> None:
        self.bench_file = bench_file
        self.run = run
        self.product = product
        self.units = [TestedUnit(each, scanned.get(each.position.name, "")) for each in run.units]
        self.operator_s = 0.0
        self.advances: dict[str, dict[int, Advance]] = {}
        """How registers moved, by the load at which they did."""
        self._opened_s = opened_s
        self._began_s = run.bench.clock.now_s()

    @property
    def bench_time_s(self) -> float:
        """Bench seconds since the bench was opened, without the operator's."""
        return self._opened_s + self.run.bench.clock.now_s() - self._began_s - self.operator_s

    @property
    def left(self) -> list[TestedUnit]:
        """The units that are still tested."""
        return [each for each in self.units if not each.out]

    def has_own_bus(self, unit: TestedUnit) -> bool:
        """Whether no other unit is on the bus of this one."""
        return sum(each.unit.position.bus is unit.unit.position.bus for each in self.units) == 1

    @property
    def configuration(self) -> Configuration:
        """The configuration of the product."""
        return self.product.configuration.configuration

    def ask_each(
        self, work: Callable[[TestedUnit], ResultT], units: Iterable[TestedUnit] | None = None
    ) -> dict[int, ResultT]:
        """Ask the units that are left (or of ``units``); returns what each said, by number.

        A unit that does not answer is out: it fails in communication. ``work`` uses the meter, and nothing else of
        the bench.
        """
        asked = [each for each in (self.left if units is None else units) if not each.out]
        found = _each(asked, work)
        said: dict[int, ResultT] = {}
        for each, answer in zip(asked, found, strict=True):
            if isinstance(answer, RigError):
                self.lost(each, str(answer))
            else:
                said[each.number] = answer
        return said

    def lost(self, unit: TestedUnit, why: str) -> None:
        """Note that a unit does not answer: it fails, and is asked nothing more."""
        self.note(unit, checked("communication.answers", "an answer", why, False, FailureClass.COMMUNICATION))
        self.take_out(unit, why)

    def take_out(self, unit: TestedUnit, why: str) -> None:
        """Ask a unit nothing more in this run."""
        unit.out = why
        self.run.events.publish(
            Noted("unit out", f"position {unit.position}: not tested any further: {why}", "warning")
        )

    def note(self, unit: TestedUnit, found: Found) -> None:
        """Record what a step found at a unit."""
        finding = FindingRecord(
            name=found.key,
            expected=found.expected,
            found=found.found,
            outcome=str(found.outcome),
            unit_number=unit.number,
            cites=found.cites,
            failure_class=found.failure_class or "",
        )
        self.run.record.finding(finding)
        self.run.events.publish(QuestionAnswered(finding))
        if found.is_bad:
            unit.failed.append(found)
        self.run.tell_progress()  # several findings for each of several units are long, seen from the guardian

    def note_all(self, found: Mapping[int, Sequence[Found]], *, must_pass: bool = False) -> None:
        """Record what a step found at each unit; raise StepFailed where one failed, StepUndecided where one is open.

        ``must_pass``: a unit that does not pass is asked nothing more.
        """
        bad: list[tuple[TestedUnit, Found]] = []
        for unit in self.units:
            of_unit = found.get(unit.number, ())
            for each in of_unit:
                self.note(unit, each)
            wrong = [each for each in of_unit if each.is_bad]
            bad += [(unit, each) for each in wrong]
            if wrong and must_pass and not unit.out:
                self.take_out(unit, f"{wrong[0].key}: expected {wrong[0].expected}, found {wrong[0].found}")
        if bad:
            raise_for(bad)


def raise_for(bad: Sequence[tuple[TestedUnit, Found]]) -> None:
    """Raise StepFailed, or StepUndecided where no unit failed; one line for each finding."""
    lines = [
        f"position {unit.position}: {each.key}: expected {each.expected}, found {each.found}" for unit, each in bad
    ]
    if any(each.outcome in (Outcome.FAIL, Outcome.COND_FAIL) for _, each in bad):
        raise StepFailed("\n".join(lines))
    raise StepUndecided("\n".join(lines))


def _each(units: Sequence[TestedUnit], work: Callable[[TestedUnit], ResultT]) -> list[ResultT | RigError]:
    """Return what ``work`` gives for each unit, or the error with which its meter did not answer.

    Raises BusFailed where the bus is that of several units.
    """
    buses = [each.unit.position.bus for each in units]

    def tried(unit: TestedUnit) -> ResultT | RigError:
        try:
            return work(unit)
        except MeterError as error:
            return error
        except BusFailed as error:
            if sum(each is unit.unit.position.bus for each in buses) > 1:
                raise
            return error

    return at_once(units, lambda unit: unit.unit.position.bus, tried)
