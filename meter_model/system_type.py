"""The five system types 10, 11, 12, 31 and 40: which inputs are measured and which quantities exist in each."""

from __future__ import annotations

from dataclasses import dataclass

from meter_model.behaviour.profile import (
    DEFAULT,
    BehaviourProfile,
    ReservedInputs,
    Type31PhaseValues,
    UnusedPhaseEnergies,
)
from meter_model.objects.points import ANALOG_INPUTS, Point

_ENERGY_PREFIX = "E"
_PHASE_POWERS = frozenset({"P", "Q", "S", "PF"})


@dataclass(frozen=True, slots=True)
class SystemType:
    """One row of the manual's table "Supported System Types" (page 8).

    ``phases``: those with a CT; ``line_to_neutral``, ``line_to_line``: voltages that exist; ``balance``: which of the
    two are compared for imbalance ("LN", "LL"); ``ln_divisor``: AV6 divided by it is the nominal line-to-neutral
    voltage (0 where there is none).
    """

    number: int
    name: str
    phases: str
    line_to_neutral: tuple[str, ...]
    line_to_line: tuple[str, ...]
    balance: tuple[str, ...]
    ln_divisor: float

    @property
    def has_neutral(self) -> bool:
        """Whether the neutral is connected."""
        return bool(self.line_to_neutral)

    def exists(self, point: Point, profile: BehaviourProfile = DEFAULT) -> bool:
        """Whether an Analog Input has a value in this system type; where not, it reads QNAN."""
        quantity, phase = point.quantity, point.phase
        if quantity == "RESERVED":
            return profile.reserved_inputs is ReservedInputs.ZERO or point.instance == 30
        if quantity == "V_LL":
            return phase in self.line_to_line if phase else bool(self.line_to_line)
        if quantity == "V_LN":
            return phase in self.line_to_neutral if phase else bool(self.line_to_neutral)
        if not phase:
            return True
        has_phase_powers = not (self.number == 31 and profile.type_31_phase_values is Type31PhaseValues.QNAN)
        if quantity in _PHASE_POWERS:
            return phase in self.phases and has_phase_powers
        if quantity.startswith(_ENERGY_PREFIX):
            valid = phase in self.phases and has_phase_powers
            return valid or profile.unused_phase_energies is UnusedPhaseEnergies.ZERO
        return phase in self.phases

    def existing_inputs(self, profile: BehaviourProfile = DEFAULT) -> frozenset[int]:
        """Return the instances of all Analog Inputs that are not QNAN by system type."""
        return frozenset(point.instance for point in ANALOG_INPUTS if self.exists(point, profile))


SYSTEM_TYPES: dict[int, SystemType] = {
    10: SystemType(10, "1L + 1n", "A", ("A",), (), (), 1.0),
    11: SystemType(11, "2L", "A", (), ("AB",), (), 0.0),
    12: SystemType(12, "2L + 1n", "AB", ("A", "B"), ("AB",), ("LN",), 2.0),
    31: SystemType(31, "3L", "ABC", (), ("AB", "BC", "CA"), ("LL",), 0.0),
    40: SystemType(40, "3L + 1n", "ABC", ("A", "B", "C"), ("AB", "BC", "CA"), ("LN", "LL"), 3.0**0.5),
}
"""By the number that AV2 holds."""
