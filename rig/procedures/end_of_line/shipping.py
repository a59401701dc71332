"""Steps at the end, with the outputs off: clock, shipping state, what cannot be cleared, and the last read-back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bacpypes3.primitivedata import Real, Unsigned

from drivers.meter.errors import MeterRefused
from drivers.meter.properties import Properties
from rig.errors import BenchFault
from rig.events import Noted
from rig.metrology.outcome import Outcome
from rig.procedures.end_of_line.configuration import finding
from rig.procedures.end_of_line.line import Found, Line, TestedUnit, checked, together
from rig.products.failure_classes import FailureClass
from rig.products.product import ShippingPart

CLEAR_ENERGY, RESET_MAXIMUM, CLEAR_PULSES = 30078, 21212, 16498
"""Codes of the command register AV1 (manual page 23)."""

_ENERGIES = (*range(1, 11), *range(31, 55))
_DEMANDS = tuple(range(19, 28))
_PULSE_COUNT, _RESETS, _POWER_UPS = 29, 78, 81
_SUBINTERVAL_AV = 11
_CLOCK_RESET = 15
_LOGS = (1, 2, 3)
_PURGED = 1
"""A meter may log that its log was purged (docs/reference/behaviour.md)."""

_CLEARED_S, _POLL_S = 2.5, 0.6
"""Two updates, and how often a unit is asked meanwhile."""

_TAKEN_S = 2.2
"""A meter stores a value within two seconds (manual page 23)."""


@dataclass
class _Set:
    """When the clock of a unit was set, in bench seconds, and to what."""

    at_s: float
    moment: datetime


class Shipping:
    """Brings the units of a run to the state in which they are shipped."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._part: ShippingPart = line.product.shipping_state
        self._clock: _Set | None = None
        self._resets: dict[int, float] = {}
        self._begun_s = 0.0

    def begin(self) -> None:
        """Write the sub-interval again, which clears present demand and the logs (manual page 21), before it goes off.

        It is in force when the outputs are off: that takes longer than the two seconds of a write (manual page 23).
        """
        if self._part.clear_demand or self._part.clear_logs:
            length_cs = self._line.configuration.value(_SUBINTERVAL_AV)
            self._line.ask_each(lambda unit: _write(unit, "AV", _SUBINTERVAL_AV, "present-value", Real(length_cs)))
        self._begun_s = self._line.run.bench.clock.now_s()

    def set_clock_and_clear(self) -> None:
        """Synchronise each clock, then clear maximum demand, energies, pulse count and logs, as the product asks."""
        line, part = self._line, self._part
        moment = datetime.now().replace(microsecond=0)
        self._clock = _Set(line.run.bench.clock.now_s(), moment)
        line.ask_each(lambda unit: unit.unit.position.meter.set_time(moment))
        self._resets = line.ask_each(lambda unit: unit.unit.position.meter.read_inputs([_RESETS])[_RESETS])
        line.run.let_pass(max(0.0, self._begun_s + _TAKEN_S - line.run.bench.clock.now_s()))
        codes = [
            *([RESET_MAXIMUM] if part.clear_demand else []),
            *([CLEAR_ENERGY] if part.clear_energy else []),
            *([CLEAR_PULSES] if part.clear_pulse_count else []),
        ]
        line.ask_each(lambda unit: _command(unit, codes))
        if part.clear_logs:
            line.ask_each(lambda unit: _write(unit, "TL", _LOGS[0], "record-count", Unsigned(0)))

    def check(self) -> None:
        """Judge the shipping state, which is there two updates later; record the counts that cannot be cleared."""
        line, clock = self._line, self._line.run.bench.clock
        until_s = clock.now_s() + _CLEARED_S
        found: dict[int, list[Found]] = {}
        while waiting := [each for each in line.left if _is_open(found.get(each.number))]:
            if found and clock.now_s() >= until_s:
                break
            line.run.let_pass(_POLL_S)
            for number, state in line.ask_each(_state, waiting).items():
                found[number] = list(self._findings(number, state))
        line.note_all(found)

    def check_clock(self) -> None:
        """Judge the clock of each unit against the time that has passed since it was set."""
        line, clock = self._line, self._clock
        asked_s = line.run.bench.clock.now_s()  # raises where the bench has failed, and nothing was set
        if clock is None:
            raise BenchFault("the clocks were not set, so that they cannot be judged")
        found: dict[int, list[Found]] = {}
        times = line.ask_each(_time)
        passed_s = (asked_s + line.run.bench.clock.now_s()) / 2.0 - clock.at_s
        for number, (shown, is_reset) in times.items():
            expected = clock.moment + timedelta(seconds=passed_s)
            off_s = (shown - expected).total_seconds()
            within = self._part.clock_within_s
            text = f"{shown:%F %T}, BI15 {'active' if is_reset else 'inactive'}"
            good = abs(off_s) <= within and not is_reset
            what = f"{expected:%F %T} within {within:g} s, BI15 inactive"
            found[number] = [checked("clock.synchronised", what, text, good, FailureClass.CLOCK)]
        line.note_all(found)

    def read_back(self) -> None:
        """Read serial number and configuration once more, and record how each unit is shipped."""
        line = self._line
        values = line.product.configuration.by_instance
        read = line.ask_each(lambda unit: dict(unit.unit.position.meter.read_configuration()))
        identities = line.ask_each(lambda unit: unit.unit.position.meter.identity().serial_number)
        found: dict[int, list[Found]] = {}
        for unit in line.left:
            number = unit.number
            line.run.record.configuration_after(read[number], number)
            serial = identities[number]
            key = "final.serial-number"
            found[number] = [
                checked(key, unit.scanned, serial, serial == unit.scanned, FailureClass.IDENTITY),
                finding("final", values, read[number]),
            ]
        line.note_all(found)

    def _findings(self, number: int, state: Mapping[str, float]) -> Iterator[Found]:
        part, wrong = self._part, FailureClass.SHIPPING_STATE

        def cleared(key: str, names: list[str], most: float = 0.0) -> Found:
            parts = [checked(each, f"{most:g}", f"{state[each]:g}", state[each] <= most, wrong) for each in names]
            return together(key, f"{names[0]} to {names[-1]} cleared", parts)

        if part.clear_energy:
            yield cleared("shipping.energy", [f"AI{each}" for each in _ENERGIES])
        if part.clear_demand:
            yield cleared("shipping.demand", [f"AI{each}" for each in _DEMANDS])
        if part.clear_pulse_count:
            yield cleared("shipping.pulse-count", [f"AI{_PULSE_COUNT}"])
        if part.clear_logs:
            yield cleared("shipping.logs", [f"TL{each}" for each in _LOGS], _PURGED)
        resets, power_ups = state[f"AI{_RESETS}"], state[f"AI{_POWER_UPS}"]
        if number in self._resets and part.clear_energy:
            wanted = self._resets[number] + 1.0
            yield checked("shipping.resets-counted", f"AI78 {wanted:g}", f"AI78 {resets:g}", resets == wanted, wrong)
        yield Found("shipping.AI78", "", f"{resets:g} resets of energy", Outcome.NOT_JUDGED)
        yield Found("shipping.AI81", "", f"{power_ups:g} power-ups", Outcome.NOT_JUDGED)


