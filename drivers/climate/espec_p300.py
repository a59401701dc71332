"""ESPEC chambers with a P-300 or SCP-220 controller: temperature at a constant set-point."""

from __future__ import annotations

from drivers.climate.base import ChamberCapabilities, ChamberReading, ClimateChamber
from drivers.errors import AnswerInvalid, InstrumentRefused, SettingNotTaken
from drivers.instrument import Identity, SwitchedOffInstrument, require_within
from drivers.scpi.parsing import parse_float

_REFUSAL = "NA:"
_DONE = "OK:"
_NO_NUMBER = -1
_RUNNING = ("CONSTANT", "RUN")
_STOPPED = ("OFF", "STANDBY")
_TAKEN_WITHIN_K = 0.05
_MESSAGE_DEADLINE_S = 3.0
"""The controller answers a command when it has taken it; ESPEC's own public Python library waits for 3 s."""


class EspecP300(SwitchedOffInstrument, ClimateChamber):
    """A chamber with a P-300 or SCP-220 controller, over RS-232 or a serial server (not yet tried on one).

    Commands and answers are those of ESPEC's own public library and of the EHS-411M manual's page 22 (``MON?``): no
    ``*IDN?`` and no error queue; every setting is answered, ``OK:`` and what was taken or ``NA:`` and why not, which
    is raised as InstrumentRefused with the number -1. Lines end with carriage return and line feed. Only the constant
    mode is used; programs of the chamber's own are never touched.
    """

    ERROR_QUERY = None
    TERMINATION = "\r\n"
    capabilities = ChamberCapabilities(temperature_c=(-75.0, 180.0), resolution_k=0.1)

    def identify(self) -> Identity:
        """Ask the chamber for its sensors, controller and ROM version; it has no serial number to tell.

        Takes nothing and changes nothing, so it has no unit and no range. Raises AnswerInvalid.
        """
        with self._session.transaction():
            kind = self._ask("TYPE?")
            version = self._ask("ROM?")
        # <dry-bulb sensor>[,<wet-bulb sensor>],<controller>,<highest temperature>
        fields = [field.strip() for field in kind.split(",")]
        if len(fields) not in (3, 4) or not all(fields) or not version:
            raise AnswerInvalid(self._session.resource, "TYPE?", kind)
        self._number("TYPE?", kind, fields[-1])
        return Identity("ESPEC", fields[-2], "", version)

    def set_temperature(self, temperature_c: float) -> None:
        """Condition the air to ``temperature_c``, -75 to 180 degrees Celsius in steps of 0.1, and read it back.

        SettingOutOfRange before any I/O; InstrumentRefused where the chamber cannot do it, SettingNotTaken where it
        reads back another value. Returns at once: the caller waits for the temperature to be reached.
        """
        require_within("chamber temperature", temperature_c, *self.capabilities.temperature_c, "°C")
        with self._session.transaction():
            self._do(f"TEMP,S{temperature_c:.1f}")
            self._do("MODE,CONSTANT")
            setpoint_c = self._temperatures()[1]
            if abs(setpoint_c - round(temperature_c, 1)) > _TAKEN_WITHIN_K:
                raise SettingNotTaken(self._session.resource, "TEMP,S", f"{temperature_c:.1f}", f"{setpoint_c:g}")
            mode = self._mode()
            if mode != "CONSTANT":
                raise SettingNotTaken(self._session.resource, "MODE", "CONSTANT", mode)

    def read(self) -> ChamberReading:
        """Return air and set-point in degrees Celsius, percent relative humidity, mode and pending alarms."""
        with self._session.transaction():
            temperature_c, setpoint_c = self._temperatures()
            answer = self._ask("MON?")
            pending = self._ask("ALARM?")
        # <temperature>,<humidity or nothing>,<mode>,<number of alarms>
        fields = [field.strip() for field in answer.split(",")]
        if len(fields) != 4 or fields[2] not in (*_RUNNING, *_STOPPED):
            raise AnswerInvalid(self._session.resource, "MON?", answer)
        humidity_pct = self._number("MON?", answer, fields[1]) if fields[1] else None
        if humidity_pct is not None and not 0.0 <= humidity_pct <= 100.0:
            raise AnswerInvalid(self._session.resource, "MON?", answer)
        # <number of alarms>[,<alarm>...]
        alarms = [field.strip() for field in pending.split(",")]
        if not all(alarm.isdecimal() for alarm in alarms) or int(alarms[0]) != len(alarms) - 1:
            raise AnswerInvalid(self._session.resource, "ALARM?", pending)
        return ChamberReading(
            temperature_c, setpoint_c, humidity_pct, fields[2] in _RUNNING, tuple(int(alarm) for alarm in alarms[1:])
        )

    def _switch_off(self) -> None:
        if self._mode() in _STOPPED:
            return
        self._do("MODE,STANDBY")
        mode = self._mode()
        if mode not in _STOPPED:
            raise SettingNotTaken(self._session.resource, "MODE", "STANDBY", mode)

    def _mode(self) -> str:
        answer = self._ask("MODE?")
        if answer not in (*_RUNNING, *_STOPPED):
            raise AnswerInvalid(self._session.resource, "MODE?", answer)
        return answer

    def _temperatures(self) -> tuple[float, float]:
        """Air and set-point: ``TEMP?`` answers both, then the upper and the lower alarm limit."""
        answer = self._ask("TEMP?")
        fields = answer.split(",")
        if len(fields) != 4:
            raise AnswerInvalid(self._session.resource, "TEMP?", answer)
        air_c, setpoint_c, _, _ = (self._number("TEMP?", answer, field) for field in fields)
        return air_c, setpoint_c

    def _number(self, query: str, answer: str, field: str) -> float:
        try:
            value = parse_float(field)
        except ValueError as error:
            raise AnswerInvalid(self._session.resource, query, answer) from error
        if value is None:
            raise AnswerInvalid(self._session.resource, query, answer)
        return value

    def _ask(self, query: str) -> str:
        answer = self._session.query(query, _MESSAGE_DEADLINE_S).strip()
        if answer.startswith(_REFUSAL):
            raise InstrumentRefused(self._session.resource, query, _NO_NUMBER, answer.removeprefix(_REFUSAL).strip())
        return answer

    def _do(self, command: str) -> None:
        answer = self._ask(command)
        if not answer.startswith(_DONE):
            raise AnswerInvalid(self._session.resource, command, answer)
