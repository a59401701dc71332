"""The RS-485 adapter is pulled out in a run and plugged in again: the run goes on, and its record says for how long."""

import dataclasses
import threading
import time

import pytest

from drivers.meter import BusFailed
from meter_model.device.meter import S4100
from rig.bench import load_bench
from rig.emulation.meter.node import MeterNodes
from rig.errors import BenchFault
from rig.procedures.meter_run import MeterRun
from rig.records import RunHeader, RunStore
from rig.safety.switching_off.safe_state import SafeStateReport
from tests.drivers.mstp.pty_bridge import PtyBridge

pytestmark = pytest.mark.realtime

RIG, METER = 0, 1
FILE = """
schema: 1
name: one meter
bus: {{port: {port}, max_master: 1, replug_wait_s: {wait_s}}}
positions: [{{name: "1", mac: 1, meter_type: s4100}}]
"""


@pytest.fixture
def bridge(tmp_path):
    folder = tmp_path / "dev"
    folder.mkdir()
    bridge = PtyBridge(2, folder)
    node = MeterNodes({METER: S4100("1")}, bridge.ports[METER], 76800, 1, threading.RLock())
    node.start()
    yield bridge
    node.close()
    bridge.close()


def open_run(bridge, folder, wait_s):
    """Return a run on the bench of one meter, and where its record is."""
    path = folder / "bench.yaml"
    path.write_text(FILE.format(port=bridge.ports[RIG], wait_s=wait_s))
    store = RunStore.open(folder / "records.sqlite")
    header = RunHeader(kind="certify", bench_name="one meter", bench_file_sha256="0", software_version="0")
    return MeterRun(load_bench(path), store, lambda _bench: header), store


def events_of(store, run):
    return [(event.kind, event.severity, event.data) for event in store.run(run.record.run_id).events]


def test_run_goes_on_and_its_record_has_loss_and_lost_time_once(bridge, tmp_path):
    run, store = open_run(bridge, tmp_path, wait_s=30)
    with run:
        meter = run.position.meter
        bridge.hang_up(RIG)
        threading.Timer(0.3, bridge.plug_in, [RIG]).start()
        started_s = time.monotonic()
        assert meter.read_configuration() == run._as_found
        took_s = time.monotonic() - started_s
    told = [event for event in events_of(store, run) if event[0].startswith("adapter")]
    assert [event[:2] for event in told] == [("adapter lost", "warning"), ("adapter restored", "warning")]
    assert 0.3 <= told[1][2]["lost_s"] <= took_s
    (bus,) = [event for event in events_of(store, run) if event[0] == "bus"]
    assert (bus[1], bus[2]["lines_lost"]) == ("warning", 1)
    store.close()


def test_run_whose_adapter_stays_away_fails_and_names_what_it_awaited(bridge, tmp_path):
    run, store = open_run(bridge, tmp_path, wait_s=0.2)
    with pytest.raises(BusFailed, match=r"did not come back within 0\.2 s"):
        lose_the_adapter_in(run, bridge)
    assert [event[0] for event in events_of(store, run)].count("adapter lost") == 1
    store.close()


class ImpatientSupervisor:
    """Stands for the supervisor, at a load point whose time is over."""

    def __init__(self):
        self.is_off = False

    def check_time(self):
        raise BenchFault("exposed for too long and has been switched off")

    def de_energise(self, *, softly):
        self.is_off = True
        return SafeStateReport(True, ("source",), ("off",))


def test_time_limited_state_is_switched_off_while_the_adapter_is_awaited(bridge, tmp_path):
    run, store = open_run(bridge, tmp_path, wait_s=30)
    supervisor = ImpatientSupervisor()
    with pytest.raises(BenchFault, match="exposed for too long"):
        lose_the_adapter_at_a_load_point(run, bridge, supervisor)
    assert supervisor.is_off
    store.close()


def lose_the_adapter_in(run, bridge):
    with run:
        bridge.hang_up(RIG)
        run.position.meter.read_configuration()


def lose_the_adapter_at_a_load_point(run, bridge, supervisor):
    with run:
        run._bench = dataclasses.replace(run._bench, supervisor=supervisor)
        bridge.hang_up(RIG)
        try:
            run.position.meter.read_configuration()
        finally:
            bridge.plug_in(RIG)
