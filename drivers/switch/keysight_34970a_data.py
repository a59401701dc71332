"""Slots, channels and limits of a Keysight 34970A/34972A and its plug-in modules, as data with their provenance.

Tags: [M] vendor manual (34970A/34972A user's guide), [R] recalled, unverified: try it on the instrument before relying
on it. Nothing here has been tried on a real instrument yet.
"""

from __future__ import annotations

from drivers.switch.base import SwitchCapabilities

KNOWN_MODELS = ("34970A", "34972A")

SLOTS = (100, 200, 300)


def _in_all_slots(first: int, last: int) -> tuple[int, ...]:
    return tuple(slot + channel for slot in SLOTS for channel in range(first, last + 1))


RESISTANCE_MODULES = {"34901A": range(1, 21), "34902A": range(1, 17)}
"""Multiplexers that the internal multimeter measures two-wire resistance with, and their channels [M]."""

RELAY_MODULES = {"34903A": range(1, 21), "34901A": range(1, 21), "34902A": range(1, 17)}
"""Modules with relays that may be worked one by one. The 34903A's are changeover relays, 300 V, 1 A [M]; only they are
for control power."""

DIGITAL_MODULES = {"34907A": range(1, 3)}
"""Multifunction module: two ports of eight bits, with pull-up resistors [M]."""

CAPABILITIES = SwitchCapabilities(
    relays=_in_all_slots(1, 20),
    resistance=_in_all_slots(1, 20),
    digital=_in_all_slots(1, 2),
    relay_s=0.02,
)
"""What some combination of modules has; ``identify`` compares with what is fitted. Relay time [R]."""

RESISTANCE_RANGE_OHM = 1000.0
"""Fixed range of a contact's resistance. An open contact overloads it."""

CLOSED_BELOW_OHM = 200.0
"""A solid-state contact for 100 mA has tens of ohms when closed, cables few [R]."""

OVERLOAD = 9.9e37
"""What a resistance above its range reads [M, SCPI-99 vol. 1, 7.2.1.4]."""

MEASURE_DEADLINE_S = 5.0
"""``MEASure`` reconfigures the channel, switches and integrates [R]."""
