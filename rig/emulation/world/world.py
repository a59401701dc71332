"""The emulated bench's world: one lock, one bench time, and everything that changes with it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from meter_model.stimulus import Stimulus
from rig.emulation.scpi.engine import Wait
from rig.emulation.world.air import Air
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.connections import Connections
from rig.emulation.world.contactor import Contactor
from rig.emulation.world.fair_lock import FairLock
from rig.emulation.world.physics import NOTHING, SourceTerminals, Wiring

HOLD_S = 0.02
"""While time is spent the world is given up about this often (wall seconds), so that others are served."""

LIVED_STEP_S = 1.0
"""Bench seconds that the world is held for while each second is lived."""

LEAST_STEP_S = 30.0
"""Bench seconds that it is held for at least while noise is held: what meters do at both ends costs most of it."""

_WORTH_IT = 1.5
"""Where even the least step takes longer than ``HOLD_S``, the world is held for this many times that."""

LIVED_S = 120.0
"""The last two minutes of a time that is spent (bench seconds), and all that is shorter, are lived second by second."""

LONGEST_HELD_S = 600.0
"""For so long (bench seconds) at most noise is held, as its mean."""

TICK_S = 0.08
_LOOK_AGAIN_S = 0.1
_ROUNDING_S = 1e-9


class Source(Protocol):
    """What drives the bench."""

    def terminals(self, at_s: float) -> SourceTerminals:
        """Return what it puts out at a moment of bench time."""

    def next_change_s(self, now_s: float) -> float:
        """Return until when that may be taken as constant."""

    def wander(self, seconds: int) -> None:
        """Draw new noise, the mean of so many seconds, in place of the noise drawn at each whole bench second."""

    @property
    def revision(self) -> int:
        """A number that changes whenever a setting or the noise does."""


class Output(Protocol):
    """The output of a source as the world's side doors see it."""

    @property
    def is_on(self) -> bool:
        """Whether the instrument reports its output on."""

    @property
    def is_stuck(self) -> bool:
        """Whether the output relay stays closed for ever (a fault)."""


class SourceOnBench(Source, Protocol):
    """A source as it stands on the bench, used with the world held."""

    @property
    def output(self) -> Output:
        """The output relay."""

    def add_gain(self, kind: str, fraction: float) -> None:
        """Make the output of ``kind`` ("voltage", "current" or "both") wrong by a fraction: a seeded defect."""

    def stick(self, on: bool) -> None:
        """Make the output relay stay closed for ever (a fault), or mend it."""


class Measuring(Protocol):
    """What is exposed to the stimulus: a meter, an analyzer."""

    def advance(self, dt_s: float, stimulus: Stimulus) -> None:
        """Live through ``dt_s`` seconds of a constant stimulus."""


