"""The emulated bench as a process: its JSON line, its end, its refusals."""

import json
import signal
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-m", "rig.emulation"]


def start(*options):
    process = subprocess.Popen([*COMMAND, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    return process, json.loads(process.stdout.readline())


@pytest.fixture
def running(tmp_path):
    process, endpoints = start(
        "--json", "--meters", "2", "--spare-ports", "1", "--mac", "5", "--log", str(tmp_path / "log.jsonl")
    )
    yield process, endpoints
    process.stdin.close()
    process.wait(20.0)
    process.stdout.close()


def port_of(endpoint):
    return int(endpoint.split("::")[2]) if "::" in endpoint else int(endpoint.rpartition(":")[2])


@pytest.mark.realtime
def test_one_line_tells_every_endpoint_and_the_end_of_input_ends_it(running, connect, tmp_path):
    process, endpoints = running
    assert endpoints["baud"] == 76800
    assert endpoints["bus"].startswith("/dev/")
    assert len(endpoints["bus_ports"]) == 1
    assert [meter["mac"] for meter in endpoints["meters"]] == [5, 6]
    for meter in endpoints["meters"]:
        assert 1_000_000 <= meter["device_instance"] <= 3_097_151
    assert connect(port_of(endpoints["source"])).query("*IDN?").startswith("FLUKE,6105A,")
    assert connect(port_of(endpoints["analyzer"])).query("*IDN?").startswith("YOKOGAWA,WT3003E")
    clock = connect(port_of(endpoints["clock"]))
    before = json.loads(clock.query('{"now": true}'))["bench_time_s"]
    after = json.loads(clock.query('{"sleep_s": 60}'))["bench_time_s"]
    assert after - before >= 60.0
    assert json.loads(connect(port_of(endpoints["control"])).query('{"status": true}'))["output_on"] is False
    process.stdin.close()
    assert process.wait(20.0) == 0
    events = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert events[0]["event"] == "ready"
    assert (events[-1]["event"], events[-1]["output_on"]) == ("end", False)


@pytest.mark.realtime
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(number):
    process, _ = start("--json", "--meters", "0")
    process.send_signal(number)
    assert process.wait(20.0) == 0
    process.stdin.close()
    process.stdout.close()


@pytest.mark.realtime
def test_the_same_seed_gives_the_same_bench_and_another_another():
    benches = []
    for seed in ("7", "7", "8"):
        process, endpoints = start("--json", "--seed", seed)
        process.stdin.close()
        assert process.wait(20.0) == 0
        process.stdout.close()
        benches.append(endpoints["meters"])
    assert benches[0] == benches[1] != benches[2]


@pytest.mark.realtime
def test_for_people_it_prints_a_table():
    process = subprocess.Popen([*COMMAND, "--meters", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    printed, _ = process.communicate(timeout=20.0)
    assert printed.startswith("The emulated bench is ready")
    assert "TCPIP0::127.0.0.1::" in printed
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--defect", "foo=1"], "known are"),
        (["--defect", "phase-b-current-gain@2=1%"], "not there"),
        (["--meters", "33"], "0 to 32"),
        (["--mac", "120", "--meters", "10"], "beyond"),
        (["--divider-ratio", "0.5"], "above 1"),
        (["--baud", "x"], "baud"),
        (["--ct-secondary", "2"], "ct-secondary"),
        (["--analyzer-model", "WT500"], "WT3003E, WT1803E, WT5000"),
        (["--analyzer", "zes_lmg600", "--analyzer-model", "WT5000"], "left out"),
    ],
)
def test_senseless_options_are_refused_in_one_line(options, says):
    ended = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=60.0)
    assert ended.returncode == 11
    assert says in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stdout == ""


def test_a_log_that_cannot_be_opened_is_said_in_one_line(tmp_path):
    ended = subprocess.run(
        [*COMMAND, "--log", str(tmp_path / "no" / "log")], capture_output=True, text=True, timeout=60.0
    )
    assert ended.returncode == 10
    assert "No such file" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
