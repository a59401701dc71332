"""The meters of a run: one or several positions, each with its settings; one that stops answering is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from drivers.errors import RigError
from drivers.meter.errors import BusFailed, MeterError
from meter_model.configuration import Configuration
from rig.bench.as_found import AsFound
from rig.bench.positions.at_once import at_once
from rig.errors import BenchFault, UsageRefused
from rig.events import Events, Noted
from rig.load_point import LoadPoint
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.certification_points import Input
from rig.metrology.corrections.positions import PositionPath, at_position
from rig.metrology.decision import DecisionRule
from rig.metrology.outcome import Outcome
from rig.procedures.accuracy.judgement import judge_power
from rig.procedures.accuracy.power_comparison import Reader, measure_in_turn
from rig.procedures.accuracy.readings import EnergyMeasurement, PointMeasurement, configuration_of
from rig.procedures.events import PointBegan
from rig.procedures.registers.examined import Examined
from rig.procedures.restoring import CLEARS_RECORDS, restore_configuration
from rig.records.data import ResultRecord
from rig.safety.conditions import ReferenceLimits
from rig.safety.errors import OutputWrong, StepFailed
from rig.simulation_mark import is_simulated

if TYPE_CHECKING:
    from rig.bench import Bench, Position
    from rig.records.recorder import PointRecorder, RunRecorder

ResultT = TypeVar("ResultT")


@dataclass
class Unit:
    """One meter under test. ``number``: of its unit in the record; ``as_found``: AV2 to AV11 when the run began.

    ``dead``: why it is not read any more in this run; empty while it answers.
    """

    number: int
    position: Position
    as_found: Mapping[int, float]
    configuration: Configuration
    dead: str = ""

    def died(self, why: str, events: Events) -> None:
        """Leave this meter out from now on."""
        self.dead = f"the meter at position {self.position.name} is not read any more in this run: {why}"
        events.publish(Noted("meter dead", self.dead, "error"))

    def configure(self, wanted: Mapping[int, float], bench: Bench, run_id: str, told: list[Noted]) -> None:
        """Write those analog values that differ, verify them, and check that the meter fits the bench's wiring.

        ``told`` takes what was written. Raises UsageRefused for a value whose writing would clear records.
        """
        clearing = sorted(av for av in wanted if av in CLEARS_RECORDS and self.as_found.get(av) != wanted[av])
        if clearing:
            names = ", ".join(f"AV{av}" for av in clearing)
            raise UsageRefused(f"writing {names} would clear the meter's demand and trend logs; set it by hand first")
        meter = self.position.meter
        where = f" at position {self.position.name}" if len(bench.positions) > 1 else ""
        for av, value in sorted(wanted.items()):
            if self.configuration.value(av) != value:
                self.note_as_found(av, bench, run_id)
                meter.write_value(av, value)
                text = f"AV{av} set to {value:g}{where} for this run (was {self.as_found[av]:g})"
                told.append(Noted("configuration", text))
        self.configuration = configuration_of(meter.read_configuration())
        if bench.wiring is not None:
            bench.wiring.check_configuration(self.configuration)

    def note_as_found(self, av: int, bench: Bench, run_id: str) -> None:
        """Note outside this process what AV ``av`` was when the run began; not for a meter that ends with the run.

        Raises BenchFault where it cannot be noted.
        """
        bus = bench.bus
        if av in self.as_found and (bench.launched is None or bus is None or not is_simulated(bus.settings.device)):
            note = AsFound.of(self.position.identity)
            note.note(av, self.as_found[av], bench=bench.name, position=self.position.name, run=run_id)

    def restore(self, record: RunRecorder, events: Events) -> None:
        """Put the configuration back as it was found; raises BenchFault where it is left otherwise."""
        left = restore_configuration(self.position.meter, self.as_found, record, events, self.number)
        AsFound.of(self.position.identity).forget(left)


def units_of(bench: Bench, as_found: Sequence[Mapping[int, float]]) -> list[Unit]:
    """Return the meters of a bench, by what was found in each."""
    found = zip(bench.positions, as_found, strict=False) if as_found and as_found[0] else ()
    return [Unit(number, position, each, configuration_of(each)) for number, (position, each) in enumerate(found, 1)]


def leave_out(unit: Unit, units: Sequence[Unit], error: RigError, events: Events) -> None:
    """Leave out a meter that does not answer, where there are others; raises the error of the only one.

    A bus that has failed is raised too, where it is not this meter's alone.
    """
    if len(units) < 2 or (isinstance(error, BusFailed) and not has_own_bus(unit, units)):
        raise error
    unit.died(str(error), events)
    alive(units)


def configure_all(
    units: Sequence[Unit], wanted: Mapping[int, float], bench: Bench, record: RunRecorder, events: Events
) -> None:
    """Configure each meter that answers, at the same time at ports of their own; see ``Unit.configure``."""
    told: dict[int, list[Noted]] = {unit.number: [] for unit in units}
    try:
        each_alive(units, lambda unit: unit.configure(wanted, bench, record.run_id, told[unit.number]), events)
    finally:
        for noted in (each for number in sorted(told) for each in told[number]):
            events.publish(noted)


def has_own_bus(unit: Unit, units: Sequence[Unit]) -> bool:
    """Whether no other meter is on this one's bus."""
    return sum(other.position.bus is unit.position.bus for other in units) == 1


