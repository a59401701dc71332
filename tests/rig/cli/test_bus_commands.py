"""``rig bus`` as people use it, on a real ring of pseudo-terminals and on the emulated bench."""

import json
import shutil
import signal
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.mstp.capture import read_pcapng, write_pcapng
from rig.bench import load_bench
from rig.bench.discovery.listening import open_listening_port
from rig.bench.lock import hold_bench, hold_port, noted
from rig.cli import main
from rig.errors import BenchBusy, UsageRefused
from rig.safety.state import ENDPOINTS, Opening
from tests.drivers.mstp.pty_bridge import PtyBridge
from tests.drivers.mstp.tape import Tape

pytestmark = pytest.mark.realtime


def words(*arguments):
    return [sys.executable, "-m", "rig.cli", "bus", *map(str, arguments)]


@pytest.fixture
def rig_bus(monkeypatch, capsys, tmp_path):
    """Run a command in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["rig", "bus", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return SimpleNamespace(returncode=ended.value.code, **capsys.readouterr()._asdict())

    return run


@pytest.fixture
def bridge():
    bus = PtyBridge(3)
    yield bus
    bus.close()


@pytest.fixture
def ring(bridge):
    """A ring of two masters; gives the third port, which no station uses."""
    from drivers.mstp import MstpPort, PortSettings

    ports = [MstpPort(PortSettings(bridge.ports[mac], 76800, mac, 1)) for mac in (0, 1)]
    for port in ports:
        port.start()
    yield bridge.ports[2]
    for port in ports:
        port.close()


def test_watch_tells_of_the_ring_as_json_lines_and_ends_by_itself(ring, rig_bus):
    done = rig_bus("watch", "--device", ring, "--baud", 76800, "--for", 1.2, "--every", 0.4, "--json")
    assert done.returncode == 0, done.err
    last = json.loads(done.out.splitlines()[-1])
    assert last["masters"] == [0, 1]
    assert last["token_rotation_s"]["count"] > 0
    assert [node["next_station"] for node in last["nodes"]] == [1, 0]
    assert (last["header_crc_errors"], last["stray_octets"]) == (0, 0)


def test_watch_shows_a_table_of_the_stations(ring, rig_bus):
    done = rig_bus("watch", "--device", ring, "--baud", 76800, "--for", 0.8)
    assert done.returncode == 0, done.err
    assert "masters 0–1" in done.out
    assert [line.split()[:2] for line in done.out.splitlines() if " master " in line] == [
        ["0", "master"],
        ["1", "master"],
    ]


def test_watch_ends_in_order_when_it_is_interrupted(ring):
    arguments = words("watch", "--device", ring, "--baud", 76800, "--every", 0.3, "--json")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        assert json.loads(watching.stdout.readline())["baud"] == 76800
        watching.send_signal(signal.SIGINT)
        _, errors = watching.communicate(timeout=20)
    assert (watching.returncode, errors) == (0, "")


def test_a_capture_that_is_killed_is_whole_as_far_as_it_goes(ring, tmp_path):
    file = tmp_path / "bus.pcapng"
    with subprocess.Popen(
        words("capture", file, "--device", ring, "--baud", 76800), stderr=subprocess.DEVNULL
    ) as capturing:  # fmt: skip
        give_up_s = time.monotonic() + 20
        while not file.exists() or file.stat().st_size < 10_000:
            assert time.monotonic() < give_up_s
            time.sleep(0.02)
        capturing.kill()
    capture = read_pcapng(file)
    assert (capture.device, capture.baud) == (ring, 76800)
    assert len(capture.frames) > 100
    assert all(seen.valid for seen in capture.frames)
    if shutil.which("tshark"):
        read = subprocess.run(["tshark", "-r", str(file)], capture_output=True, text=True, check=True)
        assert len(read.stdout.splitlines()) == len(capture.frames)


def test_a_capture_stops_after_the_frames_asked_for(ring, tmp_path, rig_bus):
    file = tmp_path / "bus.pcapng"
    done = rig_bus("capture", file, "--device", ring, "--baud", 76800, "--frames", 50)
    assert done.returncode == 0, done.err
    assert len(read_pcapng(file).frames) == 50
    assert "50 frames" in done.err


def test_check_finds_the_meter_and_joins_the_ring_of_the_emulated_bench(rig_bus):
    done = rig_bus("check", "--for", 1, "--json")
    answer = json.loads(done.out)
    assert answer["own_mac"] == 0
    (device,) = answer["devices"]
    assert (device["mac"], device["vendor_identifier"], device["max_master"]) == (1, 133, 7)
    assert "S4100" in device["name"]
    assert answer["heard"]["masters"] == [1]
    assert answer["in_ring"]["masters"] == [0, 1]
    meter = next(node for node in answer["in_ring"]["nodes"] if node["mac"] == 1)
    assert meter["reply_s"]["count"] >= 13
    assert {"sole-master", "address-gaps"} <= {finding["kind"] for finding in answer["findings"]}
    assert done.returncode == any(finding["severity"] == "fault" for finding in answer["findings"])


def test_check_of_a_capture_names_whoever_does_not_answer(tmp_path, rig_bus):
    tape = Tape()
    for _ in range(20):
        tape.ring(0, 1).request(0, 9).token(0, 1, after_s=0.295).token(1, 0)
    write_pcapng(tmp_path / "bus.pcapng", tape.frames, "/dev/ttyUSB0", 76800)
    done = rig_bus("check", "--file", tmp_path / "bus.pcapng")
    assert done.returncode == 10
    assert "FAULT MAC 9: 20 of 20 requests to it got no answer" in done.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("watch", "--device", "/dev/no-such-port", "--baud", 76800), "/dev/no-such-port: there is no such device"),
        (("watch", "--device", "/dev/ttyUSB0"), "needs --baud"),
        (("capture", "x.pcapng", "--baud", 9600), "--baud goes with --device"),
        (("check", "--file", "/dev/null"), "/dev/null: is no regular file; name a capture"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_sentence(arguments, told, rig_bus):
    done = rig_bus(*arguments)
    assert done.returncode in (10, 11)
    assert told in done.err
    assert done.out == ""
    assert len(done.err.splitlines()) == 1


class TestListeningPort:
    BENCH = "schema: 1\nname: two-adapters\nbus: {{port: {}, {} baud: 9600}}\n"

    @pytest.fixture(autouse=True)
    def own_state(self, tmp_path, monkeypatch):
        monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))

    def bench(self, tmp_path, more=""):
        path = tmp_path / "bench.yaml"
        path.write_text(self.BENCH.format("/dev/a", more))
        return path

    def test_a_second_adapter_can_be_listened_to_beside_a_run(self, tmp_path):
        bench = self.bench(tmp_path, "listen_port: /dev/b,")
        with hold_port("/dev/a"), open_listening_port(bench, "watch") as port:
            assert (port.device, port.baud, port.bus) == ("/dev/b", 9600, None)
        with hold_port("/dev/a"), open_listening_port(bench, "check", may_talk=True) as port:
            assert (port.device, port.bus) == ("/dev/b", None)

    def test_rigs_own_port_is_heard_while_the_bench_is_free_and_then_locked(self, tmp_path):
        bench = self.bench(tmp_path)
        with open_listening_port(bench, "watch") as port:
            assert port.device == "/dev/a"
            with pytest.raises(BenchBusy, match="bus port /dev/a is in use by bench 'two-adapters'"):
                hold_bench(load_bench(bench)).__enter__()
        with hold_port("/dev/a"), pytest.raises(BenchBusy), open_listening_port(bench, "watch"):
            pass

    def test_two_never_listen_at_one_port_and_take_each_others_octets(self, tmp_path):
        bench = self.bench(tmp_path, "listen_port: /dev/b,")
        with open_listening_port(bench, "watch"), pytest.raises(BenchBusy, match="serial port /dev/b is in use"):
            open_listening_port(bench, "capture").__enter__()

    def test_a_launched_bench_in_use_is_listened_to_where_its_run_says(self):
        instruments = ("source", "analyzer", "switch", "generator", "counter", "climate_probe")
        endpoints: dict[str, Any] = dict.fromkeys(instruments, "TCPIP0::127.0.0.1::1::SOCKET")
        endpoints |= {"clock": "tcp://127.0.0.1:1", "bus": "/dev/a", "bus_ports": ["/dev/b"], "meters": [{"mac": 1}]}
        with noted(Opening.begin("emulated")) as opening:
            opening.write(ENDPOINTS, {"endpoints": endpoints})
            with open_listening_port("emulated", "watch") as port:
                assert (port.device, port.bus) == ("/dev/b", None)
                assert "beside the run" in port.how
            endpoints["bus_ports"] = ["/dev/c"]
            with noted(Opening.begin("emulated")) as other:
                other.write(ENDPOINTS, {"endpoints": endpoints})
                with open_listening_port("emulated", "watch") as port:
                    assert port.device in ("/dev/b", "/dev/c")
                    assert "the newest of 2 runs" in port.how

    def test_a_bench_without_a_bus_is_refused(self, tmp_path):
        path = tmp_path / "bench.yaml"
        path.write_text("schema: 1\nname: no-bus\n")
        with pytest.raises(UsageRefused, match="--device"), open_listening_port(path, "watch"):
            pass
