"""Checks of a source setting against declared capabilities, before anything is sent; nothing is ever clamped."""

from __future__ import annotations

import math
from collections.abc import Sequence

from drivers.errors import SettingOutOfRange
from drivers.instrument import require_within
from drivers.source.base import Channel, Range, SourceCapabilities, SourceSetting


def channel_rms(channel: Channel) -> float:
    """Return the rms of the composite waveform, in the channel's unit."""
    return math.sqrt(sum(tone.rms**2 for tone in channel))


def is_off(channel: Channel) -> bool:
    """Whether a channel carries nothing: no tones, or all of rms 0 (zero is "channel off", never a small signal)."""
    return all(tone.rms == 0.0 for tone in channel)


def check_setting(setting: SourceSetting, capabilities: SourceCapabilities) -> None:
    """Raise SettingOutOfRange when a frequency, harmonic order, amplitude or angle is not possible at all."""
    require_within("frequency", setting.frequency_hz, *capabilities.frequency_hz, "Hz")
    if setting.current_unit == "A" and not capabilities.current_ranges:
        for number, channel in enumerate(setting.current, start=1):
            if not is_off(channel):
                raise SettingOutOfRange(f"current channel {number}", channel_rms(channel), 0.0, 0.0, "A")
    for kind, channels, unit in (("voltage", setting.voltage, "V"), ("current", setting.current, setting.current_unit)):
        for number, channel in enumerate(channels, start=1):
            _check_channel(f"{kind} channel {number}", channel, capabilities.max_order, unit)


def check_ramp(ramp_s: float, capabilities: SourceCapabilities) -> None:
    """Raise SettingOutOfRange when there is no ramp of ``ramp_s`` seconds."""
    require_within("ramp time", ramp_s, *capabilities.ramp_s, "s")


def range_for(name: str, channel: Channel, ranges: Sequence[Range], unit: str = "V") -> Range:
    """Return the narrowest of ``ranges`` that holds the channel's rms; raises SettingOutOfRange naming ``name``.

    ``unit`` is what the channel is in, for a message about a channel that has no range at all.
    """
    rms = channel_rms(channel)
    fitting = [candidate for candidate in ranges if candidate.low <= rms <= candidate.high]
    if not fitting:
        low = min((candidate.low for candidate in ranges), default=0.0)
        high = max((candidate.high for candidate in ranges), default=0.0)
        raise SettingOutOfRange(name, rms, low, high, ranges[0].unit if ranges else unit)
    return min(fitting, key=lambda candidate: candidate.high)


def check_within(name: str, channel: Channel, selected: Range) -> None:
    """Raise SettingOutOfRange when the channel's rms is outside the range selected for it."""
    require_within(name, channel_rms(channel), selected.low, selected.high, selected.unit)


def _check_channel(name: str, channel: Channel, max_order: int, unit: str) -> None:
    orders = [tone.order for tone in channel]
    for tone in channel:
        require_within(f"{name} harmonic order", tone.order, 0, max_order, "")
        require_within(f"{name} harmonic {tone.order} rms", tone.rms, 0.0, math.inf, unit)
        require_within(f"{name} harmonic {tone.order} phase", tone.phase_deg, -360.0, 360.0, "deg")
        if tone.order == 0:
            require_within(f"{name} DC phase", tone.phase_deg, 0.0, 0.0, "deg")
    for order in orders:
        require_within(f"{name} components of order {order}", orders.count(order), 1, 1, "")
