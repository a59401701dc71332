"""Keysight (Agilent, HP) 34970A / 34972A data acquisition and switch unit, with its plug-in modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from drivers.errors import AnswerInvalid, SettingNotTaken, SettingOutOfRange
from drivers.instrument import Identity, SwitchedOffInstrument
from drivers.scpi.session import ScpiSession
from drivers.switch import keysight_34970a_data as data
from drivers.switch.base import RelayLines, RelayRole, SafetyContacts, SenseRole, SwitchRoles, SwitchUnit

RoleT = TypeVar("RoleT", RelayRole, SenseRole)

_NOTHING = SwitchRoles()
_ON_34903A = ("control power", "the contactor", "the contactor's timer relay")
"""What a multiplexer's relay is not for: its contacts are for signals, and a scan opens them all."""


class Keysight34970A(SwitchedOffInstrument, SwitchUnit):
    """The 34970A or 34972A over SCPI, working the channels of ``roles`` and no others (not yet tried on one).

    Control power goes over a 34903A's changeover relay, the pulse contact over any relay; the alarm contact and the
    contacts of the safety circuit go to a multiplexer channel (two-wire resistance) or to a bit of a 34907A. Every
    relay's state is read back after each command.
    Channels are three digits: slot, then channel. Making the driver raises SettingOutOfRange for a channel or a bit
    that no module has; ``identify`` raises InstrumentError for one that the fitted modules have not.
    """

    KNOWN_MODELS = data.KNOWN_MODELS
    capabilities = data.CAPABILITIES

    def __init__(self, session: ScpiSession, roles: SwitchRoles = _NOTHING) -> None:
        super().__init__(session)
        self.roles = roles
        for name, relay in self._relays():
            _check_channel(name, relay.channel, self.capabilities.relays)
        for name, sense in self._senses():
            is_digital = sense.method == "digital"
            channels = self.capabilities.digital if is_digital else self.capabilities.resistance
            _check_channel(name, sense.channel, channels)
            if not 0 <= sense.bit <= 7:
                raise SettingOutOfRange(f"{name} bit", sense.bit, 0, 7, "")

    def identify(self) -> Identity:
        """Read the instrument's identity and its modules; raises InstrumentError where these do not fit."""
        identity = super().identify()
        for name, relay in self._relays():
            modules = {"34903A": data.RELAY_MODULES["34903A"]} if name in _ON_34903A else data.RELAY_MODULES
            self._check_module(name, relay.channel, modules)
        for name, sense in self._senses():
            is_digital = sense.method == "digital"
            self._check_module(name, sense.channel, data.DIGITAL_MODULES if is_digital else data.RESISTANCE_MODULES)
        return identity

    @classmethod
    def relay_lines(cls, channel: int) -> RelayLines:
        """Tell how a relay is worked and asked (``ROUTe:CLOSe``, ``ROUTe:OPEN``); no unit, channels 101 to 320."""
        _check_channel("relay", channel, cls.capabilities.relays)
        return RelayLines(
            close=f"ROUT:CLOS (@{channel})",
            open=f"ROUT:OPEN (@{channel})",
            verify_query=f"ROUT:CLOS? (@{channel})",
            closed_answers=("1", "+1"),
            open_answers=("0", "+0"),
        )

    def set_control_power(self, on: bool) -> None:
        """Switch control power (no unit), and verify the relay; raises SettingNotTaken when it did not follow."""
        relay = self._required(self.roles.control_power, "control power")
        self._set(relay.channel, relay.closed_for(on))

    def control_power_is_on(self) -> bool:
        """Ask whether the relay lets control power through (no unit)."""
        relay = self._required(self.roles.control_power, "control power")
        return self._is_closed(relay.channel) is relay.closed_for(True)

    def set_pulse_contact(self, closed: bool) -> None:
        """Close or open the contact at the pulse input (no unit), and verify; raises SettingNotTaken.

        The time between closing and opening is the program's and the relay's, some tens of milliseconds at least and
        not known: what depends on it is for a hardware-timed generator.
        """
        relay = self._required(self.roles.pulse_input, "the pulse input")
        self._set(relay.channel, relay.closed_for(closed))

    def alarm_contact_is_closed(self) -> bool:
        """Sense the alarm contact (no unit): by resistance, closed is below 200 ohms and open beyond 1000 ohms.

        As a digital input closed is 0. A resistance in between raises InstrumentError: a wire is loose, or the wrong
        contact is connected.
        """
        sense = self._required(self.roles.alarm_contact, "the alarm contact")
        return self._is_sensed_closed("alarm contact", sense)

    def safety_contacts(self) -> SafetyContacts:
        """Sense the contacts of interlock and emergency stop (no unit), as ``alarm_contact_is_closed`` does.

        What is not wired is None. Both are sensed in one transaction.
        """
        with self._session.transaction():
            closed = {
                name: None if sense is None else self._is_sensed_closed(name.replace("_", " "), sense)
                for name, sense in (
                    ("interlock", self.roles.interlock),
                    ("emergency_stop", self.roles.emergency_stop),
                )
            }
        return SafetyContacts(**closed)

    def make_safe(self) -> None:
        """Open every relay that has a role and verify; raises SettingNotTaken where one stays closed.

        May be called at any time and any number of times; a lost connection is opened again once.
        """
        if self._relays():
            super().make_safe()

    def _relays(self) -> list[tuple[str, RelayRole]]:
        roles = (
            ("control power", self.roles.control_power),
            ("pulse input", self.roles.pulse_input),
            ("the contactor", self.roles.contactor),
            ("the contactor's timer relay", self.roles.contactor_pulse),
        )
        return [(name, relay) for name, relay in roles if relay is not None]

    def _senses(self) -> list[tuple[str, SenseRole]]:
        roles = (
            ("alarm contact", self.roles.alarm_contact),
            ("interlock", self.roles.interlock),
            ("emergency stop", self.roles.emergency_stop),
        )
        return [(name, sense) for name, sense in roles if sense is not None]

    def _is_sensed_closed(self, name: str, sense: SenseRole) -> bool:
        return self._bit_is_low(sense) if sense.method == "digital" else self._resistance_is_low(name, sense)

    def _switch_off(self) -> None:
        channels = sorted({relay.channel for _, relay in self._relays()})
        listed = ",".join(map(str, channels))
        self._session.write(f"ROUT:OPEN (@{listed})")
        query = f"ROUT:CLOS? (@{listed})"
        answer = self._session.query(query)
        states = answer.split(",")
        if len(states) != len(channels):
            raise AnswerInvalid(self._session.resource, query, answer)
        for channel, state in zip(channels, states, strict=True):
            if self._session.as_bool(query, state):
                raise SettingNotTaken(self._session.resource, f"relay {channel}", "open", "closed")

    def _set(self, channel: int, closed: bool) -> None:
        with self._session.transaction():
            self._session.write(f"ROUT:{'CLOS' if closed else 'OPEN'} (@{channel})")
            if self._is_closed(channel) is not closed:
                wanted, found = ("closed", "open") if closed else ("open", "closed")
                raise SettingNotTaken(self._session.resource, f"relay {channel}", wanted, found)

    def _is_closed(self, channel: int) -> bool:
        return self._session.query_bool(f"ROUT:CLOS? (@{channel})")

    def _resistance_is_low(self, name: str, sense: SenseRole) -> bool:
        query = f"MEAS:RES? {data.RESISTANCE_RANGE_OHM:g},(@{sense.channel})"
        answer = self._session.query(query, data.MEASURE_DEADLINE_S)
        try:
            self._session.as_float(query, answer)  # float() alone would take "1_0" and blanks of any kind
            resistance_ohm = float(answer)
        except ValueError as error:
            raise AnswerInvalid(self._session.resource, query, answer) from error
        if resistance_ohm == data.OVERLOAD:
            return False
        # "Not a number" (9.91E37) and minus infinity are no resistance at all.
        if not -1.0 <= resistance_ohm < data.OVERLOAD:
            raise AnswerInvalid(self._session.resource, query, answer)
        if data.CLOSED_BELOW_OHM <= resistance_ohm <= data.RESISTANCE_RANGE_OHM:
            said = f"the {name} on channel {sense.channel} has {resistance_ohm:g} ohms, neither closed nor open"
            raise self._error(f"{said}; check its wiring")
        return resistance_ohm < data.CLOSED_BELOW_OHM

    def _bit_is_low(self, sense: SenseRole) -> bool:
        query = f"SENS:DIG:DATA:BYTE? (@{sense.channel})"
        answer = self._session.query(query)
        value = self._session.as_float(query, answer)
        if value is None or not 0.0 <= value <= 255.0 or value != int(value):
            raise AnswerInvalid(self._session.resource, query, answer)
        return not int(value) >> sense.bit & 1

    def _check_module(self, name: str, channel: int, modules: Mapping[str, range]) -> None:
        slot = channel // 100 * 100
        query = f"SYST:CTYP? {slot}"
        answer = self._session.query(query)
        fields = [field.strip() for field in answer.split(",")]
        if len(fields) != 4:
            raise AnswerInvalid(self._session.resource, query, answer)
        module = fields[1]
        if channel - slot not in modules.get(module, ()):
            fitted = "no module" if module == "0" else f"a {module}"
            message = f"slot {slot} has {fitted}, whose channel {channel} is not for {name}; that takes a"
            raise self._error(f"{message} {' or '.join(sorted(modules))}")

    def _required(self, role: RoleT | None, name: str) -> RoleT:
        if role is None:
            raise self._error(f"no channel is for {name}; name it in the bench file")
        return role


def _check_channel(name: str, channel: int, known: tuple[int, ...]) -> None:
    if channel not in known:
        raise SettingOutOfRange(f"{name} channel", channel, known[0], known[-1], "")
