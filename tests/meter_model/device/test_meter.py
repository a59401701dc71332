"""The whole meter as BACnet objects: what is read, written and refused, and when values change."""

from __future__ import annotations

import datetime
import math
import struct

import pytest

from meter_model.behaviour.profile import (
    BehaviourProfile,
    CurrentErrorNames,
    DatabaseRevision,
    ObjectNameAccess,
    PowerFactorUnits,
)
from meter_model.configuration import Configuration
from meter_model.device.meter import S4100, ObjectAccessError
from meter_model.objects.points import OBJECTS
from tests.meter_model.loads import three_phase

WYE = Configuration(system_voltage_v=480.0)
LOAD = three_phase(WYE, 277.0, (50.0, 50.0, 50.0), -30.0)
INSTANCE = 1_234_567


@pytest.fixture
def meter() -> S4100:
    made = S4100("4100-77", INSTANCE, WYE)
    made.advance(1.0, LOAD)
    return made


def refused(action: object, *arguments: object, **options: object) -> tuple[str, str]:
    assert callable(action)
    with pytest.raises(ObjectAccessError) as refusal:
        action(*arguments, **options)
    return refusal.value.error_class, refusal.value.error_code


def test_before_its_first_update_nothing_instantaneous_is_known() -> None:
    meter = S4100(configuration=WYE)
    assert meter.update_count == 0
    assert math.isnan(meter.analog_input(11))
    assert meter.read("AI", 11, "reliability") == 7
    assert meter.read("AI", 11, "status-flags") == (False, True, False, False)
    assert meter.analog_input(2) == 0.0


def test_an_update_comes_with_each_full_second_however_time_passes(meter: S4100) -> None:
    counts = []
    for dt_s in (0.3, 0.3, 0.3, 0.3, 2.8, 1e-9, 0.0):
        meter.advance(dt_s, LOAD)
        counts.append(meter.update_count)
    assert counts == [1, 1, 1, 2, 5, 5, 5]
    with pytest.raises(ValueError, match="backwards"):
        meter.advance(-0.1, LOAD)


def test_values_change_all_at_once_and_a_snapshot_stays(meter: S4100) -> None:
    before = meter.snapshot()
    meter.advance(0.9, three_phase(WYE, 277.0, (10.0,) * 3))
    assert meter.snapshot() is before
    meter.advance(0.2, three_phase(WYE, 277.0, (10.0,) * 3))
    assert meter.snapshot()[72] < before[72] == pytest.approx(50.0)


def test_present_values_are_single_precision_on_the_wire(meter: S4100) -> None:
    wire = meter.read("AI", 11, "present-value")
    assert wire == struct.unpack("<f", struct.pack("<f", meter.analog_input(11)))[0] != meter.analog_input(11)
    qnan = meter.read("AI", 28, "present-value")
    assert isinstance(qnan, float)
    assert struct.pack(">f", qnan) == bytes.fromhex("7fc00000")


def test_the_object_list_is_whole_and_indexed_from_one(meter: S4100) -> None:
    whole = meter.read("DE", INSTANCE, "object-list")
    assert isinstance(whole, tuple)
    assert whole[0] == ("DE", INSTANCE)
    assert whole[1:] == tuple((each.kind, each.instance) for each in OBJECTS[1:])
    assert meter.read("DE", INSTANCE, "object-list", 0) == 113
    assert meter.read("DE", INSTANCE, "object-list", 113) == ("TL", 3)
    assert refused(meter.read, "DE", INSTANCE, "object-list", 114) == ("property", "invalid-array-index")
    assert refused(meter.read, "AI", 1, "present-value", 1) == ("property", "property-is-not-an-array")


