"""The RS-485 adapter is pulled out in a run and plugged in again: the run goes on, and its record says for how long."""

import dataclasses
import threading
import time

import pytest

from drivers.meter.errors import BusFailed
from meter_model.device.meter import S4100
from rig.bench import load_bench
from rig.bench.opening import Progress
from rig.errors import BenchFault
from rig.records.store import RunStore
from rig.run.run import Run, RunOptions
from rig.safety.switching_off.safe_state import SafeStateReport
from tests.drivers.mstp.pty_bridge import PtyBridge
from tests.rig.emulation.meter.one_node import MeterNode

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
    node = MeterNode(S4100("1"), bridge.ports[METER], 76800, METER, 1, threading.RLock())
    node.start()
    yield bridge
    node.close()
    bridge.close()


def open_run(bridge, folder, wait_s):
    """Return a run on the bench of one meter, and where its record is."""
    path = folder / "bench.yaml"
    path.write_text(FILE.format(port=bridge.ports[RIG], wait_s=wait_s))
    run = Run(RunOptions(str(path), "certify", records=str(folder / "records.sqlite")))
    return run, run.opened(load_bench(path))


def events_of(run):
    run.close()
    with RunStore.open(run.options.records) as store:
        return [(event.kind, event.severity, event.data) for event in store.run(run.options.run_id).events]


def test_run_goes_on_and_its_record_has_loss_and_lost_time_once(bridge, tmp_path):
    run, opened = open_run(bridge, tmp_path, wait_s=30)
    with opened as meter_run:
        meter = meter_run.position.meter
        bridge.hang_up(RIG)
        threading.Timer(0.3, bridge.plug_in, [RIG]).start()
        started_s = time.monotonic()
        assert meter.read_configuration() == meter_run.units[0].as_found
        took_s = time.monotonic() - started_s
    told = [event for event in events_of(run) if event[0].startswith("adapter")]
    assert [event[:2] for event in told] == [("adapter lost", "warning"), ("adapter restored", "warning")]
    assert 0.3 <= told[1][2]["lost_s"] <= took_s
    (bus,) = [event for event in events_of(run) if event[0] == "bus"]
    assert (bus[1], bus[2]["lines_lost"]) == ("warning", 1)


def test_run_whose_adapter_stays_away_fails_and_names_what_it_awaited(bridge, tmp_path):
    run, opened = open_run(bridge, tmp_path, wait_s=0.2)
    with pytest.raises(BusFailed, match=r"did not come back within 0\.2 s"):
        lose_the_adapter_in(opened, bridge)
    assert [event[0] for event in events_of(run)].count("adapter lost") == 1


class ImpatientSupervisor:
    """Stands for the supervisor, at a load point whose time is over."""

    def __init__(self):
        self.is_off = False

    def watch(self):
        pass

    def check_time(self):
        raise BenchFault("exposed for too long and has been switched off")

    def de_energise(self, *, softly):
        self.is_off = True
        return SafeStateReport(True, ("source",), ("off",))


def test_time_limited_state_is_switched_off_while_the_adapter_is_awaited(bridge, tmp_path, monkeypatch):
    _run, opened = open_run(bridge, tmp_path, wait_s=30)
    supervisor = ImpatientSupervisor()
    made = []
    monkeypatch.setattr("rig.bench.bench.Progress", lambda *parts: made.append(Progress(*parts)) or made[0])
    with pytest.raises(BenchFault, match="exposed for too long"):
        lose_the_adapter_at_a_load_point(opened, bridge, supervisor, made)
    assert supervisor.is_off


def lose_the_adapter_in(opened, bridge):
    with opened as run:
        bridge.hang_up(RIG)
        run.position.meter.read_configuration()


def lose_the_adapter_at_a_load_point(opened, bridge, supervisor, made):
    with opened as run:
        (progress,) = made
        progress.supervisor = supervisor
        run._bench = dataclasses.replace(run._bench, supervisor=supervisor)
        bridge.hang_up(RIG)
        try:
            run.position.meter.read_configuration()
        finally:
            bridge.plug_in(RIG)
