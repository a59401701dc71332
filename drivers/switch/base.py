"""Base class of the switch units: relays and contact sensing by role; the channels of the roles are data."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Literal

from drivers.instrument import DrivingInstrument

SenseMethod = Literal["resistance", "digital"]


@dataclass(frozen=True, slots=True)
class RelayRole:
    """A relay and what it does: ``active_when`` says whether the role is fulfilled while it is closed or open.

    Control power that runs over the normally closed contact of a changeover relay is on while the relay is open.
    """

    channel: int
    active_when: Literal["closed", "open"] = "closed"

    def closed_for(self, active: bool) -> bool:
        """Return whether the relay has to be closed for the role to be (in)active."""
        return active == (self.active_when == "closed")


@dataclass(frozen=True, slots=True)
class RelayLines:
    """How a relay is worked and asked from any process, as data: one message each, no driver object needed."""

    close: str
    open: str
    verify_query: str
    closed_answers: tuple[str, ...]
    open_answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SenseRole:
    """A channel that senses a contact: by its resistance, or as one ``bit`` of a digital input.

    A digital input is pulled up: a closed contact reads 0. ``bit`` (0 to 7) counts for digital sensing only.
    """

    channel: int
    method: SenseMethod = "resistance"
    bit: int = 0


@dataclass(frozen=True, slots=True)
class SwitchRoles:
    """What is wired to the switch unit; None is "nothing". ``pulse_input``'s relay is across the pulse terminals.

    ``contactor`` is in series with the coil of the bench's contactor, ``contactor_pulse`` at the trigger of its timer
    relay: the guardian works these two, over a connection of its own. ``interlock`` and ``emergency_stop`` are contacts
    of the safety circuit, which acts in hardware: they are only read.
    """

    control_power: RelayRole | None = None
    pulse_input: RelayRole | None = None
    alarm_contact: SenseRole | None = None
    interlock: SenseRole | None = None
    emergency_stop: SenseRole | None = None
    contactor: RelayRole | None = None
    contactor_pulse: RelayRole | None = None


@dataclass(frozen=True, slots=True)
class SafetyContacts:
    """Contacts of the safety circuit as sensed: True is closed; None where nothing is wired."""

    interlock: bool | None = None
    emergency_stop: bool | None = None


@dataclass(frozen=True, slots=True)
class SwitchCapabilities:
    """What a switch unit can do, as data: channel numbers that have a relay, a resistance input, a digital input.

    Which of them are there depends on the modules fitted. ``relay_s``: longest time to open or close a relay, in
    seconds; a program adds some milliseconds of its own, so pulses of tens of milliseconds are not for a relay.
    """

    relays: tuple[int, ...]
    resistance: tuple[int, ...]
    digital: tuple[int, ...]
    relay_s: float


class SwitchUnit(DrivingInstrument):
    """A switch unit that works the terminals of one meter besides its measuring inputs, and reads safety contacts.

    Every call is one locked transaction. A role without a channel raises InstrumentError naming it.
    ``identify`` checks that the channels of the roles fit the modules, ``make_safe`` opens every relay that has a role.
    """

    capabilities: SwitchCapabilities
    roles: SwitchRoles

    @abstractmethod
    def set_control_power(self, on: bool) -> None:
        """Switch the meter's control power, and verify the relay."""

    @abstractmethod
    def control_power_is_on(self) -> bool:
        """Ask the instrument whether the relay lets control power through."""

    @abstractmethod
    def set_pulse_contact(self, closed: bool) -> None:
        """Close or open the contact at the meter's pulse input, and verify the relay."""

    @abstractmethod
    def alarm_contact_is_closed(self) -> bool:
        """Sense the meter's alarm contact; what is neither closed nor open raises."""

    @abstractmethod
    def safety_contacts(self) -> SafetyContacts:
        """Sense interlock and emergency stop; what is neither closed nor open raises."""
