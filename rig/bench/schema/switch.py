"""What a bench file says about its switch unit: what each relay and each sensed contact is for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rig.bench.schema.base import Strict
from rig.bench.schema.instrument import InstrumentPart
from rig.bench.schema.safety import ContactorPart

_SwitchChannel = Annotated[int, Field(ge=101, le=899)]


class ControlPowerPart(Strict):
    """The relay in the meter's control power; ``on_when``: open for a normally closed contact of a changeover relay.

    At the end of a run the relay is opened: with ``on_when: closed`` that takes the meter's control power away.
    """

    channel: _SwitchChannel
    on_when: Literal["closed", "open"] = "closed"


class PulseRelayPart(Strict):
    """The relay whose contact is across the meter's pulse input."""

    channel: _SwitchChannel


class AlarmContactPart(Strict):
    """Where the meter's alarm contact is sensed: by resistance, or as one bit of a digital port that is pulled up."""

    channel: _SwitchChannel
    method: Literal["resistance", "digital"] = "resistance"
    bit: Annotated[int, Field(ge=0, le=7)] = 0


class SwitchPart(InstrumentPart):
    """A switch unit at the terminals of the first position's meter; a role that is left out is not wired."""

    control_power: ControlPowerPart | None = None
    pulse_input: PulseRelayPart | None = None
    alarm_contact: AlarmContactPart | None = None
    contactor: ContactorPart | None = None