def each_alive(units: Sequence[Unit], work: Callable[[Unit], ResultT], events: Events) -> dict[int, ResultT]:
    """Do ``work`` with each meter that answers, at the same time at ports of their own; returns results by number.

    One that fails is left out from now on. Raises what else ``work`` raises, and BenchFault where none is left.
    """

    def attempt(unit: Unit) -> tuple[ResultT | None, RigError | None]:
        try:
            return work(unit), None
        except (MeterError, BusFailed) as error:
            return None, error

    living, done = alive(units), {}
    for unit, (result, error) in zip(living, at_once(living, lambda unit: unit.position.bus, attempt), strict=True):
        if error is not None:
            leave_out(unit, units, error, events)
        else:
            done[unit.number] = cast(ResultT, result)
    return done


def readers_of(units: Sequence[Unit]) -> list[Reader]:
    """Return what reads these meters at a load point; a single one has no number."""
    has_several = len(units) > 1
    return [
        Reader(
            one.position,
            one.configuration,
            one.number if has_several else None,
            one.dead,
            has_own_bus=has_own_bus(one, units),
            path=one.position.path,
        )
        for one in units
    ]


def measure_all(
    bench: Bench,
    units: Sequence[Unit],
    point: LoadPoint,
    record: PointRecorder,
    limits: ReferenceLimits,
    updates: int,
    disturbed: bool,
) -> PointMeasurement:
    """Measure all units at a load point; what ends it is recorded with the point.

    ``disturbed``: an output that is not what was set makes it INVALID, since a unit may be the cause.
    """
    try:
        return measure_in_turn(bench, readers_of(units), point, record, limits=limits, updates=updates)
    except RigError as error:
        is_invalid = disturbed and isinstance(error, OutputWrong | StepFailed)
        record.finish("INVALID" if is_invalid else "ERROR", reason=str(error))
        raise


class Isolating(Protocol):
    """Finds a unit that disturbs the stimulus of all, and repeats what was disturbed without it."""

    def measured(
        self, run: Any, point: LoadPoint, limits: ReferenceLimits, once: Callable[[], PointMeasurement]
    ) -> PointMeasurement:  # Any: the MeterRun, which knows this protocol
        """Measure a load point until nothing disturbs it."""

    def repeated(
        self,
        run: Any,  # Any: as above
        point: LoadPoint,
        limits: ReferenceLimits,
        once: Callable[[], ResultT],
        invalid: Callable[[ResultT], str],
    ) -> ResultT:
        """Do ``once``, which applies ``point`` and begins it in the record, until ``invalid`` is empty."""

    def looked(self, run: Any, once: Callable[[], ResultT]) -> ResultT:  # Any: as above
        """Look at the wiring until nothing disturbs it."""


