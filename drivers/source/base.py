"""Base class of the AC sources: settings in the instrument's terms, and its capabilities as data."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Literal

from drivers.errors import DriverError
from drivers.instrument import DrivingInstrument, Identity
from drivers.scpi.serial_line import SerialLine

PHASES = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Tone:
    """One component of a waveform: harmonic ``order`` (1 = fundamental), ``rms`` in the channel's unit, ``phase_deg``.

    Angles are in degrees relative to the fundamental of voltage channel 1, negative = lag; the angle of order h is
    that of the component itself (sine convention: x(t) = sqrt(2)·rms·sin(h·2πft + phase)).
    """

    order: int
    rms: float
    phase_deg: float


Channel = tuple[Tone, ...]
"""The waveform of one output channel; the empty tuple is "channel off"."""


CurrentUnit = Literal["V", "A"]
"""What the current channels give: volts into CT inputs, or amperes through the primaries of transformers."""


@dataclass(frozen=True, slots=True)
class SourceSetting:
    """A whole set-point at the source's own terminals.

    ``voltage``: three channels in volts. ``current``: three channels in ``current_unit``: volts where the current
    channels drive CT inputs as low-level voltage, amperes where they drive the primaries of real transformers.
    """

    frequency_hz: float
    voltage: tuple[Channel, Channel, Channel]
    current: tuple[Channel, Channel, Channel]
    current_unit: CurrentUnit = "V"


@dataclass(frozen=True, slots=True)
class Range:
    """One output range of a channel: the rms it can hold, from ``low`` to ``high``, in ``unit``."""

    low: float
    high: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCapabilities:
    """What a source can do, as data: checked against a plan before any I/O; never clamped to.

    ``voltage_ranges``, ``low_level_ranges`` (volts into CT inputs) or ``current_ranges`` (amperes) is empty where the
    source has no such channels. ``phase_lock``: it can follow an external reference, or gives one, so that its angles
    stay fixed to another source's. ``watchdog_s``: shortest and longest delay of its own watchdog in seconds of
    silence, None where it has none. ``current_limit_a``:
    lowest and highest limit that can be set for the current of a voltage channel, amperes rms, None where the limit
    is not for the rig to set.
    """

    voltage_ranges: tuple[Range, ...] = ()
    low_level_ranges: tuple[Range, ...] = ()
    frequency_hz: tuple[float, float]
    max_order: int = 1
    ramp_s: tuple[float, float]
    phase_lock: bool
    watchdog_s: tuple[float, float] | None = None
    current_ranges: tuple[Range, ...] = ()
    current_limit_a: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Protection:
    """What a source protects with now: ``current_limit_a`` of each voltage channel, amperes rms."""

    current_limit_a: float


@dataclass(frozen=True, slots=True)
class SafeOff:
    """How to switch a source off from any process, as data: no driver object, no ramp, no earlier connection needed.

    ``commands`` are sent in order to ``resource``; then ``verify_query`` must be answered by one of ``off_answers``.
    ``visa_library`` reaches resources that are no plain TCP socket; ``line`` is how a serial one is set.
    ``single_client``: while one program is connected no other can be, so a rig that hangs has to be ended first.
    ``watchdog_s``: the delay in seconds for which the instrument's own watchdog is armed, None where it has none: any
    message feeds it.

    Which instrument it is for: ``family`` is a regular expression that is found in what an instrument of the driver's
    models answers to ``identify_query``; ``identity`` and ``identification`` are its identity at the bench's opening,
    as the driver reads it and as it was answered. An instrument of another model gets no command.
    """

    resource: str
    commands: tuple[str, ...]
    verify_query: str
    off_answers: tuple[str, ...]
    visa_library: str = "@py"
    line: SerialLine | None = None
    single_client: bool = False
    watchdog_s: float | None = None
    family: str = ""
    identify_query: str = "*IDN?"
    identification: str = ""
    identity: Identity | None = None


class AcSource(DrivingInstrument):
    """A three-phase AC source. Every call is one locked transaction; errors are raised, not only logged."""

    capabilities: SourceCapabilities

    @abstractmethod
    def select_ranges(self, envelope: SourceSetting) -> None:
        """Select ranges that hold ``envelope``, with the affected channels off; SettingOutOfRange before any I/O.

        A source whose capabilities have ``current_limit_a`` sets its current limit here, before any voltage, and
        reads it back.
        """

    @abstractmethod
    def set_point(self, setting: SourceSetting) -> None:
        """Program a set-point within the selected ranges and read it back; output state is left as it is."""

    @abstractmethod
    def set_output(self, on: bool, ramp_s: float = 0.0) -> None:
        """Switch the output; ``ramp_s`` is the instrument's own soft start or stop in seconds."""

    @abstractmethod
    def output_is_on(self) -> bool:
        """Ask the instrument whether its output is on."""

    @abstractmethod
    def safe_off(self) -> tuple[SafeOff, ...]:
        """How anyone may switch this source off and verify it, as data: one recipe for each instrument it is."""

    def protection(self) -> Protection | None:
        """Ask the instrument which current limit is in force (A rms); None where it is not for the rig to set.

        Sources whose capabilities have ``current_limit_a`` override this. Raises InstrumentError.
        """
        return None

    def arm_watchdog(self, delay_s: float) -> None:
        """Have the instrument switch its output off by itself after ``delay_s`` seconds without a message.

        Sources whose capabilities have ``watchdog_s`` override this, and verify; any query feeds it. Raises
        SettingOutOfRange before any I/O, DriverError here, where there is no watchdog.
        """
        raise DriverError(f"this source has no watchdog to arm for {delay_s:g} s; rely on the guardian")

    def disarm_watchdog(self) -> None:
        """Stop the instrument's watchdog, and verify; idempotent. Raises DriverError here, where there is none."""
        raise DriverError("this source has no watchdog to disarm; rely on the guardian")