REQUIRED = {
    "AI": ("present-value", "description", "reliability", "status-flags", "event-state", "out-of-service", "units"),
    "AV": ("present-value", "description", "reliability", "status-flags", "event-state", "out-of-service", "units"),
    "BI": ("present-value", "description", "reliability", "status-flags", "event-state", "out-of-service", "polarity"),
    "TL": ("description", "log-enable", "start-time", "stop-time", "log-device-object-property", "log-interval",
           "stop-when-full", "buffer-size", "record-count", "total-record-count", "event-state"),
    "DE": ("system-status", "vendor-name", "vendor-identifier", "model-name", "firmware-revision",
           "application-software-version", "location", "description", "protocol-version", "protocol-revision",
           "protocol-services-supported", "protocol-object-types-supported", "object-list", "max-apdu-length-accepted",
           "segmentation-supported", "local-time", "local-date", "apdu-timeout", "number-of-apdu-retries", "max-master",
           "max-info-frames", "device-address-binding", "database-revision"),
}  # fmt: skip


def test_every_object_has_the_properties_of_its_kind_and_no_property_list(meter: S4100) -> None:
    for entry in OBJECTS:
        instance = INSTANCE if entry.kind == "DE" else entry.instance
        assert meter.read(entry.kind, instance, "object-identifier") == (entry.kind, instance)
        assert meter.read(entry.kind, instance, "object-type") == entry.object_type
        assert isinstance(meter.read(entry.kind, instance, "object-name"), str)
        for prop in REQUIRED[entry.kind]:
            assert meter.read(entry.kind, instance, prop) is not None, (entry.label, prop)
        assert refused(meter.read, entry.kind, instance, "property-list") == ("property", "unknown-property")
    assert refused(meter.read, "AI", 1, "polarity") == ("property", "unknown-property")
    assert refused(meter.read, "BI", 1, "units") == ("property", "unknown-property")


@pytest.mark.parametrize(
    ("kind", "instance"), [("AI", 84), ("AI", 0), ("AV", 12), ("BI", 16), ("TL", 4), ("DE", 5), ("AO", 1)]
)
def test_what_is_not_in_the_list_is_an_unknown_object(meter: S4100, kind: str, instance: int) -> None:
    assert refused(meter.read, kind, instance, "present-value") == ("object", "unknown-object")
    assert refused(meter.write, kind, instance, "present-value", 1.0) == ("object", "unknown-object")


def test_the_device_says_what_the_manuals_table_says(meter: S4100) -> None:
    device = {name: meter.read("DE", INSTANCE, name) for name in REQUIRED["DE"]}
    assert meter.read("DE", INSTANCE, "object-name") == "Leviton S4100 Series Energy Meter - S/N: 4100-77"
    assert device["description"] == "S4100 DIN-Rail Energy Meter S/N: 4100-77"
    assert (device["vendor-name"], device["vendor-identifier"]) == ("Leviton Mfg.", 133)
    assert (device["protocol-revision"], device["max-apdu-length-accepted"], device["apdu-timeout"]) == (4, 480, 60000)
    services = device["protocol-services-supported"]
    assert isinstance(services, tuple)
    assert [bit for bit, is_set in enumerate(services) if is_set] == [12, 14, 15, 17, 32, 33, 34, 35]
    assert len(services) == 40
    types = device["protocol-object-types-supported"]
    assert isinstance(types, tuple)
    assert [bit for bit, is_set in enumerate(types) if is_set] == [0, 2, 3, 8, 20]


@pytest.mark.parametrize(
    ("prop", "value", "outcome"),
    [
        ("location", "Panel 3", None),
        ("location", "x" * 64, None),
        ("location", "x" * 65, "value-out-of-range"),
        ("location", "Stoß", "character-set-not-supported"),
        ("location", 3.0, "invalid-data-type"),
        ("max-master", 1, None),
        ("max-master", 0, "value-out-of-range"),
        ("max-master", 128, "value-out-of-range"),
        ("object-name", "mine", "write-access-denied"),
        ("vendor-name", "mine", "write-access-denied"),
        ("no-such-thing", 1, "unknown-property"),
    ],
)
def test_writes_to_the_device_follow_the_pics(meter: S4100, prop: str, value: object, outcome: str | None) -> None:
    if outcome is None:
        meter.write("DE", INSTANCE, prop, value)
        assert meter.read("DE", INSTANCE, prop) == value
    else:
        before = None if outcome == "unknown-property" else meter.read("DE", INSTANCE, prop)
        assert refused(meter.write, "DE", INSTANCE, prop, value) == ("property", outcome)
        assert outcome == "unknown-property" or meter.read("DE", INSTANCE, prop) == before


