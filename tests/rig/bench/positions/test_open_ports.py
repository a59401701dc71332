"""A bench with a port for each position, opened: all meters are MAC 1, and a port that is not there stops no other."""

import os
import signal

import pytest

from rig.bench import open_bench
from rig.procedures.accuracy.power_comparison import Reader, read_all
from tests.heard import heard

pytestmark = pytest.mark.realtime

BENCH = """\
schema: 1
extends: emulated-eol
name: ports
source: null
analyzer: null
wiring: null
generator: null
counter: null
climate_probe: null
switch: null
launch: {extra_argv: ["--meters", "2", "--unpaced"]}
positions:
  - {name: a, mac: 1, meter_type: s4100}
  - {name: gone, mac: 1, meter_type: s4100, bus: {port: /dev/no-such-port}}
  - {name: b, mac: 1, meter_type: s4100, bus: {port: "${launch.buses[1]}"}}
"""


class Record:
    def __init__(self):
        self.units = []

    def meter_reading(self, values, *, unit_number, **_times):
        assert 11 in values
        self.units.append(unit_number)


def test_meters_with_one_mac_are_read_at_ports_of_their_own(tmp_path):
    path = tmp_path / "ports.yaml"
    path.write_text(BENCH)
    lines = []
    with open_bench(path, events=heard(lines)) as bench:
        stated = [meter["serial_number"] for meter in bench.launched.endpoints["meters"]]
        assert [(each.name, each.mac, each.identity.serial_number) for each in bench.positions] == [
            ("a", 1, stated[0]),
            ("b", 1, stated[1]),
        ]
        assert bench.positions[0].bus is bench.bus is bench.buses[0]
        assert bench.positions[1].bus is bench.buses[1]
        (absent,) = bench.absent
        assert absent.name == "gone"
        assert absent.why.startswith("position gone: ")
        assert "/dev/no-such-port" in absent.why
        readers = [Reader(each, None, number, has_own_bus=True) for number, each in enumerate(bench.positions, 1)]
        record = Record()
        read_all(readers, record)
        assert record.units == [1, 2]
        # The port of one ends: the other is read on.
        os.kill(bench.buses[1]._port.pid, signal.SIGKILL)
        read_all(readers, record)
        assert record.units == [1, 2, 1]
        assert readers[1].dead
        assert not readers[0].dead
