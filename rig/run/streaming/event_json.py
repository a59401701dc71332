"""An event as plain JSON, for processes that have no code in common with the run."""

from __future__ import annotations

import dataclasses
from typing import Any

from drivers.meter.bus import MeterBus
from rig.events import Event
from rig.load_point import LoadPoint
from rig.procedures.accuracy.readings import EnergyMeasurement, PointMeasurement
from rig.procedures.registers.examined import Examined
from rig.records.data import ResultRecord
from rig.records.plain_json import Json, to_json

_OF_A_RESULT = (
    "procedure", "instance", "quantity", "phase", "read_value", "expected_value", "unit", "outcome", "error_pct",
    "expanded_uncertainty_pct", "limit_pct", "guard_band_pct", "reason", "unit_number", "condition", "failure_class",
)  # fmt: skip


def event_as_json(event: Event) -> dict[str, Json]:
    """Return ``kind`` (the class), ``text`` (its line for people) and the event's fields as plain JSON.

    The kind of a note has the name ``what``.

    Load points are their labels; results have what a reader judges by; measurements have their point and why they are
    invalid. Readings are in the record, not here.
    """
    plain: dict[str, Json] = {name: _plain(getattr(event, name)) for name in _field_names(event)}
    if "kind" in plain:
        plain["what"] = plain["kind"]
    return {**plain, "kind": type(event).__name__, "text": str(event)}


def _field_names(event: object) -> list[str]:
    return [field.name for field in dataclasses.fields(event)] if dataclasses.is_dataclass(event) else []


def _plain(value: Any) -> Json:  # Any: a field of any event
    if isinstance(value, LoadPoint):
        return value.label
    if isinstance(value, ResultRecord):
        return {name: to_json(getattr(value, name)) for name in _OF_A_RESULT if hasattr(value, name)}
    if isinstance(value, PointMeasurement | EnergyMeasurement | Examined):
        return {"point": value.point.label, "invalid": to_json(getattr(value, "invalid", ""))}
    if isinstance(value, MeterBus):
        return str(value.settings.device)
    if isinstance(value, BaseException):
        return str(value) or type(value).__name__
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return to_json(value)
