"""Values at the ends of what BACnet can say: the last year, zero without a sign, an identifier of another type."""

from __future__ import annotations

import datetime
import math

import pytest

from meter_model.configuration import Configuration
from meter_model.device.clock import RealTimeClock
from meter_model.device.meter import S4100, ObjectAccessError
from meter_model.objects.points import OBJECTS
from meter_model.sampled.unit_errors import UnitErrors
from rig.emulation.meter.application.tags import real_octets
from tests.meter_model.loads import three_phase

WYE = Configuration(system_voltage_v=480.0)
INSTANCE = 1_234_567
LAST = datetime.datetime(2154, 12, 31, 23, 59, 59, 990_000)
NOTHING = three_phase(WYE, 0.0, (0.0, 0.0, 0.0), 0.0)


@pytest.fixture
def meter() -> S4100:
    return S4100("4100-77", INSTANCE, WYE)


@pytest.mark.parametrize(
    ("set_to", "passed_s", "reads"),
    [
        (LAST, 0.0, LAST),
        (LAST, 0.01, datetime.datetime(1900, 1, 1)),
        (datetime.datetime(2154, 12, 31, 12), 86_400.0, datetime.datetime(1900, 1, 1, 12)),
        (datetime.datetime(2154, 2, 28), 86_400.0, datetime.datetime(2154, 3, 1)),
        (datetime.datetime(1900, 1, 1), 1.0, datetime.datetime(1900, 1, 1, 0, 0, 1)),
    ],
)
def test_no_year_is_read_that_a_date_octet_cannot_hold(set_to, passed_s, reads) -> None:
    clock = RealTimeClock()
    clock.set(set_to)
    clock.advance(passed_s)
    assert clock.now == reads


def test_a_log_goes_on_when_the_last_year_ends(meter: S4100) -> None:
    meter.write("TL", 1, "log-interval", 1000)
    meter.synchronise_time(datetime.datetime(2154, 12, 31, 23, 59, 50))
    for _ in range(30):
        meter.advance(1.0, NOTHING)
    assert meter.read("DE", INSTANCE, "local-date") == datetime.date(1900, 1, 1)
    count = meter.read("TL", 1, "record-count")
    assert isinstance(count, int)
    assert count >= 2


@pytest.mark.parametrize("volts", [0.0, 277.0])
def test_no_input_of_an_unloaded_meter_reads_minus_zero(volts: float) -> None:
    meter = S4100("4100-77", INSTANCE, WYE, errors=UnitErrors.drawn_from(1))
    for _ in range(3):
        meter.advance(1.0, three_phase(WYE, volts, (0.0, 0.0, 0.0)))
    values = {p.instance: meter.read("AI", p.instance, "present-value") for p in OBJECTS if p.kind == "AI"}
    assert values[55] == 0.0
    assert [n for n, value in values.items() if value == 0.0 and math.copysign(1.0, value) < 0.0] == []


@pytest.mark.parametrize("value", [-0.0, -1e-60])
def test_what_rounds_to_minus_zero_stands_as_zero_on_the_wire(value: float) -> None:
    assert real_octets(value) == bytes(4)
    assert real_octets(-1e-38) != bytes(4)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (("AI", 5), "value-out-of-range"),
        (("TL", 5), "value-out-of-range"),
        (("150", 5), "value-out-of-range"),
        (("DE", 0), "value-out-of-range"),
        (("DE", 4_194_303), "value-out-of-range"),
        (5, "invalid-data-type"),
        ("DE", "invalid-data-type"),
    ],
)
def test_an_identifier_of_another_object_type_is_out_of_range(meter: S4100, value: object, code: str) -> None:
    with pytest.raises(ObjectAccessError) as refusal:
        meter.write("DE", INSTANCE, "object-identifier", value)
    assert (refusal.value.error_class, refusal.value.error_code) == ("property", code)
    assert meter.device_instance == INSTANCE