def _is_open(found: list[Found] | None) -> bool:
    return found is None or any(each.is_bad for each in found)


def _state(unit: TestedUnit) -> dict[str, float]:
    """Read what is cleared, and the counts that stay: by name of the object."""
    meter = unit.unit.position.meter
    read = meter.read_inputs([*_ENERGIES, *_DEMANDS, _PULSE_COUNT, _RESETS, _POWER_UPS])
    properties = Properties(meter)
    logs = properties.read_several([("TL", each, ("record-count",)) for each in _LOGS])
    return {f"AI{each}": abs(value) for each, value in read.items()} | {
        f"TL{each}": float(logs["TL", each, "record-count"]) for each in _LOGS
    }


def _time(unit: TestedUnit) -> tuple[datetime, bool]:
    meter = unit.unit.position.meter
    return meter.read_time(), bool(Properties(meter).read("BI", _CLOCK_RESET, "present-value"))


def _write(unit: TestedUnit, kind: str, instance: int, name: str, value: Real | Unsigned) -> str:
    try:
        Properties(unit.unit.position.meter).write(kind, instance, name, value)
    except MeterRefused as refused:
        return str(refused)
    return ""


def _command(unit: TestedUnit, codes: list[int]) -> None:
    for code in codes:
        _write(unit, "AV", 1, "present-value", Real(float(code)))


def note_bench_time(line: Line) -> None:
    """Record how long the units took, without the operator."""
    text = f"{line.bench_time_s:.1f} s from scan to verdict, {line.operator_s:.1f} s of an operator not counted"
    data = {"bench_time_s": round(line.bench_time_s, 2), "operator_s": round(line.operator_s, 2)}
    line.run.events.publish(Noted("bench time", text, data=data))
