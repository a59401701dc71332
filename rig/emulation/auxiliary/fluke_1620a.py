"""The emulated Fluke 1620A "DewK": sensor 1 is beside the meters, sensor 2 in the room.

Written from the user's guides of the 1620 (pages 101 and 113) and the 1620A (pages 91, 104, 125 to 127). Messages end
with carriage return. Where these pages state nothing, the emulator takes the stricter reading: a sensor that is not
attached gives no measurement.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np

from rig.emulation.scpi.engine import Call, Command, ScpiEngine
from rig.emulation.scpi.rows import kept, reading
from rig.emulation.scpi.syntax import Boolean, Number, ScpiError
from rig.emulation.servers.control import ScpiHandler
from rig.emulation.servers.tcp import LineServer
from rig.emulation.world.air import Air
from rig.emulation.world.surroundings import Surroundings

_CHANNELS = (1, 2)
_PERIODS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600)
_NOT_ATTACHED = 1
_NOISE_C, _NOISE_PCT = 0.004, 0.05
_ERROR_C, _ERROR_PCT = 0.05, 0.8
_STARTED = datetime(2026, 1, 1)


class FlukeProbe:
    """One emulated thermo-hygrometer. All but ``engine.execute`` expects the world to be held.

    ``attached``: the channels that have a sensor; ``unit``: that of temperature on its display, C or F.
    """

    def __init__(self, air: Air, around: Surroundings[bool]) -> None:
        is_ideal = around.errors
        self.attached = set(_CHANNELS)
        self.unit = "C"
        self._air = air
        self._now = around.now
        self._world = around.world
        self._noise = around.generator(0x44)
        drawn = self._noise.uniform(-1.0, 1.0, (len(_CHANNELS), 2))
        self._errors = (drawn * [_ERROR_C, _ERROR_PCT]) * (0.0 if is_ideal else 1.0)
        self._spread = (0.0, 0.0) if is_ideal else (_NOISE_C, _NOISE_PCT)
        self._period_s = 1
        self._is_extended = False
        self._measured_at = -1
        self._values: dict[int, tuple[float, float]] = {}
        self._is_new = True
        self.engine = ScpiEngine(
            self._commands(), f"FLUKE,1620A,{around.serial_number},1.10", around.world, self._reset
        )

    def open_server(self, name: str) -> LineServer:
        """Put it behind a TCP port of this machine; ``name`` names its threads."""
        return LineServer(ScpiHandler(self.engine, self._world), name, terminator=b"\r")

    def _commands(self) -> tuple[Command, ...]:
        channel = (Number(*_CHANNELS),)
        return (
            *(
                Command(header, read=self._measurement, read_parameters=channel)
                for header in ("MEASure", "FETCh", "READ")
            ),
            kept("FORMat:TDST:STATe", Boolean(), self, "_is_extended"),
            Command("SENSor<1:2>:STATe", read=self._sensor_state),
            Command("SENSor<1:2>:IDENtification", read=lambda call: f'"Sensor {call.suffixes[0]}"'),
            kept("TRIGger:TIMer", Number(1, 3600), self, "_period_s", take=_period_s),
            reading("SYSTem:ERRor[:NEXT]", lambda: self.engine.next_error()),
        )

    def _measurement(self, call: Call) -> str:
        channels = [round(call.number(0))] if call.values else list(_CHANNELS)
        if not set(channels) <= self.attached:
            raise ScpiError(-230)
        self._measure()
        was_new, self._is_new = self._is_new, False
        if not self._is_extended:
            return ",".join(f"{self._shown(each)[0]:.3f},{self._shown(each)[1]:.2f}" for each in channels)
        fields = [str(int(was_new))]
        for each in channels:
            temperature, humidity_pct = self._shown(each)
            fields += [str(each), f"{temperature:.3f}", self.unit, f"{humidity_pct:.2f}", "%"]
        at = _STARTED + timedelta(seconds=self._measured_at)
        return ",".join([*fields, *map(str, (at.year, at.month, at.day, at.hour, at.minute, at.second))])

    def _measure(self) -> None:
        """Take the measurement of the period that has begun last, unless it has been taken."""
        begun = math.floor(self._now() / self._period_s) * self._period_s
        if begun == self._measured_at and self._values:
            return
        self._measured_at, self._is_new = begun, True
        air = (
            (self._air.temperature_c(self._now()), self._air.humidity_pct(self._now())),
            (self._air.room_c, self._air.room_humidity_pct),
        )
        for channel, true, error in zip(_CHANNELS, air, self._errors, strict=True):
            read = np.add(true, error) + self._noise.normal(0.0, 1.0, 2) * self._spread
            self._values[channel] = (float(read[0]), float(min(100.0, max(0.0, read[1]))))

    def _shown(self, channel: int) -> tuple[float, float]:
        temperature_c, humidity_pct = self._values[channel]
        return (temperature_c * 1.8 + 32.0 if self.unit == "F" else temperature_c), humidity_pct

    def _sensor_state(self, call: Call) -> str:
        return "0" if call.suffixes[0] in self.attached else str(_NOT_ATTACHED)

    def _reset(self) -> None:
        self._is_extended, self._period_s = False, 1


def _period_s(wanted_s: float) -> int:
    """Return the period that is taken: of two, the one that is less."""
    return max(each for each in _PERIODS_S if each <= wanted_s)