def test_the_device_instance_can_be_written_and_the_object_list_follows(meter: S4100) -> None:
    meter.write("DE", INSTANCE, "object-identifier", ("DE", 42))
    assert meter.device_instance == 42
    assert meter.read("DE", 42, "object-list", 1) == ("DE", 42)
    assert refused(meter.read, "DE", INSTANCE, "object-name") == ("object", "unknown-object")
    assert refused(meter.write, "DE", 42, "object-identifier", ("DE", 4_194_000)) == ("property", "value-out-of-range")


def test_an_analog_value_is_written_and_takes_effect(meter: S4100) -> None:
    meter.write("AV", 3, "present-value", 200.0, priority=8)
    meter.advance(2.0, LOAD)
    assert meter.read("AV", 3, "present-value") == 200.0
    assert meter.analog_input(73) == pytest.approx(100.0)
    assert meter.analog_input(76) == pytest.approx(math.sqrt(3.0) * 480.0 * 200.0 / 1000.0)


def test_a_change_of_system_type_changes_what_exists(meter: S4100) -> None:
    meter.write("AV", 2, "present-value", 12.0)
    meter.advance(2.0, LOAD)
    assert math.isnan(meter.analog_input(72))
    assert math.isnan(meter.analog_input(33))
    assert meter.analog_input(71) == pytest.approx(277.0)


@pytest.mark.parametrize(
    ("instance", "value", "code"),
    [(2, 30.0, "value-out-of-range"), (3, math.nan, "value-out-of-range"), (5, "1", "invalid-data-type"),
     (7, True, "invalid-data-type"), (1, 1.0, "value-out-of-range"), (1, math.inf, "value-out-of-range")],
)  # fmt: skip
def test_a_refused_write_changes_nothing(meter: S4100, instance: int, value: object, code: str) -> None:
    before = meter.configuration
    assert refused(meter.write, "AV", instance, "present-value", value) == ("property", code)
    assert meter.configuration is before


def test_only_present_values_of_analog_values_are_writable(meter: S4100) -> None:
    denied = ("property", "write-access-denied")
    assert refused(meter.write, "AI", 1, "present-value", 0.0) == denied
    assert refused(meter.write, "BI", 1, "present-value", 1) == denied
    assert refused(meter.write, "AV", 2, "description", "x") == denied
    assert refused(meter.write, "AI", 1, "nonsense", 0.0) == ("property", "unknown-property")
    assert refused(meter.write, "AV", 2, "present-value", 40.0, index=1) == ("property", "property-is-not-an-array")


def test_the_command_register_clears_energy_and_always_reads_zero(meter: S4100) -> None:
    assert meter.analog_input(2) > 0.0
    meter.write("AV", 1, "present-value", 30078.0)
    assert meter.read("AV", 1, "present-value") == 0.0
    meter.advance(1.0, three_phase(WYE, 277.0, (0.0,) * 3))
    assert [meter.analog_input(n) for n in (1, 2, 3, 4, 9, 31, 49)] == [0.0] * 7
    assert meter.analog_input(78) == 1.0


def test_the_log_interval_of_every_trend_log_is_av11(meter: S4100) -> None:
    meter.write("TL", 2, "log-interval", 6000)
    meter.advance(1.0, LOAD)
    assert meter.read("AV", 11, "present-value") == 6000.0
    assert [meter.read("TL", n, "log-interval") for n in (1, 2, 3)] == [6000] * 3
    assert refused(meter.write, "TL", 1, "log-interval", 6050) == ("property", "value-out-of-range")


