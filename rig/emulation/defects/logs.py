"""Seeded defects of the trend logs, of the Device's writable properties and of what a restart keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from meter_model.device.log_records import LogRecord
from meter_model.device.meter import S4100, ObjectAccessError
from rig.emulation.defects.behaviour import DefectiveMeter, at, ignoring, of, reading, showing, unchecked

_PRESENT_VALUE = "present-value"
_WILDCARD = 255
_LONG_AGO = ((2000, 1, 1, 6), (0, 0, 0, 0))


class _View:
    """A log whose records read otherwise."""

    def __init__(self, log: Any, change: Callable[[LogRecord], LogRecord]) -> None:
        self._log = log
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def records(self, first: int = 1, count: int | None = None) -> tuple[LogRecord, ...]:
        """Return records by position, changed."""
        return tuple(self._change(record) for record in self._log.records(first, count))


def _records(change: Callable[[LogRecord], LogRecord]) -> type[DefectiveMeter]:
    class RecordsOtherwise(DefectiveMeter):
        @property
        def trend_logs(self) -> Mapping[int, Any]:
            return {instance: _View(log, change) for instance, log in self._meter.trend_logs.items()}

    return RecordsOtherwise


def _status_lost(which: int) -> Callable[[LogRecord], LogRecord]:
    """A status record (0: log-disabled, 1: buffer-purged) has none of its bits."""

    def change(record: LogRecord) -> LogRecord:
        is_it = isinstance(record.value, tuple) and record.value[which]
        return replace(record, value=(False, False)) if is_it else record

    return change


def _doubled(record: LogRecord) -> LogRecord:
    return replace(record, value=2.0 * float(record.value)) if record.kind == "value" else record  # type: ignore[arg-type]


class _AllLogTheFirst(DefectiveMeter):
    """Every log has the records of TL1, for every setting of what it logs."""

    @property
    def trend_logs(self) -> Mapping[int, Any]:
        return dict.fromkeys(self._meter.trend_logs, self._meter.trend_logs[1])


def _same_interval(meter: S4100, value: Any) -> bool:
    return bool(float(value) == meter.read("AV", 11, _PRESENT_VALUE))


class _WildcardsCount(DefectiveMeter):
    """A Stop_Time with a wildcard in it reads back, and stops the logs."""

    _shown: Any = None

    def write(self, k: str, n: int, name: str, value: Any, index: Any = None, priority: Any = None) -> None:
        if (k, name) == ("TL", "stop-time"):
            fields = {field for part in value for field in part}
            self._shown = value if _WILDCARD in fields and len(fields) > 1 else None
            value = _LONG_AGO if self._shown is not None else value
        self._meter.write(k, n, name, value, index=index, priority=priority)

    def shown(self, k: str, n: int, name: str, value: Any) -> Any:
        return self._shown if (k, name) == ("TL", "stop-time") and self._shown is not None else value


class _TotalCountStuck(DefectiveMeter):
    """Total_Record_Count never exceeds what it was first."""

    def shown(self, k: str, n: int, name: str, value: Any) -> Any:
        if (k, name) != ("TL", "total-record-count"):
            return value
        self.kept[name] = min(self.kept.get(name, value), value)
        return self.kept[name]


def _goes_on_counting(meter: S4100, kind: str, n: int, value: Any) -> Any:
    """Record_Count goes on counting where the buffer wraps."""
    is_full = kind == "TL" and value == meter.read(kind, n, "buffer-size")
    return meter.read(kind, n, "total-record-count") if is_full else value


class _Forgetful(DefectiveMeter):
    """A restart sets the phase loss threshold and the Location back."""

    def reinitialize(self) -> None:
        self._meter.write("AV", 8, _PRESENT_VALUE, 10.0)
        self._meter.write("DE", self._meter.device_instance, "location", "Installed location not yet identified")
        self._meter.reinitialize()


class _RegistersForgotten(DefectiveMeter):
    """A restart clears the energy registers."""

    def reinitialize(self) -> None:
        self._meter.write("AV", 1, _PRESENT_VALUE, 30078)
        self._meter.reinitialize()


def _in_tenths(value: Any) -> Any:
    """Show an energy in whole tenths, not with the resolution of a 32-bit float."""
    return float(np.float32(np.floor(value * 10.0) / 10.0)) if np.isfinite(value) else value


class _ClockAhead(DefectiveMeter):
    """A synchronization sets the clock a minute ahead of what it says."""

    def synchronise_time(self, now: datetime) -> None:
        self._meter.synchronise_time(now + timedelta(minutes=1))


class _InstanceUnchecked(DefectiveMeter):
    """An instance out of range is acknowledged, and nothing is done with it."""

    def write(self, k: str, n: int, name: str, value: Any, index: Any = None, priority: Any = None) -> None:
        try:
            self._meter.write(k, n, name, value, index=index, priority=priority)
        except ObjectAccessError:
            if (k, name) != ("DE", "object-identifier") or value[0] != "DE":
                raise


LOG_DEFECTS: dict[str, type[DefectiveMeter]] = {
    "clock-set-ahead": _ClockAhead,
    "device-instance-unchecked": _InstanceUnchecked,
    "energy-coarse": reading(_PRESENT_VALUE, of("AI", [*range(11), *range(31, 55)], _in_tenths)),
    "location-not-written": ignoring(at("DE", "location")),
    "location-unchecked": unchecked(at("DE", "location")),
    "log-all-the-first": _AllLogTheFirst,
    "log-buffer-size-wrong": reading("buffer-size", lambda _meter, _kind, _n, _value: 5000),
    "log-disabled-unrecorded": _records(_status_lost(0)),
    "log-enable-ignored": showing(at("TL", "log-enable")),
    "log-fault-unmarked": _records(lambda record: replace(record, is_faulty=False)),
    "log-never-full": reading("record-count", _goes_on_counting),
    "log-purge-ignored": ignoring(at("TL", "record-count"), lambda _meter, value: value == 0),
    "log-purged-unrecorded": _records(_status_lost(1)),
    "log-record-count-unchecked": unchecked(at("TL", "record-count")),
    "log-same-interval-keeps": ignoring(at("AV", _PRESENT_VALUE, [11]), _same_interval),
    "log-stamps-late": _records(lambda record: replace(record, date_time=record.date_time + timedelta(hours=1))),
    "log-start-time-ignored": showing(at("TL", "start-time")),
    "log-stop-time-ignored": showing(at("TL", "stop-time")),
    "log-stop-when-full-ignored": showing(at("TL", "stop-when-full")),
    "log-total-count-stuck": _TotalCountStuck,
    "log-values-doubled": _records(_doubled),
    "log-wildcards-count": _WildcardsCount,
    "max-master-unchecked": unchecked(at("DE", "max-master")),
    "restart-clears-energy": _RegistersForgotten,
    "restart-forgets": _Forgetful,
}
"""Every one of them by name."""
