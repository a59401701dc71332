"""The Fluke 6105A's commands, each with the question that shows afterwards whether it was taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from drivers.scpi import parse_bool, parse_float
from drivers.source import fluke_6105a_data as data
from drivers.source.base import Range, Tone

VOLTAGE, CURRENT = "VOLT", "CURR"


@dataclass(frozen=True, slots=True)
class Step:
    """One command; ``query`` and what its answer must be (``agrees`` raises ValueError for what it cannot read)."""

    command: str
    query: str
    wanted: str
    agrees: Callable[[str], bool]


@dataclass(slots=True)
class ChannelState:
    """One output channel and what the driver knows of it; ``None`` is "not known".

    ``kind``: VOLT or CURR; ``phase``: 1 to 3; ``tones``: what is programmed, by harmonic order.
    """

    kind: str
    phase: int
    selected: Range | None = None
    tones: dict[int, Tone] | None = None
    is_on: bool | None = None

    @property
    def name(self) -> str:
        """The channel in words, for messages."""
        return f"{'voltage' if self.kind == VOLTAGE else 'current'} channel {self.phase}"

    @property
    def root(self) -> str:
        """Where the channel's commands start."""
        return f"SOUR:PHAS{self.phase}:{self.kind}"

    def forget(self) -> None:
        """Mark everything as not known."""
        self.selected, self.tones, self.is_on = None, None, None


def switch_channel(channel: ChannelState, on: bool) -> Step:
    """Enable or disable one channel (it gives something only while the output is on, too)."""
    return _switch(f"{channel.root}:STAT", on)


def select_range(channel: ChannelState, selected: Range, *, amplifier: bool = False) -> Step:
    """Select a hardware range in its own unit.

    A current channel in volts is put into its "voltage out of the current terminals" mode by that; in amperes it is
    the channel's own range, or that of its ``amplifier``.
    """
    header = f"{channel.root}:RANG"
    if channel.kind == CURRENT and selected.unit == "V":
        header += ":VOLT"
    elif channel.kind == CURRENT and amplifier:
        header = f"{channel.root}:EAMP:RANG"
    limits = f"{_number(selected.low)},{_number(selected.high)}"
    tolerance = data.LIMIT_TOLERANCE * selected.high
    return _single(f"{header} {limits}", f"{header}? HIGH", selected.high, tolerance, f"{limits} {selected.unit}")


def select_amplifier_terminals(channel: ChannelState) -> Step:
    """Have the amplifier choose between its low and high current terminals by the range in use."""
    header = f"{channel.root}:EAMP:TERM:MODE"
    return Step(f"{header} AUTO", f"{header}?", "AUTO", lambda said: said.strip('"').upper() == "AUTO")


def amplifier_query(channel: ChannelState) -> str:
    """Return the question whether a current channel has an amplifier fitted (0 or 1)."""
    return f"{channel.root}:EAMP:FITT?"


def unit_query(channel: ChannelState) -> str:
    """Return the question whether a current channel gives amperes (CURR) or volts (VOLT)."""
    return f"{channel.root}:RANG:UNIT?"


def program_tones(channel: ChannelState, target: dict[int, Tone]) -> Iterator[Step]:
    """Program the components that differ from what is known; those that are no longer wanted are set to zero."""
    assert channel.selected is not None
    known = channel.tones
    if known is None:
        yield _switch(f"{channel.root}:MHAR:STAT", True)
        yield Step(f"{channel.root}:MHAR:CLE", "", "", lambda _: True)
        known = {}
    for order in sorted(known.keys() | target.keys()):
        tone = target.get(order, Tone(order, 0.0, 0.0))
        if known.get(order) != tone:
            yield _tone(channel, tone, data.AMPLITUDE_TOLERANCE * channel.selected.high)


def set_frequency(frequency_hz: float) -> Step:
    """Set the fundamental frequency in hertz."""
    number = _number(frequency_hz)
    return _single(f"SOUR:FREQ {number}", "SOUR:FREQ?", frequency_hz, data.FREQUENCY_TOLERANCE_HZ, f"{number} Hz")


def set_ramp(ramp_s: float) -> Step:
    """Set the soft start time in seconds."""
    number = _number(ramp_s)
    return _single(f"OUTP:RAMP:TIME {number}", "OUTP:RAMP:TIME?", ramp_s, data.RAMP_TOLERANCE_S, f"{number} s")


def set_absolute(kind: str) -> Step:
    """Have amplitudes of all voltage (VOLT) or current (CURR) channels mean volts or amperes, not percent."""
    header = f"UNIT:MHAR:{kind}"
    return Step(f"{header} ABS", f"{header}?", "ABS", lambda said: said.strip('"').upper().startswith("ABS"))


def set_sense(four_wire: bool) -> Step:
    """Select 2-wire or 4-wire sensing of the voltage outputs."""
    return Step(
        f"OUTP:SENS {int(four_wire)}", "OUTP:SENS?", str(int(four_wire)), lambda said: parse_bool(said) is four_wire
    )


def wrapped(phase_deg: float) -> float:
    """Return the same angle from -180 to below 180 degrees."""
    return (phase_deg + 180.0) % 360.0 - 180.0


def _switch(header: str, on: bool) -> Step:
    word = "ON" if on else "OFF"
    return Step(f"{header} {word}", f"{header}?", word, lambda said: parse_bool(said) is on)


def _single(command: str, query: str, value: float, tolerance: float, wanted: str) -> Step:
    def agrees(said: str) -> bool:
        found = parse_float(said)
        return found is not None and abs(found - value) <= tolerance

    return Step(command, query, wanted, agrees)


def _tone(channel: ChannelState, tone: Tone, tolerance: float) -> Step:
    header = f"{channel.root}:MHAR:HARM{tone.order}"
    wanted = f"{_number(tone.rms)},{_number(wrapped(tone.phase_deg))}"

    def agrees(said: str) -> bool:
        fields = [parse_float(field) for field in said.strip('"').split(",")]
        if len(fields) != 2 or fields[0] is None or fields[1] is None:
            return False
        near = abs(fields[0] - tone.rms) <= tolerance
        return near and abs(wrapped(fields[1] - tone.phase_deg)) <= data.PHASE_TOLERANCE_DEG

    return Step(f"{header} {wanted}", f"{header}?", wanted, agrees)


def _number(value: float) -> str:
    return f"{value:.7g}"
