"""The whole meter: time, stimulus and control power go in, BACnet properties come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np

from meter_model.behaviour.operation_choices import AlarmContact, CommandSpacing, PulseCountMemory, Reinitialized
from meter_model.behaviour.panel_choices import PanelCommunicationsEffect
from meter_model.behaviour.profile import DEFAULT, BehaviourProfile
from meter_model.configuration import Configuration, ValueRefused, check_command
from meter_model.device.clock import RealTimeClock
from meter_model.device.device_object import Device
from meter_model.device.log_records import LogRecord
from meter_model.device.memory import Memory, pack, unpack
from meter_model.device.metering import Metering
from meter_model.device.panel_settings import PanelSettings
from meter_model.device.pending_writes import PendingWrites
from meter_model.device.readout import UNRELIABLE_OTHER
from meter_model.device.supply import Supply, SupplyState
from meter_model.device.trend_log import TrendLog, TrendLogs, views
from meter_model.objects.access import ObjectAccessError, checked_real, property_error
from meter_model.objects.points import Kind, Point, point
from meter_model.objects.properties import NO_FAULT, PRESENT_VALUE, read_property
from meter_model.sampled.steady import SHORTEST_SKIP_S
from meter_model.sampled.unit_errors import UnitErrors
from meter_model.stimulus import Stimulus

__all__ = ["S4100", "ObjectAccessError"]

_DEFAULT_CONFIGURATION = Configuration()
_IDEAL = UnitErrors.none()
_AS_SHIPPED = PanelSettings()
_SUBINTERVALS_AV, _SUBINTERVAL_AV = 10, 11
_SPACED_COMMANDS = (21211, 21212)
_COMMAND_SPACING_S = 10.0
_PHASE_LOSS = slice(8, 11)
_ALERTS = slice(0, 14)


class S4100:
    """One meter. ``advance`` lets time pass; every full second of the meter's own time is one update.

    All values of one update appear at once: values read between two calls of ``advance`` are consistent. The
    meter has just been powered up, with cleared registers or with what ``memory_image`` holds (which then counts
    for more than ``configuration``, ``device_instance`` and ``panel_settings``): before its first update instantaneous
    inputs are QNAN and unreliable. ``memory_sink`` is called with offset and octets of each write to that image:
    settings when they are stored, everything when power is lost and by ``save``. ``has_history`` says that the image
    was good. While ``is_running`` is False the meter answers no request; what is read then is what it last showed. Not
    for use from several threads at once.
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
        memory_image: bytes = b"",
        memory_sink: Callable[[int, bytes], object] | None = None,
        panel_settings: PanelSettings = _AS_SHIPPED,
    ) -> None:
        self.serial_number = serial_number
        self.profile = profile
        self.panel_settings = self._on_bus = panel_settings
        self._clock = RealTimeClock()
        self._device = Device(serial_number, device_instance, firmware_revision, profile, self._clock)
        self._logs = TrendLogs(profile, self._clock)
        self._pending = PendingWrites(profile.write_delay_s)
        self._supply = Supply(profile.ride_through_s, profile.start_up_s)
        self._silent_s = 0.0
        self._last_commands: dict[int, float] = {}
        self._metering = Metering(configuration, errors, profile, seed, self._clock, self._second_ended)
        self._memory = Memory(memory_image)
        self._memory_sink = memory_sink
        self.has_history = self._memory.content is not None
        if self._memory.content is not None:
            self._power_up(self._memory.content)
        else:
            self._write_memory()
        self.trend_logs: Mapping[int, TrendLog] = views(self._logs)

    @property
    def configuration(self) -> Configuration:
        """AV2 to AV11 as they stand."""
        return self._metering.configuration

    @property
    def update_count(self) -> int:
        """Updates since the model was made."""
        return self._metering.update_count

    @property
    def device_instance(self) -> int:
        """Instance of the Device object."""
        return self._device.instance

    @property
    def max_master(self) -> int:
        """Max_Master of the Device object: the highest MAC that the meter's node polls for."""
        return self._device.max_master

    @property
    def communications(self) -> tuple[int, int]:
        """MAC address and baud rate at which the meter is on the bus: those of the panel, once in effect."""
        return self._on_bus.mac, self._on_bus.baud

    @property
    def has_control_power(self) -> bool:
        """Whether the meter has control power and has started, so that it shows something."""
        return self._supply.state is SupplyState.RUNNING

    @property
    def is_running(self) -> bool:
        """Whether the meter takes part in the bus: it has control power and has started."""
        return self._supply.state is SupplyState.RUNNING and self._silent_s <= 0.0

    @property
    def alarm_contact_closed(self) -> bool:
        """The normally closed alarm contact (manual page 2); without control power it is closed."""
        alarms = self._metering.update.alarms
        opening = _PHASE_LOSS if self.profile.alarm_contact is AlarmContact.PHASE_LOSS else _ALERTS
        return self._supply.state is not SupplyState.RUNNING or not any(alarms[opening])

    def advance(self, dt_s: float, stimulus: Stimulus, control_power: bool = True) -> None:
        """Let ``dt_s`` seconds pass with constant stimulus and control power; any length, zero too.

        Of more than a few seconds at once most are counted without being sampled, as nothing changes in them.
        """
        if dt_s < 0.0:
            raise ValueError(f"time cannot run backwards by {-dt_s:g} s")
        remaining_s = dt_s
        while remaining_s > 0.0:
            if control_power and remaining_s > SHORTEST_SKIP_S:
                remaining_s -= self._skip(remaining_s, stimulus)
            step_s = min(remaining_s, 1.0, self._metering.cycle_left_s() if remaining_s > SHORTEST_SKIP_S else 1.0)
            step_s = self._supply.span_s(control_power, step_s)
            remaining_s -= step_s
            before = self._supply.state
            self._metering.pulses.advance(step_s, before is SupplyState.RUNNING)
            if before is SupplyState.RUNNING:
                self._silent_s = max(0.0, self._silent_s - step_s)
                self._metering.advance(step_s, stimulus)
            after = self._supply.advance(step_s, control_power)
            if before is SupplyState.RUNNING and after is SupplyState.OFF:
                self._lose_power()
            elif before is not SupplyState.RUNNING and after is SupplyState.RUNNING:
                assert self._memory.content is not None
                self._power_up(self._memory.content)

    def snapshot(self) -> tuple[float, ...]:
        """Return AI1 to AI83 of the latest update (index 0 is AI1) as float64, NaN for QNAN."""
        return self._metering.update.values

    def analog_input(self, instance: int) -> float:
        """Return AI ``instance`` of the latest update in float64, before the wire's rounding; NaN for QNAN."""
        return self._metering.update.values[instance - 1]

    def synchronise_time(self, now: datetime) -> None:
        """Take over a BACnet TimeSynchronization; BI15 goes inactive with the next update."""
        before = self._clock.now
        self._clock.set(now)
        self._logs.time_changed(before)

    def reinitialize(self) -> None:
        """Restart as ReinitializeDevice asks, warm or cold: silent for the start-up time."""
        if self.profile.reinitialized is Reinitialized.WHOLE_METER:
            self._lose_power()
            self._supply.restart()
        else:
            self._silent_s = self.profile.start_up_s

    def store_panel_settings(self, settings: PanelSettings) -> None:
        """Store what was set on the panel; MAC and baud rate take effect as the behaviour profile says."""
        self.panel_settings = settings
        if self.profile.panel_communications_effect is PanelCommunicationsEffect.AT_ONCE:
            self._on_bus = settings
        self.save()

    def pulse_input(self, closed: bool, in_s: float = 0.0) -> None:
        """Close or open the contact at the pulse input, now or ``in_s`` seconds ahead; AI29 counts closures."""
        self._metering.pulses.change(closed, in_s)

    def read_log(self, instance: int) -> tuple[tuple[LogRecord, ...], int]:
        """Return all resident records of TL ``instance``, oldest first, and Total_Record_Count."""
        log = self.trend_logs[instance]
        return log.records(), log.total_record_count

    def save(self) -> None:
        """Write non-volatile memory, if there is power to do it."""
        if self._supply.state is SupplyState.RUNNING:
            self._write_memory()

    def memory_image(self) -> bytes:
        """Return non-volatile memory as a loss of control power would leave it now."""
        self.save()
        return self._memory.image

    def read(self, kind: str, instance: int, prop: str, index: int | None = None) -> Any:  # Any: by property
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
        priority: int | None = None,  # no object is commandable, so the standard ignores it
    ) -> None:
        """Write a property or raise ``ObjectAccessError``; a refused write changes nothing."""
        entry = self._object(kind, instance)
        if index is not None:
            self.read(kind, instance, prop)
            raise property_error("write-access-denied" if prop == "object-list" else "property-is-not-an-array")
        if entry.kind == "DE":
            self._device.write(prop, value)
            self.save()
        elif entry.kind == "AV" and prop == PRESENT_VALUE:
            self._write_analog_value(instance, checked_real(value))
        elif entry.kind == "TL" and prop == "log-interval":
            self._write_analog_value(_SUBINTERVAL_AV, checked_real(value))
        elif entry.kind == "TL":
            self._logs.write(instance, prop, value)
            self.save()
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
                return self.configuration.subinterval_cs
            return self._logs.read(instance, prop)
        return read_property(entry, prop, self._present_value(entry), self._reliability(entry), self.profile)

    def _present_value(self, entry: Point) -> float | int:
        update = self._metering.update
        if entry.kind == "AI":
            return float(np.float32(update.values[entry.instance - 1])) + 0.0  # no load reads 0, not -0
        if entry.kind == "BI":
            return int(update.alarms[entry.instance - 1])
        return float(np.float32(self.configuration.value(entry.instance)))

    def _reliability(self, entry: Point) -> int:
        if entry.kind == "AI":
            return self._metering.update.reliability[entry.instance - 1]
        is_pending = entry.kind == "AV" and self._pending.is_pending(entry.instance)
        return UNRELIABLE_OTHER if is_pending else NO_FAULT

    def _write_analog_value(self, av: int, value: float) -> None:
        try:
            if av == 1:
                self._command(check_command(value))
            else:
                self._pending.accept(self.configuration, av, value, self._metering.running_s)
        except ValueRefused as refusal:
            raise property_error("value-out-of-range") from refusal

    def _command(self, command: int) -> None:
        now_s = self._metering.running_s
        if command in _SPACED_COMMANDS and self.profile.command_spacing is CommandSpacing.REFUSED:
            if now_s - self._last_commands.get(command, -_COMMAND_SPACING_S) < _COMMAND_SPACING_S:
                raise ValueRefused(1, command, f"it was written less than {_COMMAND_SPACING_S:g} s ago")
            self._last_commands[command] = now_s
        self._metering.command(command)
        self.save()

    def _skip(self, at_most_s: float, stimulus: Stimulus) -> float:
        """Let time pass in which the meter does nothing but measure a constant load; returns how long that was."""
        if self._supply.state is not SupplyState.RUNNING or not self._pending.is_empty:
            return 0.0
        passed_s = self._metering.skip(min(at_most_s, self._metering.true_s(self._logs.until_change_s())), stimulus)
        self._metering.pulses.advance(passed_s)
        self._silent_s = max(0.0, self._silent_s - passed_s)
        self._supply.advance(passed_s, True)
        return passed_s

    def _second_ended(self, subinterval_ended: bool) -> None:
        """Log the update that has just been made, then store the writes that are due."""
        if subinterval_ended:
            self._logs.record(self._metering.update.values, self._metering.update.reliability)
        else:
            self._logs.follow_time()
        for av, value in self._pending.take_due(self._metering.running_s):
            self._metering.configure(self.configuration.write(av, value))
            if av == _SUBINTERVAL_AV:
                self._metering.restart_demand()
                self._logs.purge()
            elif av == _SUBINTERVALS_AV and self.configuration.subinterval_cs:
                self._metering.restart_demand()  # in sync-to-comms mode the meter ignores AV10
            self.save()

    def _write_memory(self) -> None:
        offset, octets = self._memory.write(self._content())
        if self._memory_sink is not None:
            self._memory_sink(offset, octets)

    def _lose_power(self) -> None:
        self._write_memory()
        self._metering.lose_power()
        self._pending.forget()
        self._last_commands.clear()
        self._silent_s = 0.0

    def _power_up(self, content: bytes) -> None:
        """Start with what non-volatile memory holds: AI81 counts it, and the clock begins in 2000."""
        settings, records = unpack(content)
        metering = self._metering
        metering.configure(Configuration(**settings["configuration"]))
        metering.restart_demand()
        metering.energy.restore(settings["energy_totals"], settings["energy_phases"])
        metering.demand.restore_maxima(settings["demand_maxima"])
        is_kept = self.profile.pulse_count_memory is PulseCountMemory.NON_VOLATILE
        metering.pulses.power_up(settings["pulses"] if is_kept else 0)
        metering.energy_resets = settings["energy_resets"]
        metering.power_ups = settings["power_ups"] + 1
        self._device.restore(settings["device"])
        if "panel" in settings:  # memory of before the panel has none
            self.panel_settings = PanelSettings(**settings["panel"])
        self._on_bus = self.panel_settings
        self._clock.power_up()
        self._logs.restore(settings["logs"], records)
        metering.publish_before_first_update()
        self._write_memory()

    def _content(self) -> bytes:
        """What lies in non-volatile memory (the NV columns of the manual's tables, pages 22 to 28)."""
        metering = self._metering
        log_settings, records = self._logs.stored()
        settings = {
            "configuration": asdict(metering.configuration),
            "energy_totals": metering.energy.totals(),
            "energy_phases": metering.energy.phases(),
            "demand_maxima": metering.demand.maxima(),
            "pulses": metering.pulses.count,
            "energy_resets": metering.energy_resets,
            "power_ups": metering.power_ups,
            "device": self._device.stored(),
            "panel": asdict(self.panel_settings),
            "logs": log_settings,
        }
        return pack(settings, records)
