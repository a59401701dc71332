"""One load point, led by the rig's own procedures to a phase and held there until something happens to it.

Not collected with the tests of this software: ``tests/rig/safety/matrix`` runs it in a process of its own, as ``rig
certify`` runs a suite. What to do comes from the environment: ``MATRIX_STAGE`` is a JSON object with ``phase``,
``place`` (where the point is measured: set-up, test or teardown) and ``folder``, in which ``reached`` says that the
phase is reached and ``order`` what is to happen then.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rig.load_point import LoadPoint
from rig.procedures import MeterRun

STAGE = json.loads(os.environ["MATRIX_STAGE"])
POINT = LoadPoint(277.0, 100.0, 0.0)
_STUCK_S = 60
_CHILD_S = 4


class UnknownError(Exception):
    """An error of which the rig knows nothing."""


class Stage:
    """Stops the rig at a phase, with progress going on as it would, and does there what the test asks."""

    def __init__(self, run: MeterRun) -> None:
        self._run = run
        self._bench = run.bench
        self._folder = Path(STAGE["folder"])
        self._is_held = False
        self._is_going_down = False
        self._readings = 0
        source, position = self._bench.source, run.position
        supervisor, clock = run.supervisor, self._bench.clock
        # Instances, not classes: the rig's own code runs in between, with any stop before or after it.
        _after(source, "set_output", self._after_output)
        _before(source, "set_point", self._before_point)
        _before(clock, "sleep", self._before_sleep)
        _after(supervisor, "settle", lambda: self._hold("settled"))
        _before(position.meter, "read_load_point", self._before_reading)

    def _after_output(self, on: bool, *_: float) -> None:
        if on:
            self._hold("energising")

    def _before_point(self, setting: Any) -> None:
        was_up = self._run.supervisor.load_point is not None
        self._is_going_down = was_up and not any(setting.current) and any(setting.voltage)

    def _before_sleep(self, _dt_s: float) -> None:
        if self._is_going_down:
            self._hold("de-energising")

    def _before_reading(self) -> None:
        self._readings += 1
        if self._readings == 2:
            self._hold("measuring")

    def _hold(self, phase: str) -> None:
        if self._is_held or phase != STAGE["phase"]:
            return
        self._is_held = True
        (self._folder / "reached.new").write_text(json.dumps({"pid": os.getpid()}))
        (self._folder / "reached.new").replace(self._folder / "reached")
        order = self._folder / "order"
        while not order.exists():
            self._bench.clock.sleep(0.01)
            time.sleep(0.01)
        self._obey(order.read_text())

    def _obey(self, order: str) -> None:
        match order:
            case "raise":
                raise UnknownError("an error that the rig does not know")
            case "time out":
                signal.setitimer(signal.ITIMER_REAL, 0.001)  # pytest-timeout's own alarm: its time is over now
                time.sleep(5.0)
            case "os._exit":
                os._exit(70)
            case "fork and be killed":
                if os.fork() == 0:
                    time.sleep(_CHILD_S)
                    os._exit(0)
                os.kill(os.getpid(), signal.SIGKILL)
            case "stick":
                self._leave_others_alive()
                ctypes.CDLL(None).sleep(_STUCK_S)
            case "stick and hold the GIL":
                self._leave_others_alive()
                ctypes.PyDLL(None).sleep(_STUCK_S)

    def _leave_others_alive(self) -> None:
        """Have another thread go on as a poller would: it talks to the source and says that it makes progress."""

        def poll() -> None:
            while True:
                self._bench.source.output_is_on()
                self._bench.guardian.beat()
                time.sleep(0.05)

        threading.Thread(target=poll, daemon=True).start()


def _before(owner: object, name: str, what: Callable[..., None]) -> None:
    real = getattr(owner, name)

    def wrapped(*args: Any, **named: Any) -> Any:
        what(*args)
        return real(*args, **named)

    setattr(owner, name, wrapped)


def _after(owner: object, name: str, what: Callable[..., None]) -> None:
    real = getattr(owner, name)

    def wrapped(*args: Any, **named: Any) -> Any:
        result = real(*args, **named)
        what(*args)
        return result

    setattr(owner, name, wrapped)


@pytest.fixture(scope="session")
def staged(meter_run: MeterRun) -> MeterRun:
    Stage(meter_run)
    return meter_run


def measure(run: MeterRun, place: str) -> None:
    """Measure the point if this is the place for it; a run that is to be disturbed on its way down goes down here."""
    if place != STAGE["place"]:
        return
    run.measure(POINT)
    if STAGE["goes_down_in_place"]:
        run.supervisor.de_energise().raise_if_not_confirmed()


@pytest.fixture
def surrounded(staged: MeterRun) -> Iterator[MeterRun]:
    measure(staged, "set-up")
    yield staged
    measure(staged, "teardown")


def test_a_point_is_measured(surrounded: MeterRun) -> None:
    measure(surrounded, "test")


def test_another_question_is_asked_afterwards(staged: MeterRun) -> None:
    """So that a run that is ended before has an end that is early."""
    assert staged.bench.supervisor is not None
