"""Faults of the wiring between bench and meter, one by one: kind, place, and in words which wires to look at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What can be wrong with the wires of one meter."""

    CT_EXCHANGED = "ct_exchanged"
    CT_ROTATED = "ct_rotated"
    CT_REVERSED = "ct_reversed"
    CT_MISSING = "ct_missing"
    CT_RATIO = "ct_ratio"
    VOLTAGE_EXCHANGED = "voltage_exchanged"
    VOLTAGE_ROTATED = "voltage_rotated"
    VOLTAGE_MISSING = "voltage_missing"
    VOLTAGE_RATIO = "voltage_ratio"
    PHASES_EXCHANGED = "phases_exchanged"
    PHASES_ROTATED = "phases_rotated"


_COSTS = {FaultKind.CT_ROTATED: 2, FaultKind.VOLTAGE_ROTATED: 2}


@dataclass(frozen=True, slots=True)
class WiringFault:
    """One fault. ``where``: the terminals, such as "AB" (N is the neutral), "" for all.

    ``factor``: what is read for one of what is there; of the two ratio kinds only.
    """

    kind: FaultKind
    where: str
    factor: float = 1.0

    @property
    def mistakes(self) -> int:
        """How many mistakes of a person it takes: three leads that are rotated are two exchanges."""
        if self.kind in _COSTS:
            return max(_COSTS[self.kind], len(self.where) - 1)
        return 1

    @property
    def wires(self) -> tuple[str, ...]:
        """The wires, or settings, to look at."""
        if self.kind is FaultKind.CT_REVERSED:
            return (f"CT {self.where} white", f"CT {self.where} black")
        if self.kind is FaultKind.CT_RATIO:
            return ("'wiring: ct' of the bench file and AV3, AV4", _each("divider or transducer of CT", self.where))
        if self.kind is FaultKind.VOLTAGE_RATIO:
            return ("'wiring: pt_ratio' of the bench file and AV5", _each("voltage terminal", self.where))
        ct = tuple(f"CT input {name}" for name in self.where)
        voltage = tuple(f"voltage terminal {name}" for name in self.where)
        if self.kind in (FaultKind.PHASES_EXCHANGED, FaultKind.PHASES_ROTATED):
            return (*voltage, *ct)
        return ct if self.kind.startswith("ct") else voltage

    @property
    def text(self) -> str:
        """Say what it looks like, in one clause."""
        names = _listed(self.where)
        match self.kind:
            case FaultKind.CT_EXCHANGED:
                return f"the leads of CT inputs {names} look exchanged"
            case FaultKind.CT_ROTATED:
                return f"the leads of CT inputs {names} look rotated"
            case FaultKind.CT_REVERSED:
                return f"the lead of CT input {names} looks reversed (white and black wire)"
            case FaultKind.CT_MISSING:
                return f"nothing arrives at CT input {names}: the lead looks off"
            case FaultKind.CT_RATIO:
                which = f"CT input {names} reads" if self.where else "every CT input reads"
                return f"{which} {self.factor:.3g} times the current that is there: the CT ratio looks wrong"
            case FaultKind.VOLTAGE_EXCHANGED:
                return f"the leads of voltage terminals {names} look exchanged"
            case FaultKind.VOLTAGE_ROTATED:
                return f"the leads of voltage terminals {names} look rotated"
            case FaultKind.VOLTAGE_MISSING:
                return f"nothing arrives at voltage terminal {names}: the lead or fuse looks off"
            case FaultKind.VOLTAGE_RATIO:
                which = f"voltage {names} reads" if self.where else "every voltage reads"
                return f"{which} {self.factor:.3g} times the voltage that is there: the PT ratio looks wrong"
            case FaultKind.PHASES_EXCHANGED:
                return f"phases {names} look exchanged, voltages and CT inputs alike: the rotation is wrong"
            case FaultKind.PHASES_ROTATED:
                return f"phases {names} look rotated, voltages and CT inputs alike: each phase is read as another"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What fits the readings: sets of faults with as few mistakes as possible, all that the readings cannot tell apart.

    One empty set: the wiring is right. No set at all: nothing that was looked for fits.
    """

    alternatives: tuple[tuple[WiringFault, ...], ...]

    @property
    def is_right(self) -> bool:
        """Whether the readings are those of right wiring."""
        return self.alternatives == ((),)

    @property
    def text(self) -> str:
        """Say it in one clause: alternatives are joined by "or"."""
        if self.is_right:
            return "each input of the meter is on its own phase, with the right sign and ratio"
        if not self.alternatives:
            return "the readings fit no wiring that was looked for: more than one thing is wrong"
        return ", or ".join(" and ".join(_clauses(each)) for each in self.alternatives)

    @property
    def wires(self) -> tuple[str, ...]:
        """The wires to look at, of all alternatives."""
        return tuple(dict.fromkeys(wire for each in self.alternatives for fault in each for wire in fault.wires))


_GROUPED = (FaultKind.CT_REVERSED, FaultKind.CT_MISSING, FaultKind.VOLTAGE_MISSING)


def _clauses(faults: tuple[WiringFault, ...]) -> list[str]:
    """One clause a fault; leads that are reversed, or off, alike are one clause."""
    clauses = []
    for kind in dict.fromkeys(fault.kind for fault in faults):
        alike = [fault for fault in faults if fault.kind is kind]
        if kind in _GROUPED:
            alike = [WiringFault(kind, "".join(fault.where for fault in alike))]
        clauses += [fault.text for fault in alike]
    return clauses


def _listed(names: str) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1:]) if part)


def _each(what: str, where: str) -> str:
    return f"{what} {where}" if where else f"{what} A, B, C"
