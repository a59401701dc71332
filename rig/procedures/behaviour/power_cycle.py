"""A loss of control power under load: the meter before, during and after it; observed once, then judged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from drivers.meter.logs import LogRecord
from drivers.mstp.clock import monotonic_s
from drivers.switch.base import SwitchUnit
from rig.errors import UsageRefused
from rig.events import Noted
from rig.procedures.behaviour.inquiry import Inquiry
from rig.procedures.behaviour.time_bounds import Moment

STORED_INPUTS = (*range(1, 11), *range(22, 28), 29, *range(31, 55), 76, 78, 81)
"""Analog inputs that are kept without control power (manual pages 25 to 28)."""

_LOG = 1
_POWER_INPUT = 11
_LOG_INTERVAL_CS, _LOGGED_S = 1000.0, 25.0
_HEARD_S = 1.0
_LISTENING_TIMES = 5
_SETTLED_OFF_S = 3.0
_BACK_WITHIN_S = 60.0
_WHO_IS_S = 0.5


@dataclass(frozen=True, slots=True)
class MeterState:
    """What a meter reads: clock, alerts, inputs that are stored, AV2 to AV11, TL1's records.

    ``clock_at`` and ``inputs_at``: when clock and inputs were read.
    """

    clock: datetime
    clock_at: Moment
    alarms: frozenset[int]
    inputs: dict[int, float]
    inputs_at: Moment
    configuration: dict[int, float]
    records: tuple[LogRecord, ...]


@dataclass(frozen=True, slots=True)
class PowerCycle:
    """One loss of control power, under a constant load of ``power_kw``.

    ``powered_s``: bench seconds with control power between the readings of the inputs, at most; ``off_s``: those
    without; ``back_s``: those from power to the reading of the clock, at most. ``answers``: devices that answered
    Who-Is meanwhile; ``frames``: frames that came from the meter's address, once it has had the time to fall silent.
    ``contact_was_closed``: the alarm contact meanwhile, None if not wired.
    """

    before: MeterState
    after: MeterState
    power_kw: float
    off_s: float
    powered_s: float
    back_s: float
    answers: int
    frames: int
    contact_was_closed: bool | None


def observe_power_cycle(asked: Inquiry, switch: SwitchUnit, off_s: float = 60.0) -> PowerCycle:
    """Take control power away for ``off_s`` bench seconds under load; clears the logs, loses the clock, counts AI81.

    The clock is set to the host's time before and after. Raises UsageRefused without leave to clear, WrongBehaviour
    where the meter does not come back.
    """
    if not asked.allow_reset:
        raise UsageRefused("a loss of control power clears the meter's clock; allow it with --allow-reset")
    clock = asked.run.bench.clock
    with asked.configured({11: _LOG_INTERVAL_CS}):
        _set_clock(asked)
        asked.load(-30.0, 100.0)
        asked.updates(_LOGGED_S)
        power_kw = asked.input(_POWER_INPUT)
        before = _state(asked)
        with without_control_power(asked, switch):
            off_at_s = clock.now_s()
            asked.run.let_pass(_SETTLED_OFF_S)
            answers, frames = _heard(asked)
            contact = switch.alarm_contact_is_closed() if switch.roles.alarm_contact is not None else None
            asked.run.let_pass(off_s - (clock.now_s() - off_at_s))
            on_at_s = clock.now_s()
        after = _state(asked)
        _set_clock(asked)
    return PowerCycle(
        before=before,
        after=after,
        power_kw=power_kw,
        off_s=on_at_s - off_at_s,
        powered_s=(off_at_s - before.inputs_at.begun_s) + (after.inputs_at.ended_s - on_at_s),
        back_s=after.clock_at.ended_s - on_at_s,
        answers=answers,
        frames=frames,
        contact_was_closed=contact,
    )


@contextmanager
def without_control_power(asked: Inquiry, switch: SwitchUnit) -> Iterator[None]:
    """Keep control power off while the context lasts; at its end it is on and the meter answers again.

    Raises WrongBehaviour where it does not within a minute of bench time.
    """
    asked.run.events.publish(Noted("control power", "switched off for a question"))
    switch.set_control_power(False)
    try:
        yield
    finally:
        switch.set_control_power(True)
        _await_meter(asked)


def _await_meter(asked: Inquiry) -> None:
    instance = asked.run.position.identity.device_instance
    clock = asked.run.bench.clock
    since_s = clock.now_s()
    while True:
        asked.run.let_pass(1.0)
        waited_s = clock.now_s() - since_s
        is_there = bool(asked.meter.bus.who_is(instance, instance, timeout_s=_WHO_IS_S))
        if is_there or waited_s > _BACK_WITHIN_S:
            break
    found = f"after {waited_s:.0f} s" if is_there else f"not within {waited_s:.0f} s"
    asked.check("on the bus again with control power", f"within {_BACK_WITHIN_S:g} s", found, is_there)
    asked.updates()


def _heard(asked: Inquiry) -> tuple[int, int]:
    """Listen for a meter that ought to be silent: who answers, and frames from its address.

    What was under way when the power went may still be heard, and more of it where the bench is slow: what counts is
    heard in the first time without any, or else in the last of them.
    """
    for _ in range(_LISTENING_TIMES - 1):
        answers, frames = _heard_now(asked)
        if not answers and not frames:
            return 0, 0
    return _heard_now(asked)


def _heard_now(asked: Inquiry) -> tuple[int, int]:
    bus = asked.meter.bus
    began_s = monotonic_s()
    answering = [device for device in bus.who_is(timeout_s=_HEARD_S) if device.address == asked.meter.address]
    frames = [
        seen
        for seen in bus.captured()
        if seen.header_crc_ok and seen.start_s > began_s and seen.frame.source == asked.meter.address
    ]
    return len(answering), len(frames)


def _state(asked: Inquiry) -> MeterState:
    alarms = asked.alarms()
    inputs, inputs_at = asked.timed(lambda: asked.inputs(STORED_INPUTS))
    clock, clock_at = asked.timed(asked.meter.read_time)
    configuration, records = asked.meter.read_configuration(), asked.meter.read_log(_LOG)
    return MeterState(clock, clock_at, alarms, inputs, inputs_at, configuration, records)


def _set_clock(asked: Inquiry) -> None:
    asked.set_clock(datetime.now().replace(microsecond=0))
    asked.updates(2)