def test_trend_logs_share_their_settings_but_not_what_they_log(meter: S4100) -> None:
    assert [meter.read("TL", n, "log-device-object-property") for n in (1, 2, 3)] == [
        ("AI", 2, 85), ("AI", 3, 85), ("AI", 19, 85)
    ]  # fmt: skip
    meter.write("TL", 1, "log-device-object-property", ("AI", 75, 85))
    meter.write("TL", 1, "stop-when-full", True)
    assert meter.read("TL", 1, "log-device-object-property") == ("AI", 75, 85)
    assert meter.read("TL", 2, "log-device-object-property") == ("AI", 3, 85)
    assert meter.read("TL", 3, "stop-when-full") is True
    for target in (("AI", 76, 85), ("AV", 1, 85), ("AI", 1, 103)):
        refusal = refused(meter.write, "TL", 1, "log-device-object-property", target)
        assert refusal == ("property", "value-out-of-range")
    assert refused(meter.read, "TL", 1, "log-buffer") == ("property", "read-access-denied")
    assert refused(meter.write, "TL", 1, "buffer-size", 1) == ("property", "write-access-denied")


def test_clock_starts_in_2000_and_time_synchronization_ends_its_alert(meter: S4100) -> None:
    assert meter.read("DE", INSTANCE, "local-date") == datetime.date(2000, 1, 1)
    assert meter.read("DE", INSTANCE, "local-time") == datetime.time(0, 0, 1)
    assert meter.read("BI", 15, "present-value") == 1
    meter.synchronise_time(datetime.datetime(2026, 11, 22, 12, 0, 0))
    meter.advance(1.5, LOAD)
    assert meter.read("DE", INSTANCE, "local-date") == datetime.date(2026, 11, 22)
    assert meter.read("DE", INSTANCE, "local-time") == datetime.time(12, 0, 1, 500_000)
    assert meter.read("BI", 15, "present-value") == 0
    assert meter.analog_input(83) == 0.0


def test_binary_inputs_and_the_bitmap_say_the_same(meter: S4100) -> None:
    meter.advance(1.0, three_phase(WYE, 277.0, (130.0, 50.0, 50.0), -70.0))
    pattern = int(meter.analog_input(83))
    assert [meter.read("BI", n, "present-value") for n in range(1, 16)] == [pattern >> n & 1 for n in range(15)]
    assert pattern == 1 << 3 | 0b111 << 11 | 1 << 14
    assert meter.read("AI", 73, "reliability") == 7
    assert meter.read("AI", 74, "reliability") == 0
    assert meter.read("AI", 11, "reliability") == 7


def test_database_revision_counts_identity_changes_by_profile_and_is_kept() -> None:
    profile = BehaviourProfile(database_revision=DatabaseRevision.COUNTED, object_name_access=ObjectNameAccess.WRITABLE)
    counting = S4100("1", INSTANCE, WYE, profile=profile)
    for name, value in (("object-name", "mine"), ("object-name", "mine"), ("object-identifier", ("DE", 77))):
        counting.write("DE", counting.device_instance, name, value)
    counting.write("DE", 77, "location", "elsewhere")
    assert counting.read("DE", 77, "database-revision") == 2
    again = S4100("1", INSTANCE, WYE, profile=profile, memory_image=counting.memory_image())
    assert again.read("DE", 77, "database-revision") == 2
    plain = S4100("1", INSTANCE, WYE)
    plain.write("DE", INSTANCE, "object-identifier", ("DE", 77))
    assert plain.read("DE", 77, "database-revision") == 0


def test_names_units_and_access_follow_the_profile() -> None:
    profile = BehaviourProfile(
        bi_names=CurrentErrorNames.AS_PRINTED,
        pf_units=PowerFactorUnits.POWER_FACTOR,
        object_name_access=ObjectNameAccess.WRITABLE,
    )
    meter = S4100("1", INSTANCE, WYE, profile=profile)
    assert {meter.read("BI", n, "object-name") for n in (4, 5, 6)} == {"Current_Error_A"}
    assert meter.read("AI", 14, "units") == 15
    meter.write("DE", INSTANCE, "object-name", "mine")
    assert meter.read("DE", INSTANCE, "object-name") == "mine"
    plain = S4100("1", INSTANCE, WYE)
    assert [plain.read("BI", n, "object-name") for n in (4, 5, 6)] == [f"Current_Error_{p}" for p in "ABC"]
    assert plain.read("AI", 14, "units") == 95
