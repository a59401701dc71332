"""Seeded defects of behaviour: meters that do one thing otherwise than their manual, as wrappers around a good one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from meter_model.device.meter import S4100, ObjectAccessError
from meter_model.objects.points import ANALOG_INPUTS
from meter_model.stimulus import Stimulus

_PRESENT_VALUE = "present-value"
_SLOW_S = 6.0


class DefectiveMeter:
    """A meter with something wrong with it: what a subclass does not change is the good meter's own.

    ``kept`` is for what the defect remembers.
    """

    def __init__(self, meter: S4100) -> None:
        self._meter = meter
        self.kept: dict[Any, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._meter, name)

    def read(self, kind: str, instance: int, prop: str, index: int | None = None) -> Any:
        """Read a property as the defect shows it."""
        return self.shown(kind, instance, prop, self._meter.read(kind, instance, prop, index))

    def shown(self, _kind: str, _instance: int, _prop: str, value: Any) -> Any:
        """Return what is read where the good meter reads ``value``."""
        return value


Where = Callable[[str, int, str], bool]
"""Whether a defect is of this kind, instance and property."""


def at(kind: str, prop: str, instances: Iterable[int] | None = None) -> Where:
    """Return where a property of objects is: those of ``instances``, or all of the kind."""
    chosen = None if instances is None else frozenset(instances)
    return lambda k, n, name: (k, name) == (kind, prop) and (chosen is None or n in chosen)


# --- values read otherwise --------------------------------------------------------------------------------------------


Change = Callable[[S4100, str, int, Any], Any]
"""What a property reads instead: good meter, kind, instance, the good value."""


def reading(prop: str, change: Change) -> type[DefectiveMeter]:
    """A property reads otherwise."""

    class ReadsOtherwise(DefectiveMeter):
        def shown(self, kind: str, instance: int, name: str, value: Any) -> Any:
            return change(self._meter, kind, instance, value) if name == prop else value

    return ReadsOtherwise


def of(kind: str, instances: Iterable[int], change: Callable[[Any], Any]) -> Change:
    """Return a change of what some objects of a kind read."""
    chosen = frozenset(instances)
    return lambda _meter, k, n, value: change(value) if k == kind and n in chosen else value


def _from(source: dict[int, int]) -> Change:
    """Analog inputs that read what another one should."""
    return lambda meter, kind, n, value: (
        meter.read("AI", source[n], _PRESENT_VALUE) if kind == "AI" and n in source else value
    )


def _alarms(force: dict[int, int]) -> type[DefectiveMeter]:
    """Alerts that always read the same; their bitmap AI83 goes with them."""

    def change(_meter: S4100, kind: str, instance: int, value: Any) -> Any:
        if kind == "BI":
            return force.get(instance, value)
        if (kind, instance) != ("AI", 83):
            return value
        bits = int(value)
        for number, state in force.items():
            bits = bits & ~(1 << (number - 1)) | state << (number - 1)
        return float(bits)

    return reading(_PRESENT_VALUE, change)


def _quantity(*prefixes: str) -> list[int]:
    return [each.instance for each in ANALOG_INPUTS if each.quantity in prefixes]


def _net_counts_both(meter: S4100, kind: str, instance: int, value: Any) -> Any:
    if (kind, instance) != ("AI", 1):
        return value
    return meter.read("AI", 2, _PRESENT_VALUE) + meter.read("AI", 3, _PRESENT_VALUE)


class _ObjectListOutOfOrder(DefectiveMeter):
    def read(self, kind: str, instance: int, name: str, index: int | None = None) -> Any:
        if name == "object-list" and index is not None:
            index = {112: 113, 113: 112}.get(index, index)
        value = self._meter.read(kind, instance, name, index)
        return (*value[:-2], value[-1], value[-2]) if name == "object-list" and index is None else value


class _FrequencyNotQnan(DefectiveMeter):
    _hz = 0.0

    def advance(self, dt_s: float, stimulus: Stimulus, control_power: bool = True) -> None:
        self._hz = stimulus.frequency_hz
        self._meter.advance(dt_s, stimulus, control_power)

    def shown(self, kind: str, instance: int, name: str, value: Any) -> Any:
        is_void = (kind, instance, name) == ("AI", 18, _PRESENT_VALUE) and math.isnan(value)
        return self._hz if is_void else value


class _LowPowerFactorLatched(DefectiveMeter):
    """BI12 to BI14 stay on once they were on."""

    _seen = 0

    def shown(self, kind: str, instance: int, name: str, value: Any) -> Any:
        if name != _PRESENT_VALUE or (kind, instance) not in (("AI", 83), ("BI", 12), ("BI", 13), ("BI", 14)):
            return value
        self._seen |= int(self._meter.read("AI", 83, _PRESENT_VALUE)) & 0b111 << 11
        if kind == "AI":
            return float(int(value) | self._seen)
        return self._seen >> (instance - 1) & 1


class _Frozen(DefectiveMeter):
    """Present demand reads for ever what it read first."""

    def shown(self, kind: str, instance: int, name: str, value: Any) -> Any:
        is_kept = at("AI", _PRESENT_VALUE, (19, 20, 21))(kind, instance, name)
        return self.kept.setdefault(instance, value) if is_kept else value


class _ClockStopped(DefectiveMeter):
    """Local_Time stands where the last synchronization, or the first reading, has put it."""

    def shown(self, kind: str, instance: int, name: str, value: Any) -> Any:
        return self.kept.setdefault(name, value) if name in ("local-time", "local-date") else value

    def synchronise_time(self, now: datetime) -> None:
        self._meter.synchronise_time(now)
        self.kept.clear()


class _SynchronisationIgnored(DefectiveMeter):
    def synchronise_time(self, now: datetime) -> None:
        """Hear it and do nothing."""


# --- writes taken otherwise -------------------------------------------------------------------------------------------


Applies = Callable[[S4100, Any], bool]
"""Whether a defect is of this value, written to the good meter."""


def ignoring(where: Where, applies: Applies = lambda _meter, _value: True) -> type[DefectiveMeter]:
    """A write is acknowledged, and nothing is done."""

    class Ignores(DefectiveMeter):
        def write(self, k: str, n: int, name: str, value: Any, index: Any = None, priority: Any = None) -> None:
            if not (where(k, n, name) and applies(self._meter, value)):
                self._meter.write(k, n, name, value, index=index, priority=priority)

    return Ignores


def unchecked(where: Where) -> type[DefectiveMeter]:
    """A value that is out of range is acknowledged, and nothing is done with it."""

    class Unchecked(DefectiveMeter):
        def write(self, k: str, n: int, name: str, value: Any, index: Any = None, priority: Any = None) -> None:
            try:
                self._meter.write(k, n, name, value, index=index, priority=priority)
            except ObjectAccessError as refusal:
                if not where(k, n, name) or refusal.error_code != "value-out-of-range":
                    raise

    return Unchecked


def showing(
    where: Where,
    taken: Callable[[Callable[[Any], None], Any], object] = lambda _write, _value: None,
    *,
    apart: bool = False,
) -> type[DefectiveMeter]:
    """A setting is acknowledged and reads back, and what follows from it is wrong.

    ``taken(write, value)`` writes to the good meter what follows: nothing by default. ``apart``: each instance shows
    what was written to it, else all show the last.
    """

    class Shows(DefectiveMeter):
        def write(self, k: str, n: int, name: str, value: Any, index: Any = None, priority: Any = None) -> None:
            def write(what: Any) -> None:
                self._meter.write(k, n, name, what, index=index, priority=priority)

            if not where(k, n, name):
                write(value)
                return
            taken(write, value)
            self.kept[n if apart else 0, name] = value

        def shown(self, k: str, n: int, name: str, value: Any) -> Any:
            return self.kept.get((n if apart else 0, name), value) if where(k, n, name) else value

    return Shows


def _command(code: int) -> type[DefectiveMeter]:
    return ignoring(at("AV", _PRESENT_VALUE, [1]), lambda _meter, value: value == code)


def _one_sub_interval(write: Callable[[Any], None], value: Any) -> None:
    write(value)
    write(1.0)


class _RefusalCodeWrong(DefectiveMeter):
    """What is out of range is refused as not writable."""

    def write(self, k: str, n: int, name: str, value: Any, index: Any = None, priority: Any = None) -> None:
        try:
            self._meter.write(k, n, name, value, index=index, priority=priority)
        except ObjectAccessError as refusal:
            if refusal.error_code == "value-out-of-range":
                raise ObjectAccessError("property", "write-access-denied") from refusal
            raise


class _ValidationSlow(DefectiveMeter):
    """A written AV reads its old value, and is unreliable, for six seconds."""

    _left_s = 0.0
    _old: tuple[int, Any] = (0, 0.0)

    def write(self, k: str, n: int, name: str, value: Any, index: Any = None, priority: Any = None) -> None:
        is_slow = (k, name) == ("AV", _PRESENT_VALUE) and n != 1
        old = self._meter.read(k, n, name) if is_slow else None
        self._meter.write(k, n, name, value, index=index, priority=priority)
        if old is not None:
            self._old, self._left_s = (n, old), _SLOW_S

    def advance(self, dt_s: float, stimulus: Stimulus, control_power: bool = True) -> None:
        self._left_s -= dt_s
        self._meter.advance(dt_s, stimulus, control_power)

    def shown(self, kind: str, instance: int, name: str, value: Any) -> Any:
        if self._left_s <= 0.0 or (kind, instance) != ("AV", self._old[0]):
            return value
        return {_PRESENT_VALUE: self._old[1], "reliability": 7}.get(name, value)


_SETTINGS_OF_ALL_LOGS = ("stop-time", "start-time", "stop-when-full")


class _BurstsLost(DefectiveMeter):
    """A second in which the load changes is measured as if there had been none."""

    _passed_s = 0.0
    _load: tuple[Any, ...] | None = None
    _has_changed = False

    def advance(self, dt_s: float, stimulus: Stimulus, control_power: bool = True) -> None:
        if dt_s > 1.0:
            self._meter.advance(self._passed_s + dt_s, stimulus, control_power)
            self._passed_s, self._has_changed = 0.0, False
            return
        load = tuple(round(sum(phasor.rms for phasor in spectrum), 2) for spectrum in stimulus.ct_inputs)
        self._has_changed |= self._load is not None and load != self._load
        self._load = load
        self._passed_s += dt_s
        if self._passed_s >= 1.0 - 1e-9:
            quiet = Stimulus(stimulus.frequency_hz, stimulus.voltages, ((), (), ()))
            self._meter.advance(self._passed_s, quiet if self._has_changed else stimulus, control_power)
            self._passed_s, self._has_changed = 0.0, False


_QUADRANT_1, _QUADRANT_4 = _quantity("EQ_Q1"), _quantity("EQ_Q4")
_SWAPPED = dict(zip((*_QUADRANT_1, *_QUADRANT_4), (*_QUADRANT_4, *_QUADRANT_1), strict=True))

BEHAVIOUR_DEFECTS: dict[str, type[DefectiveMeter]] = {
    "alarm-bitmap-empty": reading(_PRESENT_VALUE, of("AI", [83], lambda _: 0.0)),
    "bursts-lost": _BurstsLost,
    "clock-stopped": _ClockStopped,
    "command-reads-back": showing(at("AV", _PRESENT_VALUE, [1]), lambda write, value: write(value)),
    "commands-unchecked": unchecked(at("AV", _PRESENT_VALUE, [1])),
    "demand-frozen": _Frozen,
    "demand-not-rolling": showing(at("AV", _PRESENT_VALUE, [10]), _one_sub_interval),
    "demand-sync-ignored": _command(21211),
    "energy-reset-ignored": _command(30078),
    "frequency-alarm-missing": _alarms({7: 0}),
    "frequency-not-qnan": _FrequencyNotQnan,
    "imbalance-unnoticed": showing(at("AV", _PRESENT_VALUE, [9]), lambda write, _value: write(99.0)),
    "log-interval-apart": reading("log-interval", of("TL", [3], lambda _: 90000)),
    "log-settings-apart": showing(lambda k, _n, name: k == "TL" and name in _SETTINGS_OF_ALL_LOGS, apart=True),
    "log-target-unchecked": unchecked(at("TL", "log-device-object-property")),
    "low-power-factor-latched": _LowPowerFactorLatched,
    "low-power-factor-unnoticed": _alarms({12: 0, 13: 0, 14: 0}),
    "maximum-demand-reset-ignored": _command(21212),
    "net-counts-both": reading(_PRESENT_VALUE, _net_counts_both),
    "object-av6-unchecked": unchecked(at("AV", _PRESENT_VALUE, [6])),
    "object-list-out-of-order": _ObjectListOutOfOrder,
    "object-name-wrong": reading("object-name", of("AI", [17], lambda _: "Current_Average")),
    "object-units-wrong": reading("units", of("AI", [4], lambda _: 12)),
    "over-current-unnoticed": _alarms({4: 0, 5: 0, 6: 0}),
    "over-voltage-unnoticed": _alarms({1: 0, 2: 0, 3: 0}),
    "phase-loss-unnoticed": _alarms({9: 0, 10: 0, 11: 0}),
    "power-factor-unsigned": reading(_PRESENT_VALUE, of("AI", _quantity("PF"), abs)),
    "qnan-as-zero": reading(_PRESENT_VALUE, of("AI", range(1, 84), lambda value: 0.0 if math.isnan(value) else value)),
    "quadrants-swapped": reading(_PRESENT_VALUE, _from(_SWAPPED)),
    "reactive-sign-inverted": reading(_PRESENT_VALUE, of("AI", _quantity("Q"), lambda value: -value)),
    "refusal-code-wrong": _RefusalCodeWrong,
    "reliability-always-good": reading("reliability", of("AI", range(1, 84), lambda _: 0)),
    "rtc-flag-missing": _alarms({15: 0}),
    "rtc-flag-stuck": _alarms({15: 1}),
    "time-sync-ignored": _SynchronisationIgnored,
    "validation-silent": reading("reliability", of("AV", range(2, 12), lambda _: 0)),
    "validation-slow": _ValidationSlow,
    "vendor-wrong": reading("vendor-identifier", lambda _meter, _kind, _n, _value: 999),
}
"""Every defect of behaviour by name; it is there or not, without a value."""
