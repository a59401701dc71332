"""The causes that can end a run, as data: what is done, how long the outputs may stay on, what must be recorded."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from rig.safety.guardian.journal import SLOT_OCTETS, SLOTS
from tests.rig.safety.matrix.cell import Cell, Protection
from tests.rig.safety.matrix.debugger import attach, detach
from tests.waiting import comes_true

Phase = Literal["energising", "settled", "measuring", "de-energising"]
PHASES: tuple[Phase, ...] = ("energising", "settled", "measuring", "de-energising")

OFF_S = 2.0
HANG_OFF_S = 3.0
CONTACTOR_OFF_S = 3.5
WATCHDOG_OFF_S = 11.0
BACK_OFF_S = 12.0
"""The guardian's longest pause, and an attempt."""

ASLEEP_S = 4.0
"""Longer than a hang: what 20 s do, and 4 s in the tests."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One row of the matrix.

    ``happens`` does it to a running cell, from outside; ``order`` has the suite do it to itself (``orders``: where the
    phase makes a difference). ``then``: what is done when the output is off; ``mends``: what shortens the wait for the
    end, in the normal tests. ``place``: where in the suite the point is measured. ``worst``: the phase for the normal
    tests. ``exit_code`` is the process's: negative is the signal that killed it. ``protection``: what the bench
    has beside the guardian. ``counts_from_waking``: the time counts from the end of what happens. ``is_slow``: in the
    soak only. ``guardian_goes_on``: it has not had it confirmed when the rig is gone, and does not end.
    """

    name: str
    switches_off: str
    worst: Phase
    exit_code: int
    happens: Callable[[Cell], None] = lambda _cell: None
    order: str = "go on"
    orders: dict[Phase, str] = field(default_factory=dict)
    then: Callable[[Cell], None] = lambda _cell: None
    mends: Callable[[Cell], None] = lambda _cell: None
    place: str = "test"
    goes_down_in_place: bool = False
    within_s: float = OFF_S
    outcome: str = "TERMINATED"
    stays_on: bool = False
    protection: Protection = "none"
    counts_from_waking: bool = False
    is_slow: bool = False
    guardian_goes_on: bool = False


def _signal(number: signal.Signals) -> Callable[[Cell], None]:
    return lambda cell: os.kill(cell.pid, number)


def _kill_guardian(cell: Cell) -> None:
    os.kill(cell.guardian_pid, signal.SIGKILL)


def _kill_bus_port(cell: Cell) -> None:
    os.kill(cell.child("drivers.mstp.process.port_process"), signal.SIGKILL)


def _fill_disk(cell: Cell) -> None:
    """Let no file of the rig grow, nor the guardian's journal beyond the room it has: what a full disk does."""
    resource.prlimit(cell.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    room = SLOTS * SLOT_OCTETS
    resource.prlimit(cell.guardian_pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))


