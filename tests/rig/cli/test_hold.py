"""``rig hold``: live readings at a point that stays; stopped in order, and everything off for every end."""

import errno
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from rig.bench import load_bench, open_bench
from rig.cli.hold import Stop
from rig.cli.shared.endings import exit_code_and_sentence
from rig.errors import LimitExceeded, UsageRefused
from rig.load_point import LoadPoint
from rig.procedures.hold import check_hold
from rig.records.store import RunStore
from rig.safety.errors import OutputWrong
from rig.safety.signals import StopRequested
from tests.rig.safety.stand_ins import QUICK, Control

SLOW_UP = QUICK.replace("name: quick", "name: slow-up") + "clock: {kind: wall, endpoint: null}\nsource: {ramp_s: 6}\n"


@pytest.fixture(autouse=True)
def state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))


def bench(tmp_path, text):
    path = tmp_path / "bench.yaml"
    path.write_text(text)
    return path


def start(tmp_path, text, *options):
    words = [sys.executable, "-m", "rig.cli", "hold", "--bench", str(bench(tmp_path, text)), *options]
    words += ["--records", str(tmp_path / "records.sqlite")]
    return subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def last_run(tmp_path):
    with RunStore.open(tmp_path / "records.sqlite") as store:
        return store.run("last")


@pytest.mark.realtime
def test_point_is_held_until_stopped_then_switched_off_and_reported(tmp_path):
    log = tmp_path / "events.jsonl"
    text = QUICK.replace('"0"]', f'"0", "--log", "{log}"]')
    with start(tmp_path, text, "--current", "50", "--angle", "-60", "--json") as holding:
        first, second = (json.loads(holding.stdout.readline()) for _ in range(2))
        holding.send_signal(signal.SIGTERM)
        _, said = holding.communicate(timeout=60)
    assert holding.returncode == 0, said
    assert second["elapsed_s"] > first["elapsed_s"]
    by_name = {one["name"]: one for one in second["quantities"]}
    assert by_name["Volts_AN"]["reference"] == pytest.approx(277.0, rel=2e-3)
    assert by_name["Current_A"]["reference"] == pytest.approx(50.0, rel=1e-2)
    assert by_name["KW_Total"]["nominal"] == pytest.approx(3 * 277 * 50 * 0.5 / 1000)
    assert by_name["KW_Total"]["meter"] is None
    assert second["angles_deg"]["B"] == pytest.approx(-60.0, abs=0.1)
    assert "warning: no bus: the meter is not read" in said
    assert "stopped by SIGTERM: switching off" in said
    assert said.index("safe: currents off, voltage ramped down") < said.index("everything is off")
    outputs = [event for line in log.read_text().splitlines() if (event := json.loads(line))["event"] == "output"]
    switched = [event["on"] for event in outputs]
    assert switched.count(True) == 1
    assert switched[-1] is False
    run = last_run(tmp_path)
    assert (run.header.kind, run.outcome, run.exit_code) == ("hold", "NOT_JUDGED", 0)
    assert len(run.points[0].reference_readings) >= 2
    kinds = [event.kind for event in run.events]
    assert kinds.index("hold") < kinds.index("safe state")


@pytest.mark.realtime
def test_a_holding_that_is_stopped_is_off_within_two_seconds_in_order(tmp_path):
    log = tmp_path / "events.jsonl"
    text = SLOW_UP.replace("ramp_s: 6", "ramp_s: 4").replace('"0"]', f'"0", "--log", "{log}"]')
    with start(tmp_path, text, "--voltage", "120") as holding:
        while not holding.stdout.readline().strip().startswith("0.0 s"):
            assert holding.poll() is None
        stopped_s = time.monotonic()
        holding.send_signal(signal.SIGINT)
        said, _ = holding.communicate(timeout=60)
    assert holding.returncode == 0, said
    off = [event for line in log.read_text().splitlines() if (event := json.loads(line))["event"] == "output"][-1]
    assert not off["on"]
    assert off["monotonic_s"] - stopped_s < 2.0
    assert "safe: currents off, voltage ramped down; the source says that its output is off" in said
    assert last_run(tmp_path).outcome == "NOT_JUDGED"


@pytest.mark.soak
def test_an_interrupt_on_the_way_up_switches_off_at_once(tmp_path):
    with start(tmp_path, SLOW_UP) as holding:
        while not holding.stdout.readline().startswith("energise"):
            assert holding.poll() is None
        holding.send_signal(signal.SIGINT)
        shown, said = holding.communicate(timeout=60)
    assert holding.returncode == 2, said
    assert shown.count("safe: ") == 1
    run = last_run(tmp_path)
    assert (run.outcome, run.exit_code) == ("TERMINATED", 2)
    assert any(event.kind == "safe state" and event.data["confirmed"] for event in run.events)


