"""Opening whole and partial benches: what is there works, what is not there is named in one sentence."""

import json
import os
import tty

import pytest

from drivers.errors import InstrumentLost
from rig.bench import open_bench
from rig.errors import BenchFault
from rig.load_point import LoadPoint
from tests.heard import heard
from tests.kept_log import KeptLog
from tests.rig.safety.stand_ins import QUICK

pytestmark = pytest.mark.realtime

BUS = """\
schema: 1
name: meter-alone
bus: {{port: {port}, apdu_timeout_s: 0.5}}
positions: [{{name: "1", mac: 5, meter_type: s4100}}]
"""


def write(tmp_path, text):
    path = tmp_path / "bench.yaml"
    path.write_text(text)
    return path


def fault(path):
    with pytest.raises(BenchFault) as caught, open_bench(path):
        pass
    return str(caught.value)


def test_the_emulated_bench_opens_measures_and_closes():
    lines = []
    with open_bench("emulated", events=heard(lines)) as bench:
        used = {used.role: used.certificate for used in bench.instruments()}
        assert used == dict.fromkeys(("source", "analyzer", "counter", "climate_probe", "switch", "generator"))
        assert bench.switch.control_power_is_on()
        assert bench.positions[0].identity.serial_number == bench.launched.endpoints["meters"][0]["serial_number"]
        assert bench.file.parts.simulated
        assert "the contactor cuts the meter off 3 s after the guardian's last pulse" in bench.protection_text
        bench.supervisor.apply(LoadPoint(277.0, 100.0, -60.0))
        bench.supervisor.settle()
        bench.clock.sleep(2.0)
        assert bench.positions[0].meter.read_load_point().values[11] == pytest.approx(41.5, rel=0.01)
    assert any(line.startswith("safe: currents off, voltage ramped down") for line in lines)
    assert any(line.startswith("interlock: not wired") for line in lines)
    assert not bench.launched.alive()
    assert not bench.guardian.alive()


def test_an_exception_in_a_run_leaves_the_bench_off_and_free(tmp_path):
    path = write(tmp_path, QUICK)

    def run():
        with open_bench(path) as bench:
            seen.append((bench, KeptLog(bench.launched.endpoints)))
            bench.supervisor.apply(LoadPoint(277.0, 100.0, 0.0))
            bench.switch.set_pulse_contact(True)
            raise ZeroDivisionError

    seen = []
    with pytest.raises(ZeroDivisionError):
        run()
    ((bench, log),) = seen
    assert bench.supervisor.load_point is None
    assert not log.path.parent.exists()  # an emulated bench leaves nothing in the temporary folder
    events = [json.loads(line) for line in log.read_text().splitlines()]
    last = [event for event in events if event["event"] in ("output", "relay")][-2:]
    assert [(event["event"], event.get("on"), event.get("closed")) for event in last] == [
        ("output", False, None),
        ("relay", None, False),
    ], "relays go to rest once the outputs are off"
    assert not bench.launched.alive()
    with open_bench(path):
        pass


def test_a_serial_port_that_is_not_there_is_named_with_what_to_do(tmp_path):
    text = fault(write(tmp_path, BUS.format(port="/dev/ttyUSB9")))
    assert text.startswith("/dev/ttyUSB9: ")
    assert "plug the adapter in, or correct 'bus: port' in bench.yaml" in text


def test_a_port_where_nothing_answers_says_that_not_one_octet_came(tmp_path):
    ours, theirs = os.openpty()
    tty.setraw(ours)
    try:
        text = fault(write(tmp_path, BUS.format(port=os.ttyname(theirs))))
        assert f"nothing answers on {os.ttyname(theirs)}: not one octet was received" in text
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_meter_at_another_address_is_found_and_its_address_told(tmp_path):
    text = "schema: 1\nextends: emulated\nname: elsewhere\npositions: [{name: '1', mac: 9, meter_type: s4100}]\n"
    text += "source: null\nanalyzer: null\nbus: {apdu_timeout_s: 0.5}\n"
    said = fault(write(tmp_path, text))
    assert "no meter answers at MAC 9" in said
    assert "on the bus: MAC 1 (device " in said


def test_a_meter_can_be_named_by_its_device_instance(tmp_path):
    text = "schema: 1\nextends: emulated\nname: by-instance\nsource: null\nanalyzer: null\n"
    text += "positions: [{name: '1', device_instance: '${launch.meters[0].device_instance}', meter_type: s4100}]\n"
    with open_bench(write(tmp_path, text)) as bench:
        assert bench.positions[0].mac == 1
        assert bench.supervisor is None
        assert bench.source is None


def test_an_instrument_that_is_not_there_is_named(tmp_path):
    text = "schema: 1\nextends: emulated\nname: no-source\nbus: null\n"
    text += "source: {resource: 'TCPIP0::127.0.0.1::1::SOCKET'}\npositions: [{name: '1', meter_type: s4100}]\n"
    with pytest.raises(InstrumentLost, match=r"TCPIP0::127.0.0.1::1::SOCKET: "), open_bench(write(tmp_path, text)):
        pass


def test_a_bench_switches_control_power_on_and_leaves_its_relays_at_rest(tmp_path):
    """Control power over a normally open contact: the meter is off until the bench is opened, and afterwards."""
    lines = []
    text = "schema: 1\nextends: emulated\nname: other-contact\nsource: null\nanalyzer: null\n"
    text += "switch: {control_power: {channel: 202, on_when: closed}}\n"
    with open_bench(write(tmp_path, text), events=heard(lines)) as bench:
        log = KeptLog(bench.launched.endpoints)
        assert bench.switch.control_power_is_on()
        assert bench.guardian is None
        assert bench.timed["pulse_input"].uncertainty_s < 1e-3
    assert "control power switched on" in lines
    relays = [json.loads(line) for line in log.read_text().splitlines() if '"relay"' in line]
    assert [(event["channel"], event["closed"]) for event in relays] == [(202, True), (202, False)]


def test_launched_process_that_does_not_start_is_shown_with_its_output(tmp_path):
    text = "schema: 1\nextends: emulated\nname: bad-option\nlaunch: {extra_argv: ['--no-such-option']}\n"
    assert "--no-such-option" in fault(write(tmp_path, text))


def test_a_source_alone_is_a_legal_bench_that_nobody_can_energise(tmp_path):
    text = "schema: 1\nextends: emulated\nname: source-alone\nbus: null\nanalyzer: null\npositions: []\n"
    text += "switch: null\ngenerator: null\ncounter: null\nclimate_probe: null\n"
    text += "launch: {extra_argv: ['--meters', '0']}\n"
    with open_bench(write(tmp_path, text)) as bench:
        assert bench.file.capabilities == {"source"}
        assert bench.source.output_is_on() is False
        assert bench.supervisor is None
