"""The whole meter: time and stimulus go in, BACnet properties come out."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from meter_model.behaviour import DEFAULT, BehaviourProfile, CurrentErrorNames, PowerFactorUnits
from meter_model.clock import RealTimeClock
from meter_model.configuration import Configuration, ValueRefused, check_command
from meter_model.demand import Demand
from meter_model.device import Device
from meter_model.energy import EnergyAccumulators
from meter_model.measurement import SecondMeter
from meter_model.object_access import ObjectAccessError, checked_real, property_error
from meter_model.points import POWER_FACTOR_UNITS, Kind, Point, point
from meter_model.readout import NO_FAULT, Counters, Readout
from meter_model.sampling import SAMPLES_PER_SECOND, FrontEnd
from meter_model.stimulus import Stimulus
from meter_model.trend_log import TrendLogs
from meter_model.unit_errors import UnitErrors

__all__ = ["S4100", "ObjectAccessError"]

_DEFAULT_CONFIGURATION = Configuration()
_IDEAL = UnitErrors.none()
_PRESENT_VALUE = "present-value"


class S4100:
    """One meter. ``advance`` lets time pass; every full second of the meter's own time is one update.

    All values of one update appear at once: whatever is read between two calls of ``advance`` is consistent. The
    meter has just been powered up with cleared registers: before its first update instantaneous inputs are QNAN and
    unreliable. Not for use from several threads at once.
    """

    def __init__(
        self,
        serial_number: str = "0000000001",
        device_instance: int = 1_000_001,
        configuration: Configuration = _DEFAULT_CONFIGURATION,
        errors: UnitErrors = _IDEAL,
        profile: BehaviourProfile = DEFAULT,
        seed: int = 0,
        firmware_revision: str = "1000",
    ) -> None:
        self.serial_number = serial_number
        self.profile = profile
        self.update_count = 0
        self._clock = RealTimeClock()
        self._device = Device(serial_number, device_instance, firmware_revision, profile, self._clock)
        self._trend_logs = TrendLogs()
        self._front_end = FrontEnd(errors, seed)
        self._energy = EnergyAccumulators(profile)
        self._demand = Demand(configuration.subintervals, configuration.subinterval_cs / 100.0)
        self._pulses = 0
        self._energy_resets = 0
        self._power_ups = 1
        self._pending: list[int] = []
        self._second = np.zeros((6, SAMPLES_PER_SECOND))
        self._filled = 0
        self._configure(configuration)
        self._publish_before_first_update()

    @property
    def configuration(self) -> Configuration:
        """AV2 to AV11 as they stand."""
        return self._configuration

    @property
    def device_instance(self) -> int:
        """Instance of the Device object."""
        return self._device.instance

    @property
    def max_master(self) -> int:
        """Max_Master of the Device object: the highest MAC that the meter's node polls for."""
        return self._device.max_master

    def advance(self, dt_s: float, stimulus: Stimulus) -> None:
        """Let ``dt_s`` seconds pass with a constant stimulus at the terminals; any length, zero too."""
        if dt_s < 0.0:
            raise ValueError(f"time cannot run backwards by {-dt_s:g} s")
        remaining_s = dt_s
        while remaining_s > 0.0:
            step_s = min(remaining_s, 1.0)
            remaining_s -= step_s
            self._clock.advance(step_s)
            self._take(self._front_end.sample(step_s, stimulus, self._configuration.ct_rated_v))

    def snapshot(self) -> tuple[float, ...]:
        """Return AI1 to AI83 of the latest update (index 0 is AI1) as float64, NaN for QNAN."""
        return self._update.values

    def analog_input(self, instance: int) -> float:
        """Return AI ``instance`` of the latest update in float64, before the wire's rounding; NaN for QNAN."""
        return self._update.values[instance - 1]

    def synchronise_time(self, now: datetime) -> None:
        """Take over a BACnet TimeSynchronization; BI15 goes inactive with the next update."""
        self._clock.set(now)

    def read(self, kind: str, instance: int, prop: str, index: int | None = None) -> object:
        """Return a property by its BACnet hyphen name, as numbers, texts, tuples, ``date`` and ``time``.

        Present values are rounded to float32 as on the wire. Raises ``ObjectAccessError``.
        """
        value = self._read_whole(kind, instance, prop)
        if index is None:
            return value
        if prop != "object-list" or not isinstance(value, tuple):
            raise property_error("property-is-not-an-array")
        if index == 0:
            return len(value)
        if not 1 <= index <= len(value):
            raise property_error("invalid-array-index")
        return value[index - 1]

    def write(
        self,
        kind: str,
        instance: int,
        prop: str,
        value: object,
        index: int | None = None,
        priority: int | None = None,  # noqa: ARG002 - no object is commandable, so the standard ignores it
    ) -> None:
        """Write a property or raise ``ObjectAccessError``; a refused write changes nothing."""
        entry = self._object(kind, instance)
        if index is not None:
            self.read(kind, instance, prop)
            raise property_error("write-access-denied" if prop == "object-list" else "property-is-not-an-array")
        if entry.kind == "DE":
            self._device.write(prop, value)
        elif entry.kind == "AV" and prop == _PRESENT_VALUE:
            self._write_analog_value(instance, checked_real(value))
        elif entry.kind == "TL" and prop == "log-interval":
            self._write_analog_value(11, checked_real(value))
        elif entry.kind == "TL":
            self._trend_logs.write(instance, prop, value)
        else:
            self._read_whole(kind, instance, prop)
            raise property_error("write-access-denied")

    def _object(self, kind: str, instance: int) -> Point:
        known: Kind | None = kind if kind in ("DE", "AI", "AV", "BI", "TL") else None  # type: ignore[assignment]
        if known == "DE" and instance == self._device.instance:
            return point("DE", 1)
        if known is None or known == "DE":
            raise ObjectAccessError("object", "unknown-object")
        try:
            return point(known, instance)
        except KeyError:
            raise ObjectAccessError("object", "unknown-object") from None

    def _read_whole(self, kind: str, instance: int, prop: str) -> object:
        entry = self._object(kind, instance)
        if entry.kind == "DE":
            return self._device.read(prop)
        if entry.kind == "TL":
            if prop == "log-interval":
                return self._configuration.subinterval_cs
            return self._trend_logs.read(instance, prop)
        match prop:
            case "present-value":
                return self._present_value(entry)
            case "reliability":
                return self._reliability(entry)
            case "status-flags":
                return (False, self._reliability(entry) != NO_FAULT, False, False)
            case "object-identifier":
                return (entry.kind, instance)
            case "object-name":
                return self._name(entry)
            case "object-type":
                return entry.object_type
            case "description":
                return entry.description
            case "event-state":
                return 0
            case "out-of-service":
                return False
            case "units" if entry.kind != "BI":
                is_pf = entry.quantity == "PF" and self.profile.pf_units is PowerFactorUnits.POWER_FACTOR
                return POWER_FACTOR_UNITS if is_pf else entry.bacnet_units
            case "polarity" if entry.kind == "BI":
                return 0
        raise property_error("unknown-property")

    def _present_value(self, entry: Point) -> float | int:
        if entry.kind == "AI":
            return float(np.float32(self._update.values[entry.instance - 1]))
        if entry.kind == "BI":
            return int(self._update.alarms[entry.instance - 1])
        return float(np.float32(self._configuration.value(entry.instance)))

    def _reliability(self, entry: Point) -> int:
        return self._update.reliability[entry.instance - 1] if entry.kind == "AI" else NO_FAULT

    def _name(self, entry: Point) -> str:
        if entry.kind == "BI" and entry.instance in (5, 6) and self.profile.bi_names is CurrentErrorNames.AS_PRINTED:
            return point("BI", 4).name
        return entry.name

    def _write_analog_value(self, av: int, value: float) -> None:
        try:
            if av == 1:
                self._command(check_command(value))
                return
            self._configure(self._configuration.write(av, value))
        except ValueRefused as refusal:
            raise property_error("value-out-of-range") from refusal
        if av in (10, 11):
            changed = self._configuration
            self._demand.reconfigure(changed.subintervals, changed.subinterval_cs / 100.0)

    def _command(self, command: int) -> None:
        match command:
            case 30078:
                self._energy.clear()
                self._energy_resets += 1
            case 16498:
                self._pulses = 0
            case _:
                self._pending.append(command)  # takes effect at the end of the next one-second cycle

    def _configure(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._measurement = SecondMeter(configuration, self.profile)
        self._readout = Readout(configuration, self.profile)

    def _take(self, samples: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
        """Gather samples into seconds; each full second is an update."""
        if self._filled == 0 and samples.shape[1] == SAMPLES_PER_SECOND:
            self._end_second(samples)
            return
        while samples.shape[1]:
            taken = samples[:, : SAMPLES_PER_SECOND - self._filled]
            end = self._filled + taken.shape[1]
            self._second[:, self._filled : end] = taken
            samples = samples[:, taken.shape[1] :]
            self._filled = end
            if end == SAMPLES_PER_SECOND:
                self._filled = 0
                self._end_second(self._second)

    def _end_second(self, samples: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
        reading = self._measurement.measure(samples)
        total_s_va = self._readout.total_apparent_va(reading)
        self._energy.add(reading.energy_p_w, reading.energy_q_var, reading.s_va, total_s_va)
        self._demand.add(sum(reading.energy_p_w), sum(reading.energy_q_var), total_s_va)
        for command in self._pending:
            if command == 21212:
                self._demand.reset_maxima()
            elif not self._configuration.subinterval_cs:
                self._demand.end_subinterval()
        self._pending.clear()
        self._update = self._readout.update(
            reading,
            self._energy.totals(),
            self._energy.phases(),
            [*self._demand.present(), *self._demand.maxima()],
            self._counters(),
            self._clock.is_set,
        )
        self.update_count += 1

    def _publish_before_first_update(self) -> None:
        self._update = self._readout.first(
            self._energy.totals(),
            self._energy.phases(),
            [*self._demand.present(), *self._demand.maxima()],
            self._counters(),
        )

    def _counters(self) -> Counters:
        return Counters(self._pulses, self._energy_resets, self._power_ups)
