"""Control power and pulse contact of the emulated meters, worked over the control port."""

import json

import pytest

from meter_model.device.meter import S4100
from rig.emulation.meter.terminals import MeterTerminals
from rig.emulation.servers.control import Control, JsonHandler
from rig.emulation.servers.tcp import LineServer
from rig.emulation.world.event_log import EventLog


@pytest.fixture
def meters(bench):
    """Return two meters on the bench; their terminals are worked over ``ask``."""
    made = [S4100("1"), S4100("2")]
    bench.terminals = [MeterTerminals(meter, bench.world.now_s) for meter in made]
    bench.attach(*bench.terminals)
    return made


@pytest.fixture
def ask(bench, meters, connect, tmp_path):
    log = EventLog(tmp_path / "terminals.jsonl", bench.world.now_s)
    control = Control(bench.world, bench.source, {}, log, bench.terminals)
    server = LineServer(JsonHandler(control.serve), "control")
    client = connect(server.port)
    yield lambda question: json.loads(client.query(json.dumps(question)))
    server.close()
    log.close()


def test_a_meter_without_control_power_is_off_and_the_other_is_not(bench, meters, ask):
    bench.world.sleep(3.0)
    assert ask({"control_power": {"meter": 0, "on": False}})["done"]
    bench.world.sleep(10.0)
    assert [meter.is_running for meter in meters] == [False, True]
    assert [meter.update_count for meter in meters] == [3, 13]
    ask({"control_power": {"meter": 0, "on": True}})
    bench.world.sleep(5.0)
    assert [meter.is_running for meter in meters] == [True, True]
    assert [meter.analog_input(81) for meter in meters] == [2.0, 1.0]


@pytest.mark.parametrize(
    ("power", "is_running"),
    [({"volts": 89}, False), ({"volts": 90}, True), ({"kind": "dc", "volts": 124}, False),
     ({"kind": "dc", "volts": 125}, True), ({"kind": "ac", "volts": 0}, False)],
)  # fmt: skip
def test_control_power_of_less_than_90_v_ac_or_125_v_dc_is_too_little(bench, meters, ask, power, is_running):
    ask({"control_power": {"meter": 1, **power}})
    bench.world.sleep(1.0)
    assert meters[1].is_running is is_running
    status = ask({"status": True})["meters"]
    assert [each["is_running"] for each in status] == [True, is_running]
    assert status[1]["control_power"] == {"kind": power.get("kind", "ac"), "volts": power["volts"]}


@pytest.mark.parametrize(("for_s", "power_ups"), [(0.05, 1.0), (0.099, 1.0), (0.101, 2.0), (2.5, 2.0)])
def test_a_gap_in_control_power_lasts_as_long_as_it_is_told_in_bench_time(bench, meters, ask, for_s, power_ups):
    ask({"control_power": {"meter": 0, "on": False, "for_s": for_s}})
    bench.world.sleep(5.0)
    assert meters[0].analog_input(81) == power_ups
    assert ask({"status": True})["meters"][0]["control_power"] == {"kind": "ac", "volts": 120.0}


def test_pulses_are_counted_in_bench_time_and_short_ones_are_not(bench, meters, ask):
    ask({"pulse": {"meter": 0, "count": 50, "width_s": 0.02, "period_s": 0.05}})
    ask({"pulse": {"meter": 1, "count": 50, "width_s": 0.019, "period_s": 0.05}})
    bench.world.sleep(4.0)
    assert [meter.analog_input(29) for meter in meters] == [50.0, 0.0]
    ask({"pulse": {"meter": 1, "closed": True}})
    bench.world.sleep(2.0)
    assert meters[1].analog_input(29) == 1.0


@pytest.mark.parametrize(
    "question",
    [
        {"control_power": {"on": False}},
        {"control_power": {"meter": 2, "on": False}},
        {"control_power": {"meter": -1, "on": False}},
        {"control_power": {"meter": "0", "on": False}},
        {"control_power": {"meter": [], "on": False}},
        {"control_power": True},
        {"control_power": {"meter": 0}},
        {"control_power": {"meter": 0, "on": "no"}},
        {"control_power": {"meter": 0, "volts": 601}},
        {"control_power": {"meter": 0, "kind": "dc", "volts": 301}},
        {"control_power": {"meter": 0, "kind": "battery", "volts": 100}},
        {"control_power": {"meter": 0, "kind": [], "volts": 100}},
        {"control_power": {"meter": 0, "on": False, "for_s": -1}},
        {"pulse": {"meter": 0}},
        {"pulse": {"meter": 0, "closed": 1}},
        {"pulse": {"meter": 0, "count": 1.5, "width_s": 0.1, "period_s": 0.2}},
        {"pulse": {"meter": 0, "count": 1e9, "width_s": 0.1, "period_s": 0.2}},
        {"pulse": {"meter": 0, "count": 1, "width_s": 0.2, "period_s": 0.2}},
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence_and_nothing_changes(bench, meters, ask, question):
    before = ask({"status": True})["meters"]
    assert "error" in ask(question)
    assert ask({"status": True})["meters"] == before
    bench.world.sleep(2.0)
    assert [meter.analog_input(29) for meter in meters] == [0.0, 0.0]


def test_only_lost_control_power_takes_a_meter_off_the_bus_until_started(bench, meters):
    told = []
    terminal = bench.terminals[0]
    terminal.on_powered = told.append
    meters[0].reinitialize()
    bench.world.sleep(0.2)
    assert not meters[0].is_running
    bench.world.sleep(10.0)
    assert told == []
    terminal.set_control_power({"on": False, "for_s": 0.05})
    bench.world.sleep(10.0)
    assert told == []
    terminal.set_control_power({"on": False, "for_s": 0.5})
    bench.world.sleep(0.6)
    assert told == [False]
    bench.world.sleep(10.0)
    assert told == [False, True]
