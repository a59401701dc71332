"""Fluke (Hart Scientific) 1620A "DewK" thermo-hygrometer, and the 1620 before it."""

from __future__ import annotations

import math

from drivers.climate.base import ClimateProbe, ClimateReading
from drivers.errors import AnswerInvalid, SettingNotTaken, SettingOutOfRange
from drivers.instrument import ScpiInstrument
from drivers.scpi.session import ScpiSession

_CHANNELS = (1, 2)
_LONGEST_PERIOD_S = 60.0
_FIELDS = 12
_PLAUSIBLE_C = (-50.0, 100.0)
_SENSOR_FAULTS = (
    "no sensor is attached",
    "the sensor cannot be read",
    "the sensor's checksum is wrong",
    "the sensor's calibration parameters are wrong",
    "the sensor's calibration date is wrong",
    "the sensor's identification is not valid",
    "the sensor's serial number is not valid",
    "another sensor is locked to this channel",
)
"""Bits 0 to 7 of ``SENSor<chn>:STATe?`` (user's guide of the 1620A, page 104)."""


class Fluke1620A(ScpiInstrument, ClimateProbe):
    """A 1620 or 1620A over its RS-232 or Ethernet port, one of its two sensors (not yet tried on one).

    ``identify`` tells the display unit's serial number, not the sensor's.

    ``MEASure?``, ``FORMat:TDST:STATe``, ``SENSor<chn>:STATe?`` and ``TRIGger:TIMer?`` are in the user's guides of the
    1620, page 101, and the 1620A, page 104. ``*IDN?`` with four fields, and carriage return as the end of a message
    on TCP port 10001, are in public programs that talk to it; they send ``FORMat:TDST:STATe``, too.
    ``SYSTem:ERRor?`` is recalled, unverified. Measurements are asked for with their units, because the unit of
    temperature is a setting of the front panel. Making the driver raises SettingOutOfRange for a channel other than 1
    and 2.
    """

    KNOWN_MODELS = ("1620", "1620A")
    TERMINATION = "\r"

    def __init__(self, session: ScpiSession, channel: int = 1) -> None:
        if channel not in _CHANNELS:
            raise SettingOutOfRange("channel", channel, _CHANNELS[0], _CHANNELS[-1], "")
        super().__init__(session)
        self._channel = channel

    def configure(self) -> None:
        """Have measurements answered with unit and time stamp; check that it measures every 60 s at least.

        Raises SettingNotTaken, and InstrumentError where its period is longer: a reading would say nothing about now.
        """
        with self._session.transaction():
            self._session.write("FORM:TDST:STAT 1")
            if not self._session.query_bool("FORM:TDST:STAT?"):
                raise SettingNotTaken(self._session.resource, "FORM:TDST:STAT", "1", "0")
            period_s = self._session.query_float("TRIG:TIM?")
        if period_s is None or period_s <= 0.0:
            raise AnswerInvalid(self._session.resource, "TRIG:TIM?", str(period_s))
        if period_s > _LONGEST_PERIOD_S:
            raise self._error(
                f"measures every {period_s:g} s only; set its measurement period to {_LONGEST_PERIOD_S:g} s or less",
            )

    def read(self) -> ClimateReading:
        """Return the latest measurement in degrees Celsius (converted where the display is in F) and percent.

        Raises InstrumentError where the sensor has a fault, AnswerInvalid where an answer is no complete measurement.
        """
        with self._session.transaction():
            self._check_sensor()
            query = f"MEAS? {self._channel}"
            answer = self._session.query(query)
        fields = [field.strip() for field in answer.split(",")]
        # <new>,<channel>,<temperature>,C or F,<humidity>,%,<year>,<month>,<day>,<hour>,<minute>,<second>
        if len(fields) != _FIELDS or fields[1] != str(self._channel) or fields[3] not in ("C", "F") or fields[5] != "%":
            raise AnswerInvalid(self._session.resource, query, answer)
        temperature = self._session.as_float(query, fields[2])
        humidity_pct = self._session.as_float(query, fields[4])
        if temperature is None or humidity_pct is None or not 0.0 <= humidity_pct <= 100.0:
            raise AnswerInvalid(self._session.resource, query, answer)
        temperature_c = (temperature - 32.0) / 1.8 if fields[3] == "F" else temperature
        if not (math.isfinite(temperature_c) and _PLAUSIBLE_C[0] <= temperature_c <= _PLAUSIBLE_C[1]):
            raise AnswerInvalid(self._session.resource, query, answer)
        return ClimateReading(temperature_c, humidity_pct)

    def _check_sensor(self) -> None:
        query = f"SENS{self._channel}:STAT?"
        answer = self._session.query(query)
        state = self._session.as_float(query, answer)
        if state is None or state != int(state) or not 0.0 <= state < 2 ** len(_SENSOR_FAULTS):
            raise AnswerInvalid(self._session.resource, query, answer)
        faults = [text for bit, text in enumerate(_SENSOR_FAULTS) if int(state) >> bit & 1]
        if faults:
            raise self._error(f"channel {self._channel}: {'; '.join(faults)}")
