"""Meters of the emulated bench remember in files: over a restart, and over a kill at any moment."""

import json
import random
import subprocess
import sys
import threading

import pytest

from meter_model.configuration import Configuration
from meter_model.device.memory import SLOT_OCTETS, Memory
from meter_model.device.meter import S4100
from meter_model.stimulus import Stimulus
from rig.emulation.bench import EmulatedBench, Options
from rig.emulation.meter.memory import MemoryFile, Saver

DEAD = Stimulus(60.0, ((), (), ()), ((), (), ()))


def remembered(directory, serial_number="77"):
    file = MemoryFile(directory, serial_number)
    try:
        return S4100(serial_number, memory_image=file.image)
    finally:
        file.close()


def test_a_file_holds_what_its_meter_has_stored_at_every_moment(tmp_path):
    file = MemoryFile(tmp_path / "new", "77")
    meter = S4100("77", memory_image=file.image, memory_sink=file.write)
    meter.write("DE", 1_000_001, "location", "Panel 3")
    meter.write("AV", 8, "present-value", 33.0)
    meter.advance(1.0, DEAD)
    assert meter.read("AV", 8, "reliability") == 0
    # Nothing is closed nor flushed: this is what a kill would leave.
    found = S4100("77", memory_image=(tmp_path / "new" / "77.nv").read_bytes())
    assert found.configuration == Configuration(phase_loss_pct=33.0)
    assert found.read("DE", 1_000_001, "location") == "Panel 3"
    file.close()


def test_a_write_of_the_file_that_is_cut_anywhere_leaves_the_state_before(tmp_path):
    rng = random.Random(3)
    for number in range(20):
        path = tmp_path / f"{number}.nv"
        file = MemoryFile(tmp_path, str(number))
        memory = Memory()
        for content in (b"older", b"old"):
            file.write(*memory.write(content * 50))
        offset, octets = memory.write(b"new" * 100)
        file.write(offset, octets[: rng.randrange(len(octets))])
        file.close()
        assert Memory(path.read_bytes()).content == b"old" * 50


def test_two_benches_cannot_have_one_memory(tmp_path):
    file = MemoryFile(tmp_path, "77")
    with pytest.raises(OSError, match="in use"):
        MemoryFile(tmp_path, "77")
    file.close()
    MemoryFile(tmp_path, "77").close()


def test_what_accumulates_is_saved_at_the_end(tmp_path):
    file = MemoryFile(tmp_path, "77")
    meter = S4100("77", memory_sink=file.write)
    with Saver([meter], threading.Lock()):
        meter.pulse_input(True)
        meter.advance(5.0, DEAD)
    file.close()
    assert remembered(tmp_path).analog_input(29) == 1.0


def test_a_meter_without_power_is_not_made_to_write(tmp_path):
    writes = []
    meter = S4100("77", memory_sink=lambda *write: writes.append(write))
    meter.advance(1.0, DEAD, control_power=False)
    count = len(writes)
    meter.save()
    assert len(writes) == count


@pytest.mark.realtime
def test_a_bench_that_is_built_again_has_the_same_meters_a_power_up_later(tmp_path):
    options = Options(meters=2, is_paced=False, state=tmp_path)
    registers = []
    for start in range(2):
        with EmulatedBench(options) as bench, bench.world:
            registers.append([meter.analog_input(2) for meter in bench.meters])
            counts = [meter.analog_input(81) for meter in bench.meters]
        assert counts == [1.0 + start] * 2
    assert registers[0] == registers[1]
    assert all(each > 0.0 for each in registers[0])
    with EmulatedBench(Options(meters=2, is_paced=False, seed=2, state=tmp_path)) as other, other.world:
        assert [meter.analog_input(81) for meter in other.meters] == [1.0] * 2, "another seed is other meters"
    assert len(list(tmp_path.glob("*.nv"))) == 4
    assert all(path.stat().st_size <= 2 * SLOT_OCTETS for path in tmp_path.glob("*.nv"))


@pytest.mark.realtime
def test_a_meter_survives_kills_in_the_middle_of_its_writes(tmp_path):
    rng = random.Random(7)
    command = [sys.executable, "-m", "rig.emulation", "--json", "--unpaced", "--state", str(tmp_path)]
    energies = []
    for kill in range(4):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        serial_number = json.loads(process.stdout.readline())["meters"][0]["serial_number"]
        threading.Event().wait(rng.uniform(0.0, 1.2))  # the memory is written after a second
        process.kill()
        process.wait(20.0)
        process.stdin.close()
        process.stdout.close()
        meter = remembered(tmp_path, serial_number)
        assert meter.has_history
        assert meter.analog_input(81) == kill + 2.0
        energies.append(meter.analog_input(2))
    assert energies[0] > 0.0
    assert energies == energies[:1] * 4, "without a load nothing is accumulated, and nothing is lost"
