"""A meter of fixed values for tests of what stands on the wire: 113 objects, every value told by its number."""

import datetime
import math

from meter_model.behaviour.profile import DEFAULT
from meter_model.device.log_records import LogRecord
from meter_model.device.meter import ObjectAccessError
from meter_model.objects.points import OBJECTS

DEVICE_INSTANCE = 1234567
QNAN_INPUT = 28
SERVICES = "0000000000001011010000000000000011110000"


class FixedLog:
    """A log of ``count`` records a minute apart; the newest has the sequence number ``total``."""

    def __init__(self, count=0, total=None):
        self.record_count = count
        self.total = count if total is None else total
        self.special = {}

    def _sequence(self, position):
        return (self.total - self.record_count + position - 1) % (2**32 - 1) + 1

    def records(self, first=1, count=None):
        last = self.record_count if count is None else min(self.record_count, first + count - 1)
        return tuple(self._record(position) for position in range(max(1, first), last + 1))

    def _record(self, position):
        at = datetime.datetime(2013, 1, 1) + datetime.timedelta(minutes=position)
        kind, value, is_faulty = self.special.get(position, ("value", position + 0.5, False))
        return LogRecord(self._sequence(position), at, kind, value, is_faulty)

    def position_of(self, sequence):
        positions = (p for p in range(1, self.record_count + 1) if self._sequence(p) == sequence)
        return next(positions, None)


class FixedMeter:
    """``values`` are the present values by (kind, instance); ``update()`` moves all that are not fixed by one."""

    def __init__(self):
        self.profile = DEFAULT
        self.device_instance = DEVICE_INSTANCE
        self.updates = 0
        self.clock = None
        self.written = []
        self.unreliable = set()
        self.is_running = True
        self.max_master = 127
        self.restarts = 0
        self.trend_logs = {instance: FixedLog() for instance in (1, 2, 3)}
        self.settings = {n: 10.0 * n for n in range(1, 12)}

    def update(self):
        self.updates += 1

    def read(self, kind, instance, prop, index=None):
        if kind == "DE":
            return self._device(prop, index)
        entry = next((p for p in OBJECTS if (p.kind, p.instance) == (kind, instance)), None)
        if entry is None:
            raise ObjectAccessError("object", "unknown-object")
        common = {
            "object-identifier": (kind, instance),
            "object-name": entry.name,
            "object-type": entry.object_type,
            "description": entry.description,
            "event-state": 0,
        }
        if prop in common:
            return common[prop]
        if kind == "TL":
            raise ObjectAccessError("property", "unknown-property")
        reliability = 7 if (kind, instance) in self.unreliable else 0
        state = {
            "status-flags": (False, bool(reliability), False, False),
            "out-of-service": False,
            "reliability": reliability,
            "units": entry.bacnet_units,
            "polarity": 0,
        }
        return self._present_value(kind, instance) if prop == "present-value" else state[prop]

    def _present_value(self, kind, instance):
        if kind == "AI":
            return math.nan if instance == QNAN_INPUT else instance + 0.5 + 1000.0 * self.updates
        if kind == "AV":
            return self.settings[instance]
        return instance % 2

    def _device(self, prop, index):
        objects = tuple(("DE", self.device_instance) if p.kind == "DE" else (p.kind, p.instance) for p in OBJECTS)
        if prop == "object-list":
            if index is None:
                return objects
            if index == 0:
                return len(objects)
            if index > len(objects):
                raise ObjectAccessError("property", "invalid-array-index")
            return objects[index - 1]
        table = {
            "object-identifier": ("DE", self.device_instance),
            "object-name": "meter under test",
            "object-type": 8,
            "system-status": 0,
            "vendor-name": "Leviton Mfg.",
            "vendor-identifier": 133,
            "model-name": "S4100 Energy Meter",
            "firmware-revision": "1000",
            "application-software-version": "1",
            "location": "bench",
            "description": "fixed",
            "protocol-version": 1,
            "protocol-revision": 4,
            "protocol-services-supported": SERVICES,
            "protocol-object-types-supported": "1011000010000000000010000",
            "max-apdu-length-accepted": 480,
            "segmentation-supported": 3,
            "local-time": datetime.time(12, 34, 56, 780000),
            "local-date": datetime.date(2013, 1, 1),
            "apdu-timeout": 60000,
            "number-of-apdu-retries": 0,
            "max-master": 127,
            "max-info-frames": 1,
            "device-address-binding": (),
            "database-revision": 0,
        }
        return table[prop]

    def write(self, kind, instance, prop, value, index=None, priority=None):
        if (kind, prop) == ("AV", "present-value"):
            if not 0 <= value <= 1000:
                raise ObjectAccessError("property", "value-out-of-range")
            self.settings[instance] = value
        self.written.append((kind, instance, prop, value, priority))

    def synchronise_time(self, now):
        self.clock = now

    def reinitialize(self):
        self.restarts += 1
