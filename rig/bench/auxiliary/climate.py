"""The climate of a bench: the probe beside the meter, and a chamber that is brought to a temperature and soaked."""

from __future__ import annotations

from drivers.climate.base import ChamberReading, ClimateChamber, ClimateProbe
from drivers.errors import SettingOutOfRange
from rig.bench.clock import BenchClock
from rig.bench.drivers import Opener
from rig.bench.schema.climate import ChamberPart
from rig.errors import BenchFault

_LOOK_EVERY_S = 10.0


class NotStable(BenchFault):
    """A chamber did not come to its set-point and stay there in time; ``reading`` is the last one."""

    def __init__(self, setpoint_c: float, reading: ChamberReading, timeout_s: float) -> None:
        super().__init__(
            f"the chamber is at {reading.temperature_c:.1f} °C and was not stable at {setpoint_c:.1f} °C within "
            f"{timeout_s:g} s; check its door and its load, or give it more time under 'chamber: soak'"
        )
        self.setpoint_c = setpoint_c
        self.reading = reading


class SoakedChamber:
    """A chamber within what the bench file permits. What the rig has set going is stopped when the bench is closed.

    A chamber that another program runs is left alone until ``soak`` is called.
    """

    def __init__(self, chamber: ClimateChamber, part: ChamberPart, clock: BenchClock) -> None:
        self._chamber = chamber
        self._part = part
        self._clock = clock
        self._is_ours = False

    def soak(self, temperature_c: float) -> ChamberReading:
        """Bring the chamber to ``temperature_c`` and wait until it has been stable; returns the last reading.

        Stable: within ``soak.within_k`` of the set-point for ``soak.for_s`` bench seconds on end. Raises
        SettingOutOfRange before any I/O beyond what the bench file permits, NotStable after ``soak.timeout_s``, and
        BenchFault at once where the chamber has an alarm or has stopped.
        """
        if not self._part.lowest_c <= temperature_c <= self._part.highest_c:
            raise SettingOutOfRange(
                "chamber temperature", temperature_c, self._part.lowest_c, self._part.highest_c, "°C"
            )
        self._is_ours = True
        self._chamber.set_temperature(temperature_c)
        soak = self._part.soak
        began_s = self._clock.now_s()
        stable_since_s: float | None = None
        while True:
            reading = self._chamber.read()
            now_s = self._clock.now_s()
            self._check(reading)
            if abs(reading.temperature_c - temperature_c) > soak.within_k:
                stable_since_s = None
            elif stable_since_s is None:
                stable_since_s = now_s
            if stable_since_s is not None and now_s - stable_since_s >= soak.for_s:
                return reading
            if now_s - began_s >= soak.timeout_s:
                raise NotStable(temperature_c, reading, soak.timeout_s)
            self._clock.sleep(_LOOK_EVERY_S)

    def read(self) -> ChamberReading:
        """Return what the chamber says of itself now."""
        return self._chamber.read()

    def stop(self) -> None:
        """Stop conditioning and verify, also where another program started it."""
        self._chamber.make_safe()
        self._is_ours = False

    def stop_if_ours(self) -> None:
        """Stop conditioning and verify, where the rig has set it going."""
        if self._is_ours:
            self.stop()

    def _check(self, reading: ChamberReading) -> None:
        if reading.alarms:
            raise BenchFault(f"the chamber has alarms {', '.join(map(str, reading.alarms))}; see its display")
        if not reading.is_running:
            raise BenchFault("the chamber has stopped while it was soaked; see its display")


def open_probe(opener: Opener) -> ClimateProbe | None:
    """Open the climate probe, ready to be read."""
    probe: ClimateProbe | None = opener.open("climate_probe")
    if probe is not None:
        probe.configure()
    return probe


def open_chamber(opener: Opener) -> SoakedChamber | None:
    """Open the chamber and leave it as it is; what the rig has set going is stopped at the end."""
    chamber: ClimateChamber | None = opener.open("chamber")
    if chamber is None or opener.parts.chamber is None:
        return None
    soaked = SoakedChamber(chamber, opener.parts.chamber, opener.clock)
    opener.stack.callback(soaked.stop_if_ours)
    return soaked
