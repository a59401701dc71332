"""Watch the energy registers of one meter during a measurement: note impossible changes, find the step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from drivers.errors import RigError
from rig.bench.clock import BenchClock
from rig.metrology.registers import DEAD_AFTER_STEPS, float_step, gate_energy, largest_step, rests, step_seen
from rig.metrology.sampled_energy import Moment
from rig.procedures.accuracy.readings import RegisterFault

if TYPE_CHECKING:
    from drivers.meter.client import MeterClient
    from rig.records.recorder import PointRecorder

METER_UPDATE_S = 1.0
"""Data update period of the meter (manual page 1): reads at least this far apart see different updates."""

_NETS = ((1, 2, 3), (8, 9, 10))
"""A net register, and the import and export of which it is the difference (manual page 25)."""

_OTHER_WAY = {2: (3, 10), 3: (2, 9)}
"""By the register that is measured: those of kWh and kVAh that count the other direction."""

_ONE_WAY = frozenset({2, 3, 9, 10})
_RESETS = 78
_QUIET_UPDATES = 3
_QUIET_DEADLINE_UPDATES = 20
_LOOK_STEPS = 6
_LOOK_QUICK_UPDATES = 16
_LOOK_SLOW_S = 5.0
_LOOK_LONGEST_S = 300.0

EDGE_KNOWN_S = 0.1
"""An update seen to plus and minus so much is seen well enough; one that is not is looked for again."""

_EDGE_PAUSE_S = 0.05
_EDGE_STILL_S = 2.5 * METER_UPDATE_S
_EDGE_LONGEST_S = 8.0 * METER_UPDATE_S
_MOST_LOST_S = 30.0
"""Of the time of an update, at most so much may go into readings that take longer than the meter's update."""


class RegisterMoves(RigError):
    """An energy register moves without current, so nothing can be judged (INVALID); ``last_kwh`` is its last value."""

    def __init__(self, instance: int, last_kwh: float) -> None:
        super().__init__(
            f"AI{instance} still moves {_QUIET_DEADLINE_UPDATES} updates after the current was switched off (last "
            f"{last_kwh:g} kWh); check that the current channels are off, or look for creep in the meter"
        )
        self.instance = instance
        self.last_kwh = last_kwh


@dataclass(frozen=True, slots=True)
class Step:
    """The step of a register, in its unit; ``is_seen``: found from its steps or stated, not only from its value."""

    size: float
    origin: str
    is_seen: bool

    def needed_energy(self, limit_pct: float) -> float:
        """Energy of a gate, in the register's unit, after which the step hides nothing; unseen: after which it is dead.

        A register that has not moved yet is looked at for ten times the largest step that its value allows.
        """
        return gate_energy(self.size, limit_pct) if self.is_seen else DEAD_AFTER_STEPS * self.size


@dataclass(frozen=True, slots=True)
class Edge:
    """What the register read from an update on, and when that was."""

    value_kwh: float
    moment: Moment


