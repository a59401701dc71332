"""Non-volatile memory: two slots; a write cut short at any octet leaves one state or the other."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_model.configuration import Configuration
from meter_model.device.memory import SLOT_OCTETS, Memory, pack, unpack
from meter_model.device.meter import S4100
from tests.meter_model.loads import three_phase

WYE = Configuration(system_voltage_v=480.0, subinterval_cs=1000)
LOAD = three_phase(WYE, 277.0, (50.0,) * 3, -30.0)


def test_erased_memory_holds_nothing() -> None:
    for image in (b"", b"\0" * 100, b"\xff" * (2 * SLOT_OCTETS), random.Random(1).randbytes(2 * SLOT_OCTETS)):
        assert Memory(image).content is None


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=6))
def test_the_last_of_several_writes_is_what_is_found(contents: list[bytes]) -> None:
    memory = Memory()
    for content in contents:
        memory.write(content)
        assert Memory(memory.image).content == memory.content == content


@given(st.binary(min_size=1, max_size=60), st.binary(min_size=1, max_size=60), st.data())
def test_a_write_that_is_cut_short_leaves_what_was_written_before(old: bytes, new: bytes, data: st.DataObject) -> None:
    memory = Memory()
    memory.write(b"older")
    memory.write(old)
    image = bytearray(memory.image)
    offset, octets = memory.write(new)
    cut = data.draw(st.integers(0, len(octets)))
    image[offset : offset + cut] = octets[:cut]
    is_whole = bytes(image) == memory.image
    assert Memory(bytes(image)).content == (new if is_whole else old)


@given(st.integers(0, 60 * 8 - 1))
def test_flipped_bit_in_the_newest_slot_brings_back_the_previous_one(bit: int) -> None:
    memory = Memory()
    memory.write(b"before")
    offset, octets = memory.write(b"x" * 40)
    image = bytearray(memory.image)
    image[offset + bit // 8 % len(octets)] ^= 1 << bit % 8
    assert Memory(bytes(image)).content == b"before"


def test_what_does_not_fit_a_slot_is_refused_and_nothing_is_lost() -> None:
    memory = Memory()
    memory.write(b"kept")
    with pytest.raises(ValueError, match="do not fit"):
        memory.write(b"x" * SLOT_OCTETS)
    assert Memory(memory.image).content == b"kept"


@given(st.dictionaries(st.text(max_size=5), st.floats(allow_nan=False)), st.binary(max_size=100))
def test_settings_and_records_come_back_to_the_last_bit(settings: dict[str, float], records: bytes) -> None:
    assert unpack(pack(settings, records)) == (settings, records)


def used_meter() -> S4100:
    meter = S4100("77", 42, WYE)
    meter.write("AV", 8, "present-value", 33.0)
    meter.write("DE", 42, "object-identifier", ("DE", 4242))
    meter.write("DE", 4242, "max-master", 99)
    meter.write("TL", 3, "log-device-object-property", ("AI", 11, 85))
    meter.pulse_input(True)
    meter.advance(35.0, LOAD)
    return meter


def test_a_meter_made_from_an_image_is_the_meter_after_a_loss_of_power() -> None:
    meter = used_meter()
    restarted = S4100("77", 1, Configuration(), memory_image=meter.memory_image())
    meter.advance(1.0, LOAD, control_power=False)
    meter.advance(1.0, LOAD)
    assert restarted.snapshot() == pytest.approx(meter.snapshot(), rel=0, abs=0, nan_ok=True)
    assert restarted.configuration == meter.configuration
    assert (restarted.device_instance, restarted.max_master) == (4242, 99)
    for instance in (1, 2, 3):
        assert restarted.read_log(instance) == meter.read_log(instance)
        assert restarted.read("TL", instance, "log-device-object-property") == meter.read(
            "TL", instance, "log-device-object-property"
        )
    assert restarted.analog_input(81) == 2.0
    assert restarted.analog_input(2) > 0.0
    assert restarted.trend_logs[1].record_count > 0


def test_a_full_log_fits_the_memory_and_a_damaged_image_is_a_new_meter() -> None:
    meter = used_meter()
    for _ in range(6000):
        meter._logs.record(meter.snapshot(), (0,) * 83)
    image = meter.memory_image()
    assert S4100("77", memory_image=image).read_log(2)[0] == meter.read_log(2)[0]
    assert len(meter.read_log(2)[0]) == 5760
    assert S4100("77", 5, memory_image=image[:1000]).device_instance == 5


def test_update_saved_in_a_power_failure_loses_only_data_since_last_save() -> None:
    writes: list[tuple[int, bytes]] = []
    meter = S4100("77", 42, WYE, memory_sink=lambda *write: writes.append(write))
    meter.advance(35.0, LOAD)
    image = bytearray(meter.memory_image())
    saved = meter.snapshot()
    meter.advance(10.0, LOAD)
    meter.save()
    offset, octets = writes[-1]
    half = len(octets) // 2
    image[offset : offset + half] = octets[:half]
    found = S4100("77", memory_image=bytes(image))
    assert found.analog_input(2) == saved[1]
    assert found.analog_input(2) < meter.analog_input(2)