@pytest.mark.soak
def test_an_output_that_nobody_reads_any_more_ends_the_holding(tmp_path):
    with start(tmp_path, QUICK) as holding:
        while not holding.stdout.readline().strip().startswith("0.0 s"):
            assert holding.poll() is None
        holding.stdout.close()
        holding.wait(timeout=60)
        assert (holding.returncode, holding.stderr.read()) == (0, "")
    assert any("the reader of the output has gone" in event.text for event in last_run(tmp_path).events)


@pytest.mark.realtime
def test_looking_at_a_point_sees_a_source_that_trips_and_switches_off(tmp_path):
    with open_bench(bench(tmp_path, QUICK)) as opened:
        supervisor = opened.supervisor
        with pytest.raises(UsageRefused, match="the outputs are off"):
            supervisor.observe()
        supervisor.energise(LoadPoint(120.0, 10.0, 0.0))
        assert supervisor.observe().elements[0].u_v == pytest.approx(120.0, rel=5e-3)
        opened.source.set_output(False)
        with pytest.raises(OutputWrong, match="the source's output is off"):
            supervisor.observe()
        assert supervisor.load_point is None
        control = Control(opened.launched.endpoints)
        assert control.is_off
        control.close()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"voltage_v": 400.0}, LimitExceeded, "beyond 347 V"),
        ({"current_pct": 130.0}, LimitExceeded, "CT input"),
        ({"frequency_hz": 70.0}, LimitExceeded, "frequency"),
    ],
)
def test_a_point_beyond_the_envelope_is_refused_before_anything_is_opened(options, error, words):
    point = LoadPoint(**({"voltage_v": 277.0, "current_pct": 100.0, "angle_deg": 0.0} | options))
    with pytest.raises(error, match=words):
        check_hold(load_bench("emulated"), point)


def test_what_a_partial_bench_cannot_do_is_said(tmp_path):
    point = LoadPoint(120.0, 100.0, 0.0)
    no_source = "schema: 1\nextends: emulated\nname: a\nsource: null\n"
    with pytest.raises(UsageRefused, match=r"no source.*rig snapshot"):
        check_hold(load_bench(bench(tmp_path, no_source)), point)
    no_meter = "schema: 1\nextends: emulated\nname: b\npositions: []\n"
    with pytest.raises(UsageRefused, match="which meter its source is connected to"):
        check_hold(load_bench(bench(tmp_path, no_meter)), point)
    cannot = check_hold(load_bench(bench(tmp_path, QUICK + "analyzer: null\n")), point)
    assert [line.partition(":")[0] for line in cannot] == ["no analyzer", "no bus"]


@pytest.mark.parametrize(
    ("number", "raises", "why"),
    [(signal.SIGTERM, "SIGTERM", "stopped by SIGTERM"), (signal.SIGINT, "SIGINT", "stopped by the operator")],
)
def test_a_signal_interrupts_until_the_point_is_reached_and_only_once(number, raises, why):
    with Stop() as stop:
        with pytest.raises(StopRequested, match=raises):
            signal.raise_signal(number)
        signal.raise_signal(signal.SIGHUP)  # while everything is switched off
        assert stop.why == why
    with Stop() as stop:
        stop.end_in_order()
        assert not stop.is_set()
        signal.raise_signal(number)
        assert stop.is_set()
        assert stop.why == why


def test_second_signal_ends_at_once_and_simultaneous_signals_count_as_one():
    now_s = [10.0]
    with Stop(lambda: now_s[0]) as stop:
        stop.end_in_order()
        for _ in range(3):
            signal.raise_signal(signal.SIGINT)
        stop.look(goes_down=True)
        now_s[0] = 10.2
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(StopRequested, match="SIGTERM, a second time"):
            stop.look(goes_down=True)
        stop.look(goes_down=True)  # once: what switches off is not disturbed again
        assert stop.why == "stopped by the operator"


def test_a_closed_terminal_ends_a_holding_as_stopped():
    with Stop() as stop:
        stop.end_in_order()
        stop.raise_if_hung_up()
        os.kill(os.getpid(), signal.SIGHUP)
        assert stop.is_set()
        with pytest.raises(StopRequested, match="SIGHUP"):
            stop.raise_if_hung_up()


def test_a_stop_that_a_closed_terminal_cannot_show_is_exit_2():
    def shown():
        try:
            raise StopRequested("SIGHUP")
        except KeyboardInterrupt:
            raise OSError(errno.EIO, "Input/output error") from None

    with pytest.raises(OSError, match="Input/output") as caught:
        shown()
    assert exit_code_and_sentence(caught.value) == (2, "stopped")