@dataclass(slots=True)
class RegisterWatch:
    """Reads register AI ``instance`` and its companions; ``stated_step``: of the meter type, None where not stated.

    ``fell`` says which one-way register fell without a reset; ``was_reset`` that the energies were reset meanwhile.
    Both are empty for a good meter.
    """

    meter: MeterClient
    instance: int
    clock: BenchClock
    record: PointRecorder
    stated_step: float | None = None
    fell: str = ""
    was_reset: str = ""
    readings: list[float] = field(default_factory=list)
    _loaded: list[float] = field(default_factory=list)
    _last: dict[int, float] = field(default_factory=dict)
    _stood_still: list[dict[int, float]] = field(default_factory=list)

    def read(self) -> float:
        """Read the register once; a fall or a reset since the last reading is noted. NaN where the meter has QNAN."""
        value = self._read()
        self.readings.append(value)
        return value

    def _read(self) -> float:
        """Read as ``read``, without keeping the value: the step is found from readings that are an update apart."""
        values = self.meter.read_inputs(sorted({self.instance, *(n for net in _NETS for n in net), _RESETS}))
        for number in sorted({self.instance, *_ONE_WAY}):
            before, now = self._last.get(number, math.nan), values[number]
            if not now < before:
                continue
            if values[_RESETS] != self._last[_RESETS]:
                self.was_reset = "the meter's energy registers were reset during the measurement (AI78 counted)"
            elif not self.fell:
                self.fell = (
                    f"AI{number} fell from {before:.9g} to {now:.9g} without a reset (AI78 still {values[_RESETS]:g}); "
                    "a one-way register only grows"
                )
        self._last = values
        return values[self.instance]

    def still(self) -> float:
        """Wait until the register reads the same over several updates with no current; return it in its unit.

        What was read is recorded. Raises RegisterMoves where the register
        keeps moving: then no gate can be judged.
        """
        same = 0
        last: float | None = None
        for _ in range(_QUIET_DEADLINE_UPDATES):
            self.clock.sleep(METER_UPDATE_S)
            value = self._read()
            same = same + 1 if last is not None and (value == last or (math.isnan(value) and math.isnan(last))) else 0
            last = value
            if same >= _QUIET_UPDATES - 1:
                self.readings.append(value)
                now_s = self.clock.now_s()
                self.record.meter_reading(dict(self._last), requested_monotonic_s=now_s, answered_monotonic_s=now_s)
                self._stood_still.append(dict(self._last))
                return value
        raise RegisterMoves(self.instance, math.nan if last is None else last)

    def edge(self) -> Edge:
        """Read the register under load, as fast as the bus allows, until an update shows; return its moment and value.

        A moment that is not known well enough is looked for again, over eight updates at most; a reading that was lost
        and asked for again does not count in that time, up to half a minute. Where the register does not move in two
        and a half the last update was at most a second before the last reading: so it is for a coarse register and
        for a dead one.
        """
        began_s = asked_s = self.clock.now_s()
        value = self._read()
        answered_s = self.clock.now_s()
        best: Edge | None = None
        lost_s = 0.0
        while answered_s - began_s - lost_s < (_EDGE_STILL_S if best is None else _EDGE_LONGEST_S):
            self.clock.sleep(_EDGE_PAUSE_S)
            before_s, before, asked_s = asked_s, value, self.clock.now_s()
            value = self._read()
            answered_s = self.clock.now_s()
            if answered_s - asked_s > METER_UPDATE_S:
                lost_s = min(_MOST_LOST_S, lost_s + answered_s - asked_s)
            if value == before or math.isnan(value) or math.isnan(before):
                continue
            found = Edge(value, Moment(before_s, answered_s))
            if best is None or found.moment.half_width_s < best.moment.half_width_s:
                best = found
            if best.moment.half_width_s <= EDGE_KNOWN_S:
                break
        best = best or Edge(value, Moment(asked_s - METER_UPDATE_S, answered_s))
        self.readings.append(best.value_kwh)
        self.record.meter_reading(
            {self.instance: best.value_kwh},
            requested_monotonic_s=best.moment.earliest_s,
            answered_monotonic_s=best.moment.latest_s,
        )
        return best

    def look(self) -> Step:
        """Read the register under load until it has shown its step, five minutes at the longest; return the step."""
        began_s = self.clock.now_s()
        started = len(self.readings)
        self._loaded.append(self.read())
        while self.clock.now_s() - began_s < _LOOK_LONGEST_S:
            seen = self.readings[started:]
            steps = _steps_in(seen)
            # One rest among the moves may be chance: a longer look tells.
            if steps >= (2 * _LOOK_STEPS if rests(seen) == 1 else _LOOK_STEPS):
                break
            self.clock.sleep(METER_UPDATE_S if len(seen) <= _LOOK_QUICK_UPDATES else _LOOK_SLOW_S)
            self._loaded.append(self.read())
        return self.step()

    def step(self) -> Step:
        """Return the step as far as all readings so far show it."""
        known = [value for value in self.readings if math.isfinite(value)]
        if not known:
            return Step(math.nan, "the register gives no number", is_seen=False)
        finest = float_step(max(known, key=abs))
        if self.stated_step is not None:
            return Step(max(finest, self.stated_step), "the meter type's file", is_seen=True)
        seen = step_seen(known, [value for value in self._loaded if math.isfinite(value)])
        if seen is not None:
            return Step(seen, "its own steps", is_seen=True)
        return Step(largest_step(known[-1]), "the largest that its value allows: it has not moved", is_seen=False)

    def net_faults(self) -> tuple[RegisterFault, ...]:
        """Return each net register that was not import less export while it stood still, to what their steps allow."""
        found = []
        for net, imported, exported in _NETS:
            members = (net, imported, exported)
            for values in self._stood_still:
                finest = float_step(max(abs(values[each]) for each in members))
                coarse = max(_step_of([one[each] for one in self._stood_still]) for each in members)
                slack = 1.5 * finest + (2.0 * coarse if coarse > 8.0 * finest else 0.0)
                expected = values[imported] - values[exported]
                if math.isfinite(expected) and not abs(values[net] - expected) <= slack:
                    found.append(RegisterFault(net, values[net], expected, "is not import less export"))
                    break
        return tuple(found)

    def other_way(self, energy: float, limit_pct: float) -> tuple[RegisterFault, ...]:
        """Return each register of the other direction that counted while ``energy`` (kWh) flowed the measured way.

        What its own step and ``limit_pct`` of that energy allow is no fault.
        """
        found: list[RegisterFault] = []
        if not self._stood_still:
            return ()
        first, last = self._stood_still[0], self._stood_still[-1]
        for number in _OTHER_WAY.get(self.instance, ()):
            advanced = last[number] - first[number]
            step = max(2.0 * float_step(last[number]), _step_of([first[number], last[number]]))
            if advanced > step + limit_pct / 100.0 * energy:
                text = f"counted {advanced:.4g} while {energy:.4g} kWh flowed the other way"
                found.append(RegisterFault(number, last[number], first[number], text))
        return tuple(found)


def _step_of(values: Sequence[float]) -> float:
    """Return the step of a register from what it read standing still: few readings, so the largest that they allow."""
    known = [abs(value) for value in values if math.isfinite(value) and value != 0.0]
    return min((largest_step(value) for value in known), default=0.0)


def _steps_in(readings: Sequence[float]) -> int:
    return sum(1 for earlier, later in pairwise(readings) if earlier != later)