def _kill_both(cell: Cell) -> None:
    """End rig and guardian together, as a kernel that stops does: neither sees the other's end."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        os.kill(cell.guardian_pid, number)
        os.kill(cell.pid, number)


def _sleep(cell: Cell) -> None:
    """Let rig and guardian stand still, and wake both."""
    for number in (signal.SIGSTOP, signal.SIGCONT):
        os.kill(cell.guardian_pid, number)
        os.kill(cell.pid, number)
        if number == signal.SIGSTOP:
            time.sleep(ASLEEP_S)


def _be_late(cell: Cell) -> None:
    cell.source.answer_delay_s = 1.4


def _be_in_time(cell: Cell) -> None:
    cell.source.answer_delay_s = 0.0


def _stick(cell: Cell) -> None:
    cell.control.fault("source-stuck-relay")


def _away_and_killed(cell: Cell) -> None:
    """Take the network to the source away, kill the rig, and give the network back: the guardian is still there."""
    cell.source.go_away()
    os.kill(cell.pid, signal.SIGKILL)
    time.sleep(cell.away_s)
    cell.source.come_back()


def _away_for_good_and_killed(cell: Cell) -> None:
    cell.source.go_away()
    os.kill(cell.pid, signal.SIGKILL)


def _unpower_network(cell: Cell) -> None:
    cell.source.go_away()
    cell.analyzer.go_away()


def _put_another_instrument_there(cell: Cell) -> None:
    cell.source.be_another(b"ACME,9000,1,1.0")


def _put_another_instrument_there_and_kill(cell: Cell) -> None:
    """The rig must not live: once the watchdog has tripped, its analyzer would confirm it or not, as it happens."""
    _put_another_instrument_there(cell)
    os.kill(cell.pid, signal.SIGKILL)


def _starve_and_kill(cell: Cell) -> None:
    """Let rig and guardian open nothing and start nothing any more, and kill the rig."""
    for pid in (cell.pid, cell.guardian_pid):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, 3))
        resource.prlimit(pid, resource.RLIMIT_NPROC, (1, 1))
    os.kill(cell.pid, signal.SIGKILL)


def _stay_until_off(cell: Cell) -> None:
    """Let the rig stand on its way down until it has seen it: its next step would take back what a client has set."""
    if cell.phase == "de-energising":
        comes_true(lambda: not cell.control.status["output_on"], OFF_S)


def _be_over_range(cell: Cell) -> None:
    """Have the analyzer say of voltage A what it says of one far above its range: the first field of each data set."""
    cell.analyzer.spoil = lambda answer: b"INF," + answer.partition(b",")[2] if answer.count(b",") > 20 else answer
    _stay_until_off(cell)


def _be_in_range(cell: Cell) -> None:
    cell.analyzer.spoil = lambda answer: answer


def _raise_as_second_client(cell: Cell) -> None:
    cell.source.say("VOLT 340,CH1" if cell.protection == "watchdog" else "SOUR:PHAS1:VOLT:MHAR:HARM1 340,0")
    _stay_until_off(cell)


RIG, GUARDIAN = "the rig, at once", "the guardian"

CAUSES = (
    Cause("SIGINT", RIG, "measuring", 2, _signal(signal.SIGINT)),
    Cause("SIGTERM", RIG, "energising", 2, _signal(signal.SIGTERM)),
    Cause("SIGHUP", RIG, "de-energising", 2, _signal(signal.SIGHUP)),
    Cause("SIGKILL", GUARDIAN, "measuring", -9, _signal(signal.SIGKILL)),
    Cause(
        "SIGSTOP", GUARDIAN, "settled", 10, _signal(signal.SIGSTOP), then=_signal(signal.SIGCONT), within_s=HANG_OFF_S
    ),
    Cause("exception in fixture set-up", RIG, "settled", 10, order="raise", place="set-up", goes_down_in_place=True),
    Cause("exception in a test", RIG, "measuring", 10, order="raise", goes_down_in_place=True),
    Cause("exception in teardown", RIG, "energising", 10, order="raise", place="teardown", goes_down_in_place=True),
    Cause("pytest-timeout", RIG, "measuring", 10, order="time out"),
    Cause(
        "main thread stuck in C",
        GUARDIAN,
        "settled",
        -9,
        order="stick",
        orders={"energising": "stick and hold the GIL", "de-energising": "stick and hold the GIL"},
        then=_signal(signal.SIGKILL),
        within_s=HANG_OFF_S,
    ),
    Cause("SIGKILL of the guardian", "the rig, from its own connection", "energising", 10, _kill_guardian),
    Cause("broken analyzer", RIG, "settled", 10, lambda cell: cell.analyzer.close()),
    Cause("broken bus", RIG, "measuring", 10, _kill_bus_port),
    Cause(
        "source that drops its link", "the rig, over a new connection", "settled", 10, lambda cell: cell.source.drop()
    ),
    Cause("source that answers late", GUARDIAN, "measuring", 10, _be_late, mends=_be_in_time),
    Cause("over range", RIG, "measuring", 10, _be_over_range, then=_be_in_range),
    Cause("second client that raises a voltage", RIG, "settled", 10, _raise_as_second_client),
    Cause("stuck output relay", "not possible: exit 13", "measuring", 13, _stick, outcome="ABORTED", stays_on=True),
    Cause("full disk", RIG, "measuring", 10, _fill_disk),
    Cause("debugger that stops the rig", GUARDIAN, "measuring", 10, attach, then=detach, within_s=HANG_OFF_S),
    Cause("os._exit in a test", GUARDIAN, "measuring", 70, order="os._exit"),
    Cause("SIGKILL while a forked child lives on", GUARDIAN, "settled", -9, order="fork and be killed"),
    Cause(
        "host asleep for 20 s", "the rig or the guardian, on waking", "measuring", 10, _sleep, counts_from_waking=True
    ),
    Cause(
        "host asleep for 20 s, with a contactor",
        "the contactor",
        "settled",
        10,
        _sleep,
        within_s=CONTACTOR_OFF_S,
        protection="contactor",
    ),
    Cause(
        "mains or kernel lost", "nothing: not protected", "measuring", -9, _kill_both, outcome="ABORTED", stays_on=True
    ),
    Cause(
        "mains or kernel lost, with a contactor",
        "the contactor",
        "measuring",
        -9,
        _kill_both,
        within_s=CONTACTOR_OFF_S,
        outcome="ABORTED",
        protection="contactor",
    ),
    Cause(
        "mains or kernel lost, with a source watchdog",
        "the source",
        "measuring",
        -9,
        _kill_both,
        within_s=WATCHDOG_OFF_S,
        outcome="ABORTED",
        protection="watchdog",
        is_slow=True,
    ),
    Cause("no free process, thread or descriptor, SIGKILL", GUARDIAN, "measuring", -9, _starve_and_kill),
    Cause(
        "network away for 5 minutes, rig killed",
        "the guardian, when it is back",
        "measuring",
        -9,
        _away_and_killed,
        within_s=BACK_OFF_S,
        counts_from_waking=True,
    ),
    Cause(
        "network away for 5 minutes, rig killed, with a source watchdog",
        "the source",
        "measuring",
        -9,
        _away_for_good_and_killed,
        within_s=WATCHDOG_OFF_S,
        outcome="ABORTED",
        protection="watchdog",
        is_slow=True,
        guardian_goes_on=True,
    ),
    Cause(
        "network switch unpowered",
        "not possible: exit 13",
        "measuring",
        13,
        _unpower_network,
        outcome="ABORTED",
        stays_on=True,
        is_slow=True,
        guardian_goes_on=True,
    ),
    Cause(
        "network switch unpowered, with a source watchdog",
        "the source",
        "measuring",
        13,
        _unpower_network,
        within_s=WATCHDOG_OFF_S,
        outcome="ABORTED",
        protection="watchdog",
        is_slow=True,
        guardian_goes_on=True,
    ),
    Cause(
        "other instrument at the source's address",
        "not possible: exit 13",
        "measuring",
        13,
        _put_another_instrument_there,
        outcome="ABORTED",
        stays_on=True,
        guardian_goes_on=True,
    ),
    Cause(
        "other instrument at the source's address, rig killed, with a source watchdog",
        "the source",
        "measuring",
        -9,
        _put_another_instrument_there_and_kill,
        within_s=WATCHDOG_OFF_S,
        outcome="ABORTED",
        protection="watchdog",
        is_slow=True,
        guardian_goes_on=True,
    ),
)

WATCHED_TOO = (
    "SIGKILL",
    "over range",
    "second client that raises a voltage",
    "debugger that stops the rig",
    "os._exit in a test",
    "SIGKILL while a forked child lives on",
    "host asleep for 20 s",
    "no free process, thread or descriptor, SIGKILL",
)
"""Causes that end in the same way, in the same time, where the source has a watchdog: none waits for it."""
