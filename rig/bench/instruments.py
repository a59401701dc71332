"""Identities of the instruments of an open bench, and whether their calibrations permit a certification."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drivers.instrument import Identity
from rig.bench.schema.bench import BenchPart
from rig.metrology.calibration import (
    CalibrationRecord,
    CalibrationRefused,
    CalibrationState,
    CalibrationStatus,
    calibration_state,
)

CALIBRATED_ROLES = ("source", "low_level_source", "analyzer", "counter", "climate_probe")
"""Instruments that may have a calibration record in a bench file."""

NOT_CALIBRATED = ("switch", "generator", "chamber")
"""Instruments of which nothing that is measured depends."""

DECIDING_ROLES = ("analyzer", "climate_probe")
"""Instruments whose readings decide a verdict: a certification on a real bench needs their calibrations."""


@dataclass(frozen=True, slots=True)
class UsedInstrument:
    """An instrument on the bench, for the record: its identity, and its calibration (None: not recorded)."""

    role: str
    identity: str
    serial_number: str
    calibration: CalibrationRecord | None
    _said: Identity

    @property
    def certificate(self) -> str | None:
        """The number of its calibration certificate."""
        return self.calibration.certificate if self.calibration is not None else None

    @property
    def needs_calibration(self) -> bool:
        """Whether something that is measured depends on it."""
        return self.role not in NOT_CALIBRATED

    def calibration_state(self, today: dt.date) -> CalibrationState:
        """Tell what its calibration is worth on ``today``."""
        return calibration_state(self.calibration, self._said, today)


def used_instruments(parts: BenchPart, identities: Mapping[str, Identity]) -> tuple[UsedInstrument, ...]:
    """List the identified instruments, in the order of the roles."""
    return tuple(
        _used(role, identities[role], parts) for role in (*CALIBRATED_ROLES, *NOT_CALIBRATED) if role in identities
    )


def calibration_objections(
    instruments: Sequence[UsedInstrument], today: dt.date, *, simulated: bool
) -> dict[str, CalibrationState]:
    """Return, by role, the calibrations that keep a certification from being one; empty where there are none.

    A record that is expired, not yet valid or of another instrument always does, for every instrument. One that is
    not there does for the instruments that decide, except on a simulated bench: nothing there could be calibrated, and
    every report says so (decision 15).
    """
    found = {}
    for used in instruments:
        state = used.calibration_state(today)
        if state.is_valid or not used.needs_calibration:
            continue
        if state.status is CalibrationStatus.NOT_RECORDED and (simulated or used.role not in DECIDING_ROLES):
            continue
        found[used.role] = state
    return found


def refuse_uncalibrated(instruments: Sequence[UsedInstrument], today: dt.date, *, simulated: bool) -> None:
    """Raise CalibrationRefused where a certification must not be begun with these instruments."""
    objections = calibration_objections(instruments, today, simulated=simulated)
    if objections:
        raise CalibrationRefused(objections)


def _used(role: str, identity: Identity, parts: BenchPart) -> UsedInstrument:
    return UsedInstrument(
        role=role,
        identity=f"{identity.manufacturer} {identity.model} {identity.firmware}".strip(),
        serial_number=identity.serial_number,
        calibration=getattr(getattr(parts, role), "calibration", None),
        _said=identity,
    )
