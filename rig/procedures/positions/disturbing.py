"""A meter that disturbs the stimulus of all: found by taking one unit after the other out, then left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from drivers.errors import RigError
from rig.errors import BenchFault, UsageRefused
from rig.events import Noted
from rig.load_point import LoadPoint
from rig.metrology.outcome import Outcome
from rig.operator import Answer, Prompt, PromptKind
from rig.operator.prompts import PUT_BACK, TAKE_OUT
from rig.procedures.accuracy.conditions import ConditionWindow
from rig.procedures.accuracy.readings import PointMeasurement
from rig.procedures.events import QuestionAnswered
from rig.procedures.units import Unit, alive
from rig.procedures.wiring_check.look import LARGEST_PCT
from rig.products.failure_classes import FailureClass
from rig.records.data import FindingRecord
from rig.safety.conditions import IEC_REFERENCE, ReferenceLimits
from rig.safety.errors import NotSettled, OutputWrong, ReferenceInvalid, StepFailed

if TYPE_CHECKING:
    from rig.procedures.meter_run import MeterRun

ResultT = TypeVar("ResultT")

_WRONG = (OutputWrong, StepFailed, NotSettled, ReferenceInvalid)
"""What a meter can cause that loads the leads of all."""


class Disconnector(Protocol):
    """Takes units out, and puts them back, while the outputs are confirmed off. Raises RigError where it cannot."""

    def take_out(self, unit: Unit) -> None:
        """Take the voltage and CT leads of a unit off."""

    def put_back(self, unit: Unit) -> None:
        """Connect the unit again as it was."""


class OperatorDisconnector:
    """Has the operator do it, one prompt each, by ``ask``. Raises UsageRefused where the operator answers no."""

    def __init__(self, ask: Callable[[Prompt], Answer]) -> None:
        self._asks = ask

    def take_out(self, unit: Unit) -> None:
        """Ask for the unit to be taken out."""
        self._ask(unit, TAKE_OUT, f"Take unit {_serial(unit)} out of position {unit.position.name}")

    def put_back(self, unit: Unit) -> None:
        """Ask for it to be put back."""
        self._ask(unit, PUT_BACK, f"Put unit {_serial(unit)} back into position {unit.position.name}")

    def _ask(self, unit: Unit, what: str, text: str) -> None:
        name = unit.position.name
        prompt = Prompt(
            f"{what}{name}", PromptKind.CONFIRM, f"All outputs are off. {text}, then confirm.", position=name
        )
        if not self._asks(prompt).confirmed:
            raise UsageRefused(f"position {name} was not changed, so that the disturbing unit cannot be found")


class Isolation:
    """Set as ``MeterRun.isolation``: a disturbed reading is INVALID, and is repeated without the unit that did it.

    In a run of one unit, and in one without an isolation, the bench has failed, or the reading is INVALID.
    """

    def __init__(self, disconnector: Disconnector) -> None:
        self._disconnector = disconnector

    def measured(
        self, run: MeterRun, point: LoadPoint, limits: ReferenceLimits, once: Callable[[], PointMeasurement]
    ) -> PointMeasurement:
        """Measure a load point until nothing disturbs it; each time a unit is found it is left out."""
        return self.repeated(run, point, limits, once, lambda found: found.invalid)

    def looked(self, run: MeterRun, once: Callable[[], ResultT]) -> ResultT:
        """Look at the wiring until nothing disturbs it."""
        nominal = run.bench_file.parts.nominal
        assert nominal is not None, "the wiring is looked at where there is a source"
        point = nominal.point(LARGEST_PCT)
        return self.repeated(run, point, IEC_REFERENCE, once, lambda _found: "", is_point=False)

    def repeated(
        self,
        run: MeterRun,
        point: LoadPoint,
        limits: ReferenceLimits,
        once: Callable[[], ResultT],
        invalid: Callable[[ResultT], str],
        *,
        is_point: bool = True,
    ) -> ResultT:
        """Do ``once``, which applies ``point``, until ``invalid`` is empty or nothing more can be found.

        ``is_point``: it begins a load point in the record, which does not count then.
        """
        while True:
            before = run.record.last_point
            try:
                found = once()
                why = invalid(found)
                if not why or not self._leaves_out(run, point, limits, why):
                    return found
            except _WRONG as error:
                if not self._leaves_out(run, point, limits, str(error)):
                    raise
            spoiled = run.record.last_point
            if is_point and spoiled is not None and spoiled is not before:
                spoiled.set_aside("a unit disturbed the stimulus of all, and it was measured again")

    def _leaves_out(self, run: MeterRun, point: LoadPoint, limits: ReferenceLimits, why: str) -> bool:
        """Find the unit that disturbs, and leave it out; False where there is one unit only, or none is found."""
        if len(alive(run.units)) < 2:
            return False
        run.go_on()
        try:
            unit = self._search(run, point, limits)
        except RigError as error:
            run.events.publish(Noted("disturbance", f"the disturbing unit was not found: {error}", "error"))
            unit = None
        if unit is None:
            return False
        what = f"unit {_serial(unit)} disturbs the voltage or current of all positions ({why}); all is right without it"
        unit.died(what, run.events)
        with run.at(unit.number):
            finding = FindingRecord(
                name="common stimulus",
                expected="the unit leaves voltage and current of the bench as they are",
                found=what,
                outcome=str(Outcome.FAIL),
                failure_class=str(FailureClass.OTHER),
            )
            run.record.finding(finding)
            run.events.publish(QuestionAnswered(finding))
        return True

    def _search(self, run: MeterRun, point: LoadPoint, limits: ReferenceLimits) -> Unit | None:
        """Take one unit after the other out; None where it is right with all, or wrong without any one of them."""
        supervisor = run.bench.supervisor
        assert supervisor is not None
        if self._is_right(run, point, limits):
            return None
        for unit in list(alive(run.units)):
            supervisor.de_energise(softly=True).raise_if_not_confirmed()
            self._disconnector.take_out(unit)
            if self._is_right(run, point, limits):
                return unit
            supervisor.de_energise(softly=True).raise_if_not_confirmed()
            self._disconnector.put_back(unit)
        return None

    def _is_right(self, run: MeterRun, point: LoadPoint, limits: ReferenceLimits) -> bool:
        """Whether the analyzer sees at ``point`` what was set."""
        bench = run.bench
        if bench.supervisor is None or bench.wiring is None:
            raise BenchFault(f"bench {bench.name} has no source to apply a load with")
        try:
            bench.supervisor.apply(point)
            last = bench.supervisor.settle()[-1]
            window = ConditionWindow(bench, point, limits)
            window.add(last, bench.wiring.stimulus(last), bench.supervisor.analyzer_ranges)
        except _WRONG:
            return False
        return not window.unmet


def _serial(unit: Unit) -> str:
    return unit.position.identity.serial_number
