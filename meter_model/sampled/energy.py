"""Energy accumulators in total and by phase, by direction and quadrant, in float64 (manual pages 25 to 27).

Quadrants: Q1 import lagging, Q2 export leading, Q3 export lagging, Q4 import leading; that is by the signs of P and Q
with lagging positive. Apparent energy follows the direction of P; a phase in quadrature counts as import.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from meter_model.behaviour.profile import Accumulation, BehaviourProfile, TotalImportExport

_HOURS_PER_SECOND = 1.0 / 3600.0
_SIGN_TOLERANCE = 1e-9  # of S: at 90 degrees the direction is not left to rounding


class _Registers:
    """One set of registers, in kWh, kvarh and kVAh."""

    __slots__ = ("export_kvah", "export_kwh", "import_kvah", "import_kwh", "quadrants_kvarh")

    def __init__(self) -> None:
        self.import_kwh = self.export_kwh = 0.0
        self.import_kvah = self.export_kvah = 0.0
        self.quadrants_kvarh = [0.0, 0.0, 0.0, 0.0]

    def add(self, p_kwh: float, q_kvarh: float, s_kvah: float) -> None:
        if p_kwh >= -_SIGN_TOLERANCE * s_kvah:
            self.import_kwh += max(p_kwh, 0.0)
            self.import_kvah += s_kvah
            self.quadrants_kvarh[0 if q_kvarh >= 0.0 else 3] += abs(q_kvarh)
        else:
            self.export_kwh -= p_kwh
            self.export_kvah += s_kvah
            self.quadrants_kvarh[1 if q_kvarh >= 0.0 else 2] += abs(q_kvarh)

    def round_to_single(self) -> None:
        self.import_kwh, self.export_kwh = _single(self.import_kwh), _single(self.export_kwh)
        self.import_kvah, self.export_kvah = _single(self.import_kvah), _single(self.export_kvah)
        self.quadrants_kvarh = [_single(each) for each in self.quadrants_kvarh]


class EnergyAccumulators:
    """All energy registers of one meter: AI1 to AI10 and AI31 to AI54."""

    def __init__(self, profile: BehaviourProfile) -> None:
        self._by_phase = profile.total_import_export is TotalImportExport.ARITHMETIC
        self._is_single = profile.accumulation is Accumulation.SINGLE
        self.clear()

    def clear(self) -> None:
        """Set every register to zero, as 30078 written to AV1 does."""
        self._total = _Registers()
        self._phases = (_Registers(), _Registers(), _Registers())

    def restore(self, totals: Sequence[float], phases: Sequence[float]) -> None:
        """Take over what ``totals`` and ``phases`` gave, from non-volatile memory."""
        by_phase = [phases[index::3] for index in range(3)]
        for registers, row in zip(
            (self._total, *self._phases), ([*totals[1:7], *totals[8:10]], *by_phase), strict=True
        ):
            registers.import_kwh, registers.export_kwh = row[0], row[1]
            registers.quadrants_kvarh = list(row[2:6])
            registers.import_kvah, registers.export_kvah = row[6], row[7]

    def add(
        self,
        p_w: Sequence[float],
        q_var: Sequence[float],
        s_va: Sequence[float],
        total_s_va: float,
        duration_s: float = 1.0,
    ) -> None:
        """Add one update: mean powers of the three phases over ``duration_s``, and the apparent power of the total.

        The direction is decided once an update, by the sign of the mean power over it. Equal updates may be added as
        one of their joint duration.
        """
        kilo_hours = duration_s * _HOURS_PER_SECOND / 1000.0
        for registers, p, q, s in zip(self._phases, p_w, q_var, s_va, strict=True):
            registers.add(p * kilo_hours, q * kilo_hours, s * kilo_hours)
            if self._by_phase:
                self._total.add(p * kilo_hours, q * kilo_hours, s * kilo_hours)
        if not self._by_phase:
            self._total.add(sum(p_w) * kilo_hours, sum(q_var) * kilo_hours, abs(total_s_va) * kilo_hours)
        if self._is_single:
            for registers in (self._total, *self._phases):
                registers.round_to_single()

    def totals(self) -> list[float]:
        """Return AI1 to AI10 in order."""
        total = self._total
        return [
            total.import_kwh - total.export_kwh,
            total.import_kwh,
            total.export_kwh,
            *total.quadrants_kvarh,
            total.import_kvah - total.export_kvah,
            total.import_kvah,
            total.export_kvah,
        ]

    def phases(self) -> list[float]:
        """Return AI31 to AI54 in order."""
        found = [each.import_kwh for each in self._phases]
        found += [each.export_kwh for each in self._phases]
        for quadrant in range(4):
            found += [each.quadrants_kvarh[quadrant] for each in self._phases]
        found += [each.import_kvah for each in self._phases]
        found += [each.export_kvah for each in self._phases]
        return found


def _single(value: float) -> float:
    return float(np.float32(value))
