"""What a bench file says about its switch unit: what each relay and each sensed contact is for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rig.bench.schema.base import LateText as _LateText
from rig.bench.schema.base import Name as _Name
from rig.bench.schema.base import Strict
from rig.bench.schema.safety import ContactorPart
from rig.bench.schema.serial import SerialPart

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


class SwitchPart(Strict):
    """A switch unit at the terminals of the first position's meter; a role that is left out is not wired."""

    driver: _Name
    resource: _LateText
    visa_library: _Name = "@py"
    serial: SerialPart | None = None
    control_power: ControlPowerPart | None = None
    pulse_input: PulseRelayPart | None = None
    alarm_contact: AlarmContactPart | None = None
    contactor: ContactorPart | None = None
