"""Base classes of climate probes and climate chambers: readings and limits in degrees Celsius and percent."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from drivers.instrument import DrivingInstrument, Instrument


@dataclass(frozen=True, slots=True)
class ClimateReading:
    """The air where the probe is: ``temperature_c`` degrees Celsius, ``humidity_pct`` percent relative humidity.

    ``humidity_pct`` is None for a probe without a humidity sensor; ``pressure_hpa``, hectopascals, for one without a
    barometer.
    """

    temperature_c: float
    humidity_pct: float | None = None
    pressure_hpa: float | None = None


class ClimateProbe(Instrument):
    """A temperature and humidity probe; it drives nothing. Every call is one locked transaction."""

    TERMINATION: str = "\n"
    """What ends a message, both ways."""

    @abstractmethod
    def configure(self) -> None:
        """Have it answer in the form that ``read`` expects, and verify; raises InstrumentError."""

    @abstractmethod
    def read(self) -> ClimateReading:
        """Return its latest measurement; what is no measurement raises, and is never a number."""


@dataclass(frozen=True, slots=True)
class ChamberCapabilities:
    """What a chamber's controller can be set to, as data: (lowest, highest) degrees Celsius, step of the set-point.

    A chamber itself often does less: the bench file says what it may be set to.
    """

    temperature_c: tuple[float, float]
    resolution_k: float


@dataclass(frozen=True, slots=True)
class ChamberReading:
    """What a chamber says of itself: air and set-point in degrees Celsius, percent relative humidity (None: no sensor).

    ``is_running``: whether it conditions the air. ``alarms``: numbers of the alarms that are pending.
    """

    temperature_c: float
    setpoint_c: float
    humidity_pct: float | None
    is_running: bool
    alarms: tuple[int, ...]


class ClimateChamber(DrivingInstrument):
    """A climate chamber. Every call is one locked transaction; errors are raised, not only logged.

    ``make_safe`` stops conditioning. Without a serial number that field of the identity is empty.
    """

    TERMINATION: str = "\n"
    """What ends a message, both ways."""

    capabilities: ChamberCapabilities

    @abstractmethod
    def set_temperature(self, temperature_c: float) -> None:
        """Condition the air to a temperature in degrees Celsius; SettingOutOfRange before any I/O; read back."""

    @abstractmethod
    def read(self) -> ChamberReading:
        """Return what the chamber says of itself now; what is no number raises."""