class World:
    """Steps source, wiring, analyzer and meters together.

    Hold the world to look at any of them: ``with world:`` takes the lock and brings the world up to now, so that each
    action inside happens at this moment of bench time. May be nested.
    """

    def __init__(self, time: BenchTime, wiring: Wiring) -> None:
        self.time = time
        self.wiring = wiring
        self._lock = FairLock()
        self._source: Source | None = None
        self._measuring: tuple[Measuring, ...] = ()
        self._now_s = 0.0
        self._next_draw_s = 1.0
        self._spent_until_s = 0.0
        self._stimulus: Stimulus = wiring.stimulus(SourceTerminals(60.0, NOTHING, NOTHING, (True, True, True)))
        self._stimulus_key: tuple[int, float, bool, float, bool, tuple[float, float]] | None = None
        self._air = Air()
        self._contactor = Contactor()
        self._connections = Connections()
        self._closing = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="world-ticker", daemon=True)

    def attach(self, source: Source, measuring: Sequence[Measuring]) -> None:
        """Put the instruments and meters on the bench, before anything moves."""
        self._source, self._measuring = source, tuple(measuring)

    def breathe(self, air: Air) -> None:
        """Put the bench into other air, before anything moves: it is what the meters' temperature follows."""
        self._air = air

    def put_behind(self, contactor: Contactor) -> None:
        """Put analyzer and meters behind a contactor, before anything moves."""
        self._contactor = contactor

    def connect(self, connections: Connections) -> None:
        """Say which meters are connected, before anything moves: one that disturbs is seen by all."""
        self._connections = connections

    def start(self) -> None:
        """Let bench time run with wall time, also while no request arrives."""
        self._ticker.start()

    def close(self) -> None:
        """Stop; threads that wait are released."""
        self._closing.set()
        if self._ticker.is_alive():
            self._ticker.join()

    def now_s(self) -> float:
        """Return the bench time up to which everything is computed (the world is held)."""
        return self._now_s

    @property
    def stimulus(self) -> Stimulus:
        """What is at the meters' terminals (the world is held)."""
        return self._at_terminals(self._now_s)

    def __enter__(self) -> None:
        self._lock.acquire()
        try:
            self._advance_to(self.time.now_s())
        except BaseException:
            self._lock.release()
            raise

    def __exit__(self, *_error: object) -> None:
        self._lock.release()

    def sleep(self, dt_s: float) -> float:
        """Let ``dt_s`` seconds (not negative) pass as fast as they can be computed; returns the bench time then."""
        self.spend(dt_s)
        with self:
            return self._now_s

    def spend(self, dt_s: float, within_s: float = math.inf) -> float:
        """Let at most ``dt_s`` seconds (not negative) pass within ``within_s`` of wall time; returns what is left."""
        left_s, long_s, least_took_s = dt_s, LEAST_STEP_S, math.inf
        give_up_s = time.monotonic() + within_s
        while left_s > 0.0 and not self._closing.is_set():
            with self._lock:
                begun_s = time.perf_counter()
                is_long = left_s > LIVED_S and self._is_held()
                step_s = min(long_s, left_s - LIVED_S) if is_long else min(LIVED_STEP_S, left_s)
                self.time.skip(step_s)
                target_s = self.time.now_s()
                left_s -= step_s
                self._spent_until_s = max(self._spent_until_s, target_s + left_s)
                self._advance_to(target_s)
                took_s = max(time.perf_counter() - begun_s, HOLD_S / 10.0)
            if is_long:
                least_took_s = min(least_took_s, took_s)
                allowed_s = max(HOLD_S, _WORTH_IT * least_took_s)
                long_s = max(LEAST_STEP_S, long_s * min(2.0, allowed_s / took_s))
            if time.monotonic() >= give_up_s:
                break
        return left_s

    def wait(self, wait: Wait) -> bool:
        """Wait in bench time, without holding the world, until ``wait`` is over; False when the world closes."""
        while not self._closing.is_set():
            with self:
                if wait.is_over():
                    return True
                due_s = wait.due_s()
            self.time.wait_until(due_s, _LOOK_AGAIN_S)
        return False

    def _tick(self) -> None:
        while not self._closing.wait(TICK_S):
            with self:
                pass

    def _advance_to(self, target_s: float) -> None:
        source = self._source
        if source is None:
            self._now_s = max(self._now_s, target_s)
            self._next_draw_s = math.floor(self._now_s + _ROUNDING_S) + 1.0
            return
        while self._now_s < target_s:
            end_s = min(target_s, self._next_draw_s, source.next_change_s(self._now_s))
            stimulus = self._at_terminals((self._now_s + end_s) / 2.0)
            for one in self._measuring:
                one.advance(end_s - self._now_s, stimulus)
            self._now_s = end_s
            if end_s == self._next_draw_s:
                self._draw_noise(source)

    def _draw_noise(self, source: Source) -> None:
        """Draw noise for the second that begins; for many at once where all of them are to be spent."""
        spare_s = min(self._spent_until_s - self._now_s - LIVED_S, LONGEST_HELD_S) if self._is_steady() else 0.0
        seconds = max(1, math.floor(spare_s))
        source.wander(seconds)
        self._next_draw_s = self._now_s + seconds

    def _is_steady(self) -> bool:
        if self._source is None or not self._air.is_still(self._now_s):
            return False
        return self._source.next_change_s(self._now_s) == math.inf

    def _is_held(self) -> bool:
        return self._is_steady() and self._next_draw_s > self._now_s + 1.0

    def _at_terminals(self, at_s: float) -> Stimulus:
        source = self._source
        if source is None:
            return self._stimulus
        # The same object while nothing changes: a meter or analyzer need not compute it again.
        is_moving = source.next_change_s(at_s) < math.inf
        temperature_c = self._air.meter_temperature_c(self._now_s)
        is_fed = self._contactor.lets_through
        left = self._connections.left
        key = (source.revision, at_s if is_moving else math.inf, is_moving, temperature_c, is_fed, left)
        if key != self._stimulus_key:
            given = source.terminals(at_s)
            at_terminals = self._connections.seen(self.wiring.stimulus(given if is_fed else given.cut_off()))
            self._stimulus, self._stimulus_key = replace(at_terminals, temperature_c=temperature_c), key
        return self._stimulus
