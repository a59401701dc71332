"""DeviceCommunicationControl (ASHRAE 135 clause 16.1): whether the meter communicates, and for how long it does not."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import IntEnum

from meter_model.behaviour.operation_choices import ServicePassword
from rig.emulation.meter.application.errors import Refused
from rig.emulation.meter.application.tags import RejectReason, RequestRejected, TagReader

_LONGEST_MINUTES = 65_535
_SECONDS_A_MINUTE = 60.0


class Communication(IntEnum):
    """The states, numbered as in the request."""

    ENABLED = 0
    DISABLED = 1
    """Only DeviceCommunicationControl and ReinitializeDevice are executed; nothing else is answered."""
    INITIATION_DISABLED = 2
    """Requests are answered as ever, Who-Is too; this meter initiates nothing anyway."""


class CommunicationControl:
    """The state; ``now_s`` is the meter's own time in seconds, by which a duration ends.

    ``power_ups`` counts the meter's power-ups: each ends the state too, since none of it is non-volatile. No password
    is required; ``password`` says how a given password is treated. A duration of 0 minutes is no limit.
    """

    def __init__(self, now_s: Callable[[], float], power_ups: Callable[[], float], password: ServicePassword) -> None:
        self._password = password
        self._now_s = now_s
        self._power_ups = power_ups
        self._set_at = 0.0
        self._state = Communication.ENABLED
        self._until_s = math.inf

    @property
    def state(self) -> Communication:
        """The state as it is now."""
        if self._state is not Communication.ENABLED and (
            self._now_s() >= self._until_s or self._power_ups() != self._set_at
        ):
            self.enable()
        return self._state

    def enable(self) -> None:
        """Communicate, as after a restart."""
        self._state, self._until_s = Communication.ENABLED, math.inf

    def execute(self, request: TagReader) -> None:
        """Execute a request: [0] minutes (optional), [1] state, [2] password (optional)."""
        minutes = request.context_unsigned(0) if request.next_is_context(0) else 0
        wanted = request.context_unsigned(1)
        check_password(request, 2, self._password)
        if minutes > _LONGEST_MINUTES:
            raise RequestRejected(RejectReason.PARAMETER_OUT_OF_RANGE)
        if wanted not in tuple(Communication):
            raise RequestRejected(RejectReason.UNDEFINED_ENUMERATION)
        self._state = Communication(wanted)
        self._set_at = self._power_ups()
        limited = minutes > 0 and self._state is not Communication.ENABLED
        self._until_s = self._now_s() + minutes * _SECONDS_A_MINUTE if limited else math.inf


def check_password(request: TagReader, number: int, rule: ServicePassword) -> None:
    """Read the optional password, context tag ``number``, which must end the request; refuses it by the rule."""
    is_given = request.next_is_context(number)
    if is_given:
        request.context_octets(number)
    request.expect_end()
    if is_given and rule is ServicePassword.REFUSED:
        raise Refused("security", "password-failure")
