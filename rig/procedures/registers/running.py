"""Running energy: a register is read while the load is on, and a line through its updates gives its rate."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from drivers.analyzer.base import AnalyzerReading
from meter_model.prediction.prediction import predict
from rig.errors import UsageRefused
from rig.events import GateChosen
from rig.metrology.certification_points import JudgedQuantity
from rig.metrology.register_tests.line_fit import LineFit, fit, fit_time_s
from rig.metrology.sampled_energy import LARGEST_UNSEEN, Moment, PowerNotSeen, PowerSet, sampled_energy, unseen_of
from rig.procedures.accuracy.climate import note_climate
from rig.procedures.accuracy.energy_register import LEAST_GATE, duration, power_errors, step_under_load
from rig.procedures.accuracy.judgement import judge_energy, judge_others
from rig.procedures.accuracy.power_comparison import read_reference
from rig.procedures.accuracy.readings import EnergyMeasurement, GateMeasurement, RegisterFault
from rig.procedures.accuracy.register_watch import EDGE_KNOWN_S, METER_UPDATE_S, Edge, RegisterWatch, Step
from rig.procedures.accuracy.sampled_gate import SETS_IN_A_GATE, SampledGate
from rig.procedures.registers.conditions import worst_of
from rig.procedures.registers.examined import Examined
from rig.records.data import ResultRecord
from rig.safety.conditions import Deviation, distortions, unmet
from rig.safety.errors import NotSettled, ReferenceInvalid

PROCEDURE = "energy_running"

EDGES_AT_EACH_END = 5
"""Updates that are seen at each end of the time; a data set of the analyzer is read between any two of them."""

LEAST_S = 120.0
_SHORT_S = 300.0
_POWER_OF = {2: 11, 3: 11, 4: 12, 5: 12, 6: 12, 7: 12}
"""The power whose energy a register counts; apparent energy has no limit and no measured reference."""

_QUADRANTS = (4, 5, 6, 7)
_SETS_OF_A_READING = 2.5
"""A reading that is begun after the call takes two update periods, and a little for the connection."""

_LENGTHS = (1.0, 1.5, 2.0)
"""The time is so many times as long where requests that were lost leave too much of it without a data set."""

_PAUSE_S = 1.0
"""Between data sets at least: no more of them are needed, and the wait for an update is then no gap among them."""


def energy_running(at: Examined, item: JudgedQuantity) -> tuple[ResultRecord, ...]:
    """Measure the register of ``item`` at the point of ``at``, and judge it by the row of ``item``.

    Active and reactive energy: AI2 to AI7. Of the reactive registers those of the three other quadrants may not
    count. Raises UsageRefused for a register that has no measured reference, RigError where the bench fails.
    """
    if item.instance not in _POWER_OF:
        raise UsageRefused(f"AI{item.instance} has no measured power to be compared with; choose one of AI2 to AI7")
    measured = _Running(at, item).measure()
    judged = judge_energy(measured, item, at.bench.accuracy, at.rule, PROCEDURE)
    return (judged, *judge_others(measured, at.rule))


@dataclass(slots=True)
class _Running:
    at: Examined
    item: JudgedQuantity
    sets: list[PowerSet] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    has_no_power: bool = False

    def measure(self) -> EnergyMeasurement:
        at, item = self.at, self.item
        supervisor, wiring, analyzer = at.bench.supervisor, at.bench.wiring, at.bench.analyzer
        assert supervisor is not None
        assert wiring is not None
        assert analyzer is not None
        stated = at.position.meter_type.register_step_kwh
        watch = RegisterWatch(at.position.meter, item.instance, at.bench.clock, at.record, stated)
        supervisor.apply(at.point)
        try:
            last = supervisor.settle()[-1]
            reference = read_reference(at.bench, at.record)
            conditions = self._conditions(last)
            climate = note_climate(at.bench, at.record, at.limits)
            step = step_under_load(at.bench, at.point, watch)
            repeats = power_errors(
                at.bench, at.position, at.point, at.configuration, at.record, _POWER_OF[item.instance]
            )
            before = self._quadrants()
            needed_s = self._needed_s(step)
            line = self._watched(watch, step, needed_s)
            after = self._quadrants()
            conditions += self._conditions(analyzer.read())
            gate = self._gate(watch, line)
        except (NotSettled, ReferenceInvalid, PowerNotSeen) as error:
            at.record.finish("INVALID", reason=str(error))
            return EnergyMeasurement(
                at.point, item.instance, (), supervisor.analyzer_ranges, None, str(error), record=at.record
            )
        found = worst_of((*climate.conditions, *conditions))
        invalid = climate.invalid or unmet(found) or watch.was_reset
        at.finish(found, invalid)
        return EnergyMeasurement(
            at.point,
            item.instance,
            (gate,),
            supervisor.analyzer_ranges,
            reference.stimulus,
            invalid,
            power_errors_pct=repeats,
            fell=watch.fell,
            faults=self._wrong_quadrants(before, after, gate),
            needed_s=needed_s,
            has_distortion=reference.has_distortion,
            record=at.record,
        )

    def _watched(self, watch: RegisterWatch, step: Step, needed_s: float) -> LineFit:
        """See updates at both ends of the time, data sets all along, and fit the line."""
        at = self.at
        assert at.bench.analyzer is not None
        least_s = needed_s * (LEAST_GATE if step.is_seen else 1.0)
        is_too_long = not least_s <= at.longest_s
        wanted_s = max(LEAST_S, min(needed_s, at.longest_s))
        length_s = min(_SHORT_S, at.longest_s) if is_too_long else math.ceil(wanted_s)
        self._say(watch, step, needed_s, length_s)
        source = SampledGate(
            at.bench,
            at.point,
            at.configuration,
            at.record,
            watch,
            lambda: watch.step().size,
            _POWER_OF[self.item.instance],
        )
        self._take(source)
        self._see(watch, source, moves=step.is_seen)
        from_s = self.edges[0].moment.middle_s
        pause_s = max(_PAUSE_S, length_s / SETS_IN_A_GATE - _SETS_OF_A_READING * at.bench.analyzer.update_s)
        for longer in _LENGTHS:
            del self.edges[EDGES_AT_EACH_END:]
            while (left_s := from_s + longer * length_s - at.now_s()) > 0.0:
                at.bench.clock.sleep(min(pause_s, left_s))
                self._take(source)
            self._see(watch, source, moves=step.is_seen)
            if self.has_no_power or unseen_of(self.sets, from_s, self.edges[-1].moment.middle_s) <= LARGEST_UNSEEN:
                break
        return fit([edge.moment for edge in self.edges], [edge.value_kwh for edge in self.edges])

    def _take(self, source: SampledGate) -> None:
        """Read a data set; the gate has no reference where the analyzer gives no power for long."""
        taken = source.power_sets()
        self.has_no_power |= not taken
        self.sets += taken

    def _see(self, watch: RegisterWatch, source: SampledGate, *, moves: bool) -> None:
        """See updates one after the other, or read a register that does not move: no update shows in that."""
        for _ in range(EDGES_AT_EACH_END):
            if moves:
                self.edges.append(watch.edge())
            else:
                asked_s = self.at.now_s()
                value = watch.read()
                self.edges.append(Edge(value, Moment(asked_s - METER_UPDATE_S, self.at.now_s())))
            self._take(source)

    def _gate(self, watch: RegisterWatch, line: LineFit) -> GateMeasurement:
        first, last = (each.moment.middle_s for each in (self.edges[0], self.edges[-1]))
        # The moments of the updates are in the line's own budget line, which comes in place of that of two edges.
        found = sampled_energy(self.sets, Moment(first, first), Moment(last, last))
        return GateMeasurement(
            registered_kwh=line.rate * line.span_s,
            reference_kwh=found.energy / 3600.0,
            resolution_kwh=watch.step().size,
            elapsed_s=line.span_s,
            started_kwh=self.edges[0].value_kwh,
            sampled=(line.component, *found.components[1:]),
        )

    def _needed_s(self, step: Step) -> float:
        limit_pct = self.item.row.limit_pct
        power = self._nominal_kw()
        of_step = 3600.0 * step.needed_energy(limit_pct) / power if power > 0.0 else math.inf
        return max(of_step, fit_time_s(EDGE_KNOWN_S, EDGES_AT_EACH_END, limit_pct)) if step.is_seen else of_step

    def _nominal_kw(self) -> float:
        assert self.at.bench.wiring is not None
        terminals = self.at.bench.wiring.terminals(self.at.point)
        return abs(predict(terminals, self.at.configuration)[_POWER_OF[self.item.instance]].value)

    def _conditions(self, reading: AnalyzerReading) -> tuple[Deviation, ...]:
        at = self.at
        assert at.bench.supervisor is not None
        assert at.bench.wiring is not None
        found = at.bench.supervisor.deviations_from_nominal(at.bench.wiring.stimulus(reading), at.limits)
        return found + distortions(reading, at.bench.wiring.terminals(at.point), at.limits)

    def _quadrants(self) -> dict[int, float]:
        return self.at.read(_QUADRANTS) if self.item.instance in _QUADRANTS else {}

    def _wrong_quadrants(
        self, before: dict[int, float], after: dict[int, float], gate: GateMeasurement
    ) -> tuple[RegisterFault, ...]:
        """Return the registers of other quadrants that counted more than the limit of the energy that flowed."""
        allowed = self.item.row.limit_pct / 100.0 * abs(gate.reference_kwh) + gate.resolution_kwh
        return tuple(
            RegisterFault(
                each, after[each], before[each], f"counted {after[each] - before[each]:.4g} in another quadrant"
            )
            for each in before
            if each != self.item.instance and after[each] - before[each] > allowed
        )

    def _say(self, watch: RegisterWatch, step: Step, needed_s: float, length_s: float) -> None:
        more = "" if needed_s <= length_s else f"; it would take {duration(needed_s)}"
        self.at.bench.events.publish(
            GateChosen(
                self.at.point,
                watch.instance,
                watch.readings[-1],
                step.size,
                step.origin,
                needed_s,
                f"a line over {duration(needed_s)} is long enough for it",
                f"a line through updates over {duration(length_s)}{more}",
            )
        )
