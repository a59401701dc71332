"""Failure classes: what is wrong with a unit, in the words by which failures are counted."""

from __future__ import annotations

from enum import StrEnum


class FailureClass(StrEnum):
    """Classes, in the order in which a unit's failures are counted: the first one that it has is its Pareto class.

    What explains other failures comes first: a meter in the wrong CT mode reads every current
    wrongly, one whose channels are exchanged reads wrong powers.
    """

    COMMUNICATION = "communication"
    IDENTITY = "identity"
    FIRMWARE = "firmware"
    CONFIGURATION = "configuration"
    WIRING = "wiring"
    MISSING_PHASE = "missing_phase"
    EXCHANGED = "exchanged"
    REVERSED = "reversed"
    CT_MODE = "ct_mode"
    VOLTAGE = "voltage"
    GAIN = "gain"
    PHASE = "phase"
    DIRECTION = "direction"
    ENERGY = "energy"
    ALARM_CONTACT = "alarm_contact"
    PULSE_INPUT = "pulse_input"
    PANEL = "panel"
    CLOCK = "clock"
    SHIPPING_STATE = "shipping_state"
    OTHER = "other"

    @property
    def words(self) -> str:
        """Name the class for a person at the bench."""
        return _WORDS[self]

    @property
    def next_step(self) -> str:
        """Say what to do with a unit that failed in this class, in one sentence."""
        return _NEXT[self]


_WORDS = {
    FailureClass.COMMUNICATION: "no communication",
    FailureClass.IDENTITY: "wrong meter",
    FailureClass.FIRMWARE: "firmware not released",
    FailureClass.CONFIGURATION: "configuration",
    FailureClass.WIRING: "connection to the bench",
    FailureClass.MISSING_PHASE: "a phase is missing",
    FailureClass.EXCHANGED: "channels exchanged",
    FailureClass.REVERSED: "a channel reversed",
    FailureClass.CT_MODE: "CT mode 1 V or 1/3 V",
    FailureClass.VOLTAGE: "voltage reading",
    FailureClass.GAIN: "gain of a channel",
    FailureClass.PHASE: "phase angle of a channel",
    FailureClass.DIRECTION: "energy direction",
    FailureClass.ENERGY: "energy register",
    FailureClass.ALARM_CONTACT: "alarm contact",
    FailureClass.PULSE_INPUT: "pulse input",
    FailureClass.PANEL: "front panel",
    FailureClass.CLOCK: "clock",
    FailureClass.SHIPPING_STATE: "shipping state",
    FailureClass.OTHER: "other",
}

_REPAIR = "Put a red label on the unit and bring it to repair."
_NEXT = {
    **dict.fromkeys(FailureClass, _REPAIR),
    FailureClass.COMMUNICATION: "Check the plug of the RS-485 port and control power, then test the unit once more.",
    FailureClass.IDENTITY: "Scan the label of the unit that sits at this position, then test it once more.",
    FailureClass.WIRING: "Check the plugs of this position, then test the unit once more.",
    FailureClass.FIRMWARE: "Bring the unit back to programming.",
}
