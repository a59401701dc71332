"""What a bench file says about its switch unit: what each relay and contact is for, those of the safety circuit too."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from rig.bench.schema.instrument import InstrumentPart
from rig.files.yaml_types import Strict

SwitchChannel = Annotated[int, Field(ge=101, le=899)]
"""A relay or a sensed contact: slot and channel."""


class SafetyInputPart(Strict):
    """Where a contact of the safety circuit is sensed at the switch unit, as ``switch: alarm_contact`` is.

    ``safe_when``: whether the contact is closed or open while it is safe to energise. With ``closed``, a wire that
    breaks reads as not safe; with ``open`` a broken wire goes unnoticed.
    """

    channel: SwitchChannel
    method: Literal["resistance", "digital"] = "digital"
    bit: Annotated[int, Field(ge=0, le=7)] = 0
    safe_when: Literal["closed", "open"] = "closed"


class ContactorPart(Strict):
    """The contactor between source and meter, worked by the guardian over the switch unit: ``switch: contactor``.

    ``channel``: relay in series with its coil. ``pulse_channel``: relay whose closings trigger a retriggerable timer
    relay, whose contact is in series with the coil too. ``hold_s``: seconds for which that timer is set.
    """

    channel: SwitchChannel
    pulse_channel: SwitchChannel
    hold_s: Annotated[float, Field(ge=1.0, le=10.0, allow_inf_nan=False)] = 3.0

    @model_validator(mode="after")
    def _two_relays(self) -> ContactorPart:
        if self.channel == self.pulse_channel:
            raise ValueError("'channel' and 'pulse_channel' are two relays; give each its own number")
        return self


class SafetyInputsPart(Strict):
    """Contacts that the rig reads before it energises and while it is energised; they act in hardware, not here.

    ``interlock``: of the enclosure, safe while it is shut. ``emergency_stop``: safe while it is not pressed.
    """

    interlock: SafetyInputPart | None = None
    emergency_stop: SafetyInputPart | None = None

    @model_validator(mode="after")
    def _says_something(self) -> SafetyInputsPart:
        if self.interlock is None and self.emergency_stop is None:
            raise ValueError("needs 'interlock' or 'emergency_stop'; leave the part out where neither is wired")
        return self


class ControlPowerPart(Strict):
    """The relay in the meter's control power; ``on_when``: open for a normally closed contact of a changeover relay.

    At the end of a run the relay is opened: with ``on_when: closed`` that takes the meter's control power away.
    """

    channel: SwitchChannel
    on_when: Literal["closed", "open"] = "closed"


class PulseRelayPart(Strict):
    """The relay whose contact is across the meter's pulse input."""

    channel: SwitchChannel


class AlarmContactPart(Strict):
    """Where the meter's alarm contact is sensed: by resistance, or as one bit of a digital port that is pulled up."""

    channel: SwitchChannel
    method: Literal["resistance", "digital"] = "resistance"
    bit: Annotated[int, Field(ge=0, le=7)] = 0


class SwitchPart(InstrumentPart):
    """A switch unit at the terminals of the first position's meter; a role that is left out is not wired."""

    control_power: ControlPowerPart | None = None
    pulse_input: PulseRelayPart | None = None
    alarm_contact: AlarmContactPart | None = None
    contactor: ContactorPart | None = None
