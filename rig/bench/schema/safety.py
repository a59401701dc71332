"""What a bench file says about safety: inputs for interlock and emergency stop, limits narrower than the meter's."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rig.files.yaml_types import Hertz, Line, Percent, Seconds, Volts


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SafetyInputPart(_Strict):
    """Where a contact of the safety circuit is sensed at the switch unit, as ``switch: alarm_contact`` is.

    ``safe_when``: whether the contact is closed or open while it is safe to energise. With ``closed``, a wire that
    breaks reads as not safe; with ``open`` a broken wire goes unnoticed.
    """

    channel: Annotated[int, Field(ge=101, le=899)]
    method: Literal["resistance", "digital"] = "digital"
    bit: Annotated[int, Field(ge=0, le=7)] = 0
    safe_when: Literal["closed", "open"] = "closed"


class ContactorPart(_Strict):
    """The contactor between source and meter, worked by the guardian over the switch unit: ``switch: contactor``.

    ``channel``: relay in series with its coil. ``pulse_channel``: relay whose closings trigger a retriggerable timer
    relay, whose contact is in series with the coil too. ``hold_s``: seconds for which that timer is set.
    """

    channel: Annotated[int, Field(ge=101, le=899)]
    pulse_channel: Annotated[int, Field(ge=101, le=899)]
    hold_s: Annotated[float, Field(ge=1.0, le=10.0, allow_inf_nan=False)] = 3.0

    @model_validator(mode="after")
    def _two_relays(self) -> ContactorPart:
        if self.channel == self.pulse_channel:
            raise ValueError("'channel' and 'pulse_channel' are two relays; give each its own number")
        return self


class SafetyInputsPart(_Strict):
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


class LimitsPart(_Strict):
    """Limits of this bench at the meter's terminals, each within what the meter type allows; units as there.

    ``ramp_v_per_s``: fastest rise of a voltage. ``longest_s``: seconds beyond the measuring range at a time.
    """

    voltage_ln_v: Volts | None = None
    voltage_ll_v: Volts | None = None
    ct_input_pct: Percent | None = None
    frequency_hz: Annotated[tuple[Hertz, Hertz], Field(strict=False)] | None = None
    ramp_v_per_s: Volts | None = None
    longest_s: Seconds | None = None
    why: Line = "the bench's own limits"