def examined(
    where: tuple[Bench, Position, LoadPoint, Configuration],
    record: RunRecorder,
    how: tuple[DecisionRule, ReferenceLimits, float],
    work: Callable[[Examined], tuple[ResultRecord, ...]],
    events: Events,
) -> tuple[Examined, tuple[ResultRecord, ...]]:
    """Begin a load point, do one test there, and record its results; ``how``: as the last fields of ``Examined``."""
    bench, position, point, configuration = where
    begun = record.begin_point(point)
    events.publish(PointBegan(point))
    at = Examined(bench, position, point, configuration, begun, *how)
    results = work(at)
    for number in dict.fromkeys(each.unit_number for each in results):
        begun.results([each for each in results if each.unit_number == number])
        if bench.guardian is not None:  # many units together take as long as a hang may last
            bench.guardian.beat()
    return at, results


def restore_all(units: Sequence[Unit], record: RunRecorder, events: Events) -> None:
    """Restore each meter, also where another one failed; raises the first failure at the end."""
    failures: list[RigError] = []
    for unit in units:
        try:
            unit.restore(record, events)
        except RigError as error:
            failures.append(error)
    if failures:
        raise failures[0]


def alive(units: Sequence[Unit]) -> list[Unit]:
    """Return those that answer; raises BenchFault where there are several and none does."""
    found = [unit for unit in units if not unit.dead]
    if units and not found:
        raise BenchFault(f"no meter on this bench answers any more; {units[0].dead}")
    return found


def note_deaths(units: Sequence[Unit], measurement: PointMeasurement, events: Events) -> None:
    """Leave out the meters that stopped answering at a load point."""
    for unit, each in zip(units, measurement.of_each, strict=False):
        if each.dead and not unit.dead:
            unit.died(each.dead, events)


def judge_each(
    measurement: PointMeasurement, judged: Sequence[Input], accuracy: ReferenceAccuracy, rule: DecisionRule
) -> tuple[ResultRecord, ...]:
    """Judge quantities of the measurement of each meter."""
    of_each = [
        of_unit(each, judge_power(each, judged, at_position(accuracy, each.path), rule)) for each in measurement.of_each
    ]
    return tuple(result for results in of_each for result in results)


def at_terminals(measured: EnergyMeasurement, path: PositionPath | None, unit_number: int | None) -> EnergyMeasurement:
    """Return a measured energy with the reference at the meter's own terminals, by its position's correction."""
    if path is not None:
        factor = path.energy_factor(measured.point)
        gates = tuple(replace(each, reference_kwh=each.reference_kwh * factor) for each in measured.gates)
        measured = replace(measured, gates=gates, path=path)
    return replace(measured, unit_number=unit_number)


def dead_energy(unit: Unit, point: LoadPoint, instance: int, record: PointRecorder) -> EnergyMeasurement:
    """Return what there is of the register of a meter that does not answer, and end its load point."""
    record.finish("ERROR", reason=unit.dead)
    return EnergyMeasurement(
        point, instance, (), None, None, unit.dead, record=record, unit_number=unit.number, dead=unit.dead
    )


def of_unit(
    measurement: PointMeasurement | EnergyMeasurement, results: Sequence[ResultRecord]
) -> tuple[ResultRecord, ...]:
    """Give results the number of the measurement's unit; those of a meter that did not answer are ERROR."""
    number = measurement.unit_number
    if measurement.dead:
        results = [
            replace(each, outcome=str(Outcome.ERROR), reason=measurement.dead, decision_rule="") for each in results
        ]
    return tuple(replace(each, unit_number=number) for each in results)
