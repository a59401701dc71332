"""The envelopes of a meter type as frozen data: limits of each kind, and how a bench narrows them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from rig.errors import LimitExceeded, UsageRefused
from rig.files.yaml_types import Hertz, Line, Percent, Seconds, Strict, Volts

EnvelopeName = Literal["accuracy", "measuring", "alarming", "damage"]
_HertzBand = Annotated[tuple[Hertz, Hertz], Field(strict=False)]


class Envelope(Strict):
    """One set of limits at the meter's terminals; None is "not known", and what is not known is not testable.

    ``voltage_ln_v``, ``voltage_ll_v``: highest rms volts line to neutral and line to line. ``voltage_min_v``: lowest
    rms volts line to neutral of a phase that is fed at all. ``ct_input_pct``: highest rms at a CT input, percent of
    the transducer's rated volts. ``frequency_hz``: lowest and highest. ``why``: where the figures come from.
    ``longest_s``: how long a meter may be exposed to it at most, None where it may be for ever. ``voltage_peak_v``:
    highest peak of a whole waveform, harmonics included, volts line to neutral; where it is not known, no peak may be
    above that of a sine wave at ``voltage_ln_v``. ``ramp_v_per_s``: fastest rise of a voltage (rms volts line to
    neutral a second).
    """

    voltage_ln_v: Volts | None = None
    voltage_ll_v: Volts | None = None
    voltage_min_v: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] = 0.0
    ct_input_pct: Percent | None = None
    frequency_hz: _HertzBand | None = None
    why: Line
    longest_s: Seconds | None = None
    voltage_peak_v: Volts | None = None
    ramp_v_per_s: Volts | None = None


NOT_KNOWN = Envelope(why="not in the meter type's file")


class Narrowing(Strict):
    """Limits of this bench at the meter's terminals, each within what the meter type allows; units as in ``Envelope``.

    ``ramp_v_per_s``: fastest rise of a voltage. ``longest_s``: seconds beyond the measuring range at a time. What is
    None is not narrowed.
    """

    voltage_ln_v: Volts | None = None
    voltage_ll_v: Volts | None = None
    ct_input_pct: Percent | None = None
    frequency_hz: _HertzBand | None = None
    ramp_v_per_s: Volts | None = None
    longest_s: Seconds | None = None
    why: Line = "the bench's own limits"


@dataclass(frozen=True, slots=True)
class MeterRating:
    """The envelopes of a meter type under one rating (UL, CE): different things, never mixed up.

    ``alarming``: where the meter does not measure any more, but its manual says what it reports instead. ``damage``
    limits every point, in each envelope, with all limits that are known.
    """

    meter_type: str
    name: str
    accuracy: Envelope
    measuring: Envelope
    damage: Envelope
    alarming: Envelope = NOT_KNOWN

    def envelope(self, name: EnvelopeName) -> Envelope:
        """Return the envelope of this name."""
        found: Envelope = getattr(self, name)
        return found

    def longest_s(self, name: EnvelopeName) -> float | None:
        """Seconds that a meter may be exposed to the envelope at most; beyond measuring no longer than damage allows.

        None where the time is not limited, or where no limit is known.
        """
        own_s, beyond_s = self.envelope(name).longest_s, self.damage.longest_s
        if name in ("accuracy", "measuring") or own_s is None or beyond_s is None:
            return own_s
        return min(own_s, beyond_s)

    def narrowed(self, by: Narrowing) -> MeterRating:
        """Return the rating with every envelope narrowed; raises LimitExceeded for what would widen all of them.

        Raises UsageRefused for a figure that the meter type does not state, or where nothing is left of an envelope.
        """
        known = {name: self.envelope(name) for name in get_args(EnvelopeName)}
        for quantity, unit in _NARROWED:
            value = getattr(by, quantity)
            if value is not None:
                stated = [limit for envelope in known.values() if (limit := getattr(envelope, quantity)) is not None]
                self._require_less(quantity, value, max(stated, default=None), unit)
        if by.frequency_hz is not None:
            bands = [envelope.frequency_hz for envelope in known.values() if envelope.frequency_hz is not None]
            low, high = min((band[0] for band in bands), default=None), max((band[1] for band in bands), default=None)
            self._require_less("frequency_hz", by.frequency_hz[1], high, "Hz")
            if low is not None and by.frequency_hz[0] < low:
                raise LimitExceeded("frequency_hz", by.frequency_hz[0], low, "Hz", self._never_wider())
        narrowed: dict[str, Any] = {name: _narrowed(envelope, by) for name, envelope in known.items()}
        return replace(self, **narrowed)

    def _require_less(self, quantity: str, value: float, limit: float | None, unit: str) -> None:
        if limit is None:
            raise UsageRefused(
                f"{quantity} cannot be limited to {value:g} {unit}: {self.meter_type}, rating {self.name}, states no "
                "limit that it would narrow"
            )
        if value > limit:
            raise LimitExceeded(quantity, value, limit, unit, self._never_wider())

    def _never_wider(self) -> str:
        return f"a bench may narrow what {self.meter_type}, rating {self.name}, allows, and never widen it"


_NARROWED = (
    ("voltage_ln_v", "V"),
    ("voltage_ll_v", "V"),
    ("ct_input_pct", "%"),
    ("ramp_v_per_s", "V/s"),
    ("longest_s", "s"),
)


def _narrowed(envelope: Envelope, by: Narrowing) -> Envelope:
    """Narrow one envelope; a limit that it does not state stays unknown, and what is unknown is not testable."""
    changed: dict[str, Any] = {"why": f"{envelope.why}; narrowed: {by.why}"}
    for quantity, _ in _NARROWED:
        limit, wanted = getattr(envelope, quantity), getattr(by, quantity)
        if limit is not None and wanted is not None and wanted < limit:
            changed[quantity] = wanted
    if envelope.voltage_peak_v is not None and by.voltage_ln_v is not None:
        changed["voltage_peak_v"] = min(envelope.voltage_peak_v, math.sqrt(2.0) * by.voltage_ln_v)
    if envelope.frequency_hz is not None and by.frequency_hz is not None:
        (low, high), (wanted_low, wanted_high) = envelope.frequency_hz, by.frequency_hz
        changed["frequency_hz"] = (max(low, wanted_low), min(high, wanted_high))
    result = envelope.model_copy(update=changed)
    is_empty = result.voltage_ln_v is not None and result.voltage_ln_v < result.voltage_min_v
    if is_empty or (result.frequency_hz is not None and result.frequency_hz[0] > result.frequency_hz[1]):
        raise UsageRefused(f"the bench's limits leave nothing of what the meter type allows ({envelope.why})")
    return result
