"""An instrument's calibration record, and whether it holds on a given day for the connected instrument."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from drivers.instrument import Identity
from rig.errors import UsageRefused
from rig.files.yaml_types import Day, Line, PerhapsLine, Strict
from rig.metrology.accuracy import ReferenceAccuracy

_NO_SERIAL = ("", "0")
"""What an instrument says that has no serial number to tell; many Yokogawas are among them."""


class CalibrationRecord(Strict):
    """What a calibration certificate states: ``calibration`` in a bench file, or a file of its own that it names.

    ``date`` of the calibration and ``due``, the last day on which it holds. ``instrument`` and ``laboratory`` are for
    people. ``accuracy``: the uncertainty specification of a reference analyzer; then the bench file states none.
    """

    schema_version: Annotated[Literal[1], Field(alias="schema")] = 1
    instrument: PerhapsLine = ""
    laboratory: PerhapsLine = ""
    serial: Line
    certificate: Line
    date: Day
    due: Day
    accuracy: ReferenceAccuracy | None = None

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> CalibrationRecord:
        if self.due < self.date:
            raise ValueError("a calibration is due after its date, not before")
        return self


class CalibrationStatus(StrEnum):
    """What a calibration is worth; all but VALID are objections in a certification (NOT_RECORDED on a real bench)."""

    VALID = "valid"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    OTHER_INSTRUMENT = "of another instrument"
    NOT_RECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class CalibrationState:
    """The state of one instrument's calibration; ``text`` says it in words that follow on "calibration".

    ``record`` is None where there is none. ``days_left`` counts to the due date, negative when past, None without one.
    """

    status: CalibrationStatus
    text: str
    record: CalibrationRecord | None = None
    days_left: int | None = None

    @property
    def is_valid(self) -> bool:
        """Whether the instrument is calibrated on the day asked about."""
        return self.status is CalibrationStatus.VALID


class CalibrationRefused(UsageRefused):
    """A certification is refused because of calibrations (exit 11); ``states`` by the instrument's role."""

    def __init__(self, states: dict[str, CalibrationState]) -> None:
        which = "; ".join(f"{role.replace('_', ' ')}: calibration {state.text}" for role, state in states.items())
        super().__init__(
            f"no certification with this bench: {which}; correct the calibration record in the bench file, or have "
            "the instrument calibrated (other suites run, with a warning in their record)"
        )
        self.states = states


def calibration_state(record: CalibrationRecord | None, identity: Identity | None, today: dt.date) -> CalibrationState:
    """Tell what ``record`` is worth on ``today`` for the instrument that says it is ``identity``.

    A calibration holds on its due date still. ``identity`` is None where the instrument has not been asked. Its serial
    number is trusted then, and where it answers "0", which is "not available" (IEEE 488.2, 10.14): the text
    says so. Pure: no clock, no file, no I/O.
    """
    if record is None:
        return CalibrationState(CalibrationStatus.NOT_RECORDED, str(CalibrationStatus.NOT_RECORDED))
    days_left = (record.due - today).days
    named = f"{record.certificate} of {record.date}, due {record.due}"
    said = identity.serial_number.strip() if identity is not None else ""
    is_silent = identity is not None and said in _NO_SERIAL
    if said not in _NO_SERIAL and said != record.serial.strip():
        status = CalibrationStatus.OTHER_INSTRUMENT
        text = f"{named}, is of serial number {record.serial}, and the instrument says it is {said}"
    elif days_left < 0:
        status = CalibrationStatus.EXPIRED
        text = f"{named}, has expired ({-days_left} days ago)"
    elif today < record.date:
        status = CalibrationStatus.NOT_YET_VALID
        text = f"{named}, is not valid yet: its date lies in the future"
    else:
        status = CalibrationStatus.VALID
        text = named + (f" (that it is {record.serial} is on trust: the instrument does not say)" if is_silent else "")
    return CalibrationState(status, text, record, days_left)
