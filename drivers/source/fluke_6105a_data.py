"""Limits and commands of a Fluke 6105A/6100B/6100A, as data with their provenance.

Tags: [M] vendor manual read (6100B/6105A Users Manual, chapter 5, remote operation), [C] public code read, [R]
recalled, unverified: try it on the instrument before relying on it. None of it has been tried on one yet.

Public code: three laboratories' programs in public repositories. A 6105A driver with 52120A (class FLUKE of 2013,
"SOUR:PHAS%i:VOLT:RANG"): ranges, channels, output, soft start, amplifier. A controller of a watt bridge (FLUKE_V): the
same, with ``UNIT:MHAR:CURR ABS`` and ``UNIT:MHAR:VOLT ABS`` before the amplitudes. A MATLAB program for a 6100A: the
same units, ``VOLT:RANG 23,336``, ``CURR:RANG 0.5,5``.

Recalled: the other units (PRMS, PFUN, DBF) and whether ``*RST`` makes them percent. The driver sets the unit after each
``*RST`` and reads it back, so that it does not matter: the driver of 2013 sets none and was content, the emulator takes
the stricter reading. Angles are taken to be in degrees after ``*RST``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drivers.scpi.parsing import parse_bool, parse_float
from drivers.source.base import Range, SafeOff, SourceCapabilities, Tone
from drivers.source.shared.steps import Step, act, near, switch, word

KNOWN_MODELS = ("6105A", "6100B", "6100A", "6106A", "6101B")

VOLTAGE_RANGES = tuple(Range(0.0, high, "V") for high in (23.0, 45.0, 90.0, 180.0, 360.0, 650.0, 1008.0))
"""Upper limits [C]. The lower limits were not found; 0 is what the drivers send, and the instrument refuses what it
cannot give."""

OLD_VOLTAGE_RANGES = (
    Range(1.0, 16.0, "V"),
    Range(2.3, 33.0, "V"),
    Range(5.6, 78.0, "V"),
    Range(11.0, 168.0, "V"),
    Range(23.0, 336.0, "V"),
    Range(70.0, 1008.0, "V"),
)
"""Those of a 6100A: 23 to 336 V [C], the others [R]."""

LOW_LEVEL_RANGES = (Range(0.05, 0.25, "V"), Range(0.15, 1.5, "V"), Range(1.0, 10.0, "V"))
"""Voltage out of the current terminals [M user's manual p. 5-43; the first is printed as "0.5 V range"]."""

CURRENT_RANGES = (
    Range(0.05, 0.25, "A"),
    Range(0.05, 0.5, "A"),
    Range(0.1, 1.0, "A"),
    Range(0.2, 2.0, "A"),
    Range(0.5, 5.0, "A"),
    Range(1.0, 10.0, "A"),
    Range(2.0, 21.0, "A"),
)
"""Amperes out of the current terminals [C]. The 50 A and 80 A options have other terminals and are not used."""

OLD_CURRENT_RANGES = (*CURRENT_RANGES[:-1], Range(2.0, 20.0, "A"))
"""Those of a 6100A: 0.5 to 5 A [C], the others [R]."""

OLD_MODELS = ("6100A",)

AMPLIFIER_RANGES = (Range(0.2, 2.0, "A"), Range(2.0, 20.0, "A"), Range(12.0, 120.0, "A"))
"""A 52120A amplifier on each phase, which the 6105A commands as if it were its own range. Upper limits [R]; the lower
ones are a tenth of them, ours: what a smaller setting would be worth is not known."""

FREQUENCY_HZ = (16.0, 850.0)
"""Fundamental frequency [R]."""

MAX_ORDER = 100
"""Highest harmonic; 0 is DC [M p. 5-36]."""

RAMP_S = (0.0, 60.0)
"""Soft start in seconds; the upper limit is ours. Two laboratories' drivers refuse less than 2 s [C]; 0 is none."""

AMPLITUDE_TOLERANCE = 2e-5
"""Read-back against setting, as a part of the range's upper limit: settings have six digits [R]."""

PHASE_TOLERANCE_DEG = 0.002
FREQUENCY_TOLERANCE_HZ = 0.001
RAMP_TOLERANCE_S = 0.01
LIMIT_TOLERANCE = 1e-3
"""Range limits are compared to this part of themselves: they are chosen from a list, not set."""

RESET_DEADLINE_S = 15.0
"""``*RST`` reconfigures every channel [R]."""


def capabilities(*, low_level: bool, amplifier: bool = False, model: str = "6105A") -> SourceCapabilities:
    """Return what a model can do; without ``low_level`` its current channels give amperes only.

    ``amplifier``: what amperes there are come from a 52120A on each phase.
    """
    is_old = model in OLD_MODELS
    current_ranges = OLD_CURRENT_RANGES if is_old else CURRENT_RANGES
    return SourceCapabilities(
        voltage_ranges=OLD_VOLTAGE_RANGES if is_old else VOLTAGE_RANGES,
        low_level_ranges=LOW_LEVEL_RANGES if low_level else (),
        frequency_hz=FREQUENCY_HZ,
        max_order=MAX_ORDER,
        ramp_s=RAMP_S,
        phase_lock=True,
        current_ranges=AMPLIFIER_RANGES if amplifier else current_ranges,
    )


OFF = SafeOff(
    resource="",
    commands=("OUTP:STAT OFF",),
    verify_query="OUTP:STAT?",
    off_answers=("0", "OFF"),
    family=rf"\b({'|'.join(KNOWN_MODELS)})\b",
)
"""How to switch it off from any process."""


VOLTAGE, CURRENT = "VOLT", "CURR"


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
    return switch(f"{channel.root}:STAT", on)


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
    tolerance = LIMIT_TOLERANCE * selected.high
    return _single(f"{header} {limits}", f"{header}? HIGH", selected.high, tolerance, f"{limits} {selected.unit}")


def select_amplifier_terminals(channel: ChannelState) -> Step:
    """Have the amplifier choose between its low and high current terminals by the range in use."""
    return word(f"{channel.root}:EAMP:TERM:MODE", "AUTO")


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
        yield switch(f"{channel.root}:MHAR:STAT", True)
        yield act(f"{channel.root}:MHAR:CLE")
        known = {}
    for order in sorted(known.keys() | target.keys()):
        tone = target.get(order, Tone(order, 0.0, 0.0))
        if known.get(order) != tone:
            yield _tone(channel, tone, AMPLITUDE_TOLERANCE * channel.selected.high)


def set_frequency(frequency_hz: float) -> Step:
    """Set the fundamental frequency in hertz."""
    number = _number(frequency_hz)
    return _single(f"SOUR:FREQ {number}", "SOUR:FREQ?", frequency_hz, FREQUENCY_TOLERANCE_HZ, f"{number} Hz")


def set_ramp(ramp_s: float) -> Step:
    """Set the soft start time in seconds."""
    number = _number(ramp_s)
    return _single(f"OUTP:RAMP:TIME {number}", "OUTP:RAMP:TIME?", ramp_s, RAMP_TOLERANCE_S, f"{number} s")


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


def _single(command: str, query: str, value: float, tolerance: float, wanted: str) -> Step:
    return Step(command, query, wanted, near(value, tolerance))


def _tone(channel: ChannelState, tone: Tone, tolerance: float) -> Step:
    header = f"{channel.root}:MHAR:HARM{tone.order}"
    wanted = f"{_number(tone.rms)},{_number(wrapped(tone.phase_deg))}"

    def agrees(said: str) -> bool:
        fields = [parse_float(field) for field in said.strip('"').split(",")]
        if len(fields) != 2 or fields[0] is None or fields[1] is None:
            return False
        near = abs(fields[0] - tone.rms) <= tolerance
        return near and abs(wrapped(fields[1] - tone.phase_deg)) <= PHASE_TOLERANCE_DEG

    return Step(f"{header} {wanted}", f"{header}?", wanted, agrees)


def _number(value: float) -> str:
    return f"{value:.7g}"
