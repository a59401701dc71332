"""One cell of the safe-state matrix: a suite process on an emulated bench, held in a phase, and what became of it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rig.records.data import RunRecord
from rig.records.store import RunStore
from rig.safety.guardian.journal import read_journal
from tests.rig.safety.matrix.faulty_link import FaultyLink
from tests.rig.safety.stand_ins import Control
from tests.waiting import comes_true, wait_for

ROOT = Path(__file__).resolve().parents[4]
SUITE = Path(__file__).parent / "tests_hil" / "being_ended.py"

BENCH = """\
schema: 1
extends: emulated
name: matrix
launch: null
{switch}
generator: null
counter: null
climate_probe: null
clock: {{kind: endpoint, endpoint: '{clock}'}}
source: {{driver: {driver}, resource: '{source}', ramp_s: 10.0}}
analyzer: {{resource: '{analyzer}'}}
bus: {{port: {bus}, listen_port: null, max_master: 1, apdu_timeout_s: 2.0, apdu_repeats: 0}}
positions: [{{name: '1', mac: {mac}, meter_type: s4100}}]
{more}"""

CONTACTOR = (
    "switch: {{resource: '{switch}', control_power: null, pulse_input: null, alarm_contact: null,"
    " contactor: {{channel: 219, pulse_channel: 220, hold_s: 3}}}}"
)

WATCHDOG = """\
low_level_source: {{driver: rigol_dg5000, resource: '{low_level_source}'}}
wiring: {{current_divider: {{ratio: 5.0}}}}
"""

EMULATED_WATCHDOG = ("--source", "itech_it7800", "--low-level-source", "rigol_dg5000", "--divider-ratio", "5")

Protection = Literal["none", "contactor", "watchdog"]


class Emulation:
    """The emulated bench's process, which serves one cell after another."""

    def __init__(self, *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rig.emulation", "--json", "--unpaced", "--max-master", "1", *options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.endpoints = json.loads(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        self._process.stdout.close()


class Nursery:
    """The process that forks suites; ``python -m tests.rig.safety.matrix.nursery``."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.rig.safety.matrix.nursery"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._codes: dict[int, int] = {}
        self._answers: queue.Queue[dict] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        assert "ready" in self._answers.get(timeout=60)

    def start(self, argv: list[str], env: dict[str, str], output: Path) -> int:
        """Fork a suite; returns its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"argv": argv, "env": env, "output": str(output)}) + "\n")
        self._process.stdin.flush()
        return int(self._answers.get(timeout=20)["pid"])

    def code(self, pid: int) -> int | None:
        """Return the exit code of a suite, None while it runs; negative is the signal that killed it."""
        return self._codes.get(pid)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer = json.loads(line)
            if "ended" in answer:
                self._codes[answer["ended"]] = answer["code"]
            else:
                self._answers.put(answer)


@dataclass(frozen=True)
class Ground:
    """What one cell after another is run on: an emulated bench, a nursery, a database.

    A second emulated bench, whose source has a watchdog, is started when it is needed first.
    """

    emulation: Emulation
    nursery: Nursery
    records: Path
    watched: list[Emulation] = field(default_factory=list)

    def endpoints(self, protection: Protection) -> dict:
        """Return where the instruments of a bench that is protected in this way are."""
        if protection != "watchdog":
            return self.emulation.endpoints
        if not self.watched:
            self.watched.append(Emulation(*EMULATED_WATCHDOG))
        return self.watched[0].endpoints

    def close(self) -> None:
        self.nursery.close()
        for each in (self.emulation, *self.watched):
            each.close()


class Cell:
    """A suite that is led to ``phase`` in a folder of its own; every wait has an end. A context manager."""

    def __init__(
        self,
        ground: Ground,
        folder: Path,
        phase: str,
        place: str,
        goes_down_in_place: bool,
        protection: Protection = "none",
    ) -> None:
        self.phase = phase
        self.folder = folder
        self._nursery = ground.nursery
        self.protection = protection
        self.endpoints = endpoints = ground.endpoints(protection)
        self.control = Control(endpoints)
        self.control.fault("contactor-bypass", protection != "contactor")
        self.source = FaultyLink(endpoints["source"])
        self.analyzer = FaultyLink(endpoints["analyzer"])
        self._state = folder / "state"
        self._records = ground.records
        self._output = folder / "output"
        os.mkfifo(self._output)  # no file: a terminal goes on when the disk is full
        self._printed = b""
        self._reader = threading.Thread(target=self._read_output, daemon=True)
        self._reader.start()
        bench = folder / "matrix.yaml"
        bench.write_text(
            BENCH.format(
                clock=endpoints["clock"],
                source=self.source.resource,
                analyzer=self.analyzer.resource,
                bus=endpoints["bus"],
                mac=endpoints["meters"][0]["mac"],
                switch=CONTACTOR.format(**endpoints) if protection == "contactor" else "switch: null",
                driver="itech_it7800" if protection == "watchdog" else "fluke_6105a",
                more=WATCHDOG.format(**endpoints) if protection == "watchdog" else "",
            )
        )
        stage = {"phase": phase, "place": place, "goes_down_in_place": goes_down_in_place, "folder": str(folder)}
        self.pid = ground.nursery.start(
            [
                str(SUITE), "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT),
                "--noconftest", "-p", "rig.pytest_plugin", "-p", "fixtures.bench", "-p", "no:terminalreporter",
                "--suite", "certify", *(["--unprotected"] if protection == "none" else []),
                "--bench", str(bench), "--records", str(ground.records), "--out", str(folder / "out"),
                "--junit-xml", str(folder / "junit.xml"), "--alluredir", str(folder / "allure-results"),
            ],
            {"RIG_STATE_DIR": str(self._state), "MATRIX_STAGE": json.dumps(stage)},
            self._output,
        )  # fmt: skip
        self.guardian_pid = 0
        self.away_s = 4.0

    def __enter__(self) -> Cell:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind that could disturb the next cell: no process, no fault, no output that is on."""
        self.source.come_back()
        self.analyzer.come_back()
        self.control.fault("source-stuck-relay", False)
        self.control.fault("contactor-bypass", True)
        if self.exit_code is None:
            os.kill(self.pid, signal.SIGKILL)
            wait_for(lambda: self.exit_code is not None, "the end of the suite", 20.0)
        if self.guardian_pid and not comes_true(lambda: not _exists(self.guardian_pid), 5.0):
            os.kill(self.guardian_pid, signal.SIGKILL)
        if self.control.status["output_on"]:
            self._switch_off()
        self.source.close()
        self.analyzer.close()
        self.control.close()

    def _switch_off(self) -> None:
        """Switch off what a killed suite left on, as somebody at the bench would."""
        for name, command in (("source", "OUTP:STAT OFF"), ("low_level_source", "OUTP1 OFF")):
            if name in self.endpoints:
                _, host, port, _ = self.endpoints[name].split("::")
                with socket.create_connection((host, int(port)), timeout=5.0) as connection:
                    connection.sendall(command.encode() + b"\n")

    @property
    def exit_code(self) -> int | None:
        """The suite's exit code, None while it runs."""
        return self._nursery.code(self.pid)

    @property
    def output(self) -> str:
        """What the suite has printed."""
        return self._printed.decode(errors="replace")

    def _read_output(self) -> None:
        with self._output.open("rb", buffering=0) as pipe:
            while part := pipe.read(65536):
                self._printed += part

    def reach_phase(self) -> None:
        """Wait until the suite says that it is there, and see on the emulated bench that it is."""
        reached = self.folder / "reached"
        wait_for(lambda: reached.exists() or self.exit_code is not None, f"phase {self.phase}", 60.0)
        assert reached.exists(), self.output
        self.guardian_pid = self.child("rig.safety.guardian.process")
        if self.phase == "de-energising":  # a source with a slope of its own needs a while to the first step down
            comes_true(lambda: max(self.control.status["terminal_volts"]) < 200.0, 10.0)
        status = self.control.status
        volts, ct_volts = max(status["terminal_volts"]), max(status["ct_volts"])
        assert status["output_on"]
        if self.phase == "energising":
            assert volts < 270.0
        elif self.phase == "de-energising":
            assert 1.0 < volts < 200.0, volts
        else:
            assert volts > 270.0
        assert (ct_volts > 0.9) is (self.phase in ("settled", "measuring")), ct_volts

    def give(self, order: str) -> None:
        """Tell the suite what to do, or to go on."""
        (self.folder / "order.new").write_text(order)
        (self.folder / "order.new").replace(self.folder / "order")

    def off_after(self, since_s: float, within_s: float) -> float:
        """Wait until nothing is at the terminals; returns the wall seconds from ``since_s``, by the bench's own log.

        On a bench with a contactor it is the contactor that counts: the source may be on behind it.
        """
        comes_true(lambda: bool(self._switched_off_since(since_s)), within_s + 1.0)
        switched = self._switched_off_since(since_s)
        assert switched, f"the output was not switched off within {within_s + 1.0:g} s"
        return switched[0]["wall_s"] - since_s

    def _switched_off_since(self, since_s: float) -> list[dict]:
        name, is_on = ("contactor", "closed") if self.protection == "contactor" else ("output", "on")
        events = [event for event in self.control.events if event["event"] == name]
        return [event for event in events if not event[is_on] and event["wall_s"] >= since_s]

    def was_switched_on_since(self, since_s: float) -> bool:
        """Whether the emulated output was switched on after that moment."""
        return any(event["on"] and event["wall_s"] >= since_s for event in self.control.outputs)

    def end(self, timeout_s: float = 120.0, *, guardian_goes_on: bool = False) -> str:
        """Wait until the rig and then its guardian have ended; returns what the rig printed.

        ``guardian_goes_on``: it does not end, and must still be there when the rig is gone.
        """
        wait_for(lambda: self.exit_code is not None, f"the end of the suite ({self.output})", timeout_s)
        if guardian_goes_on:
            assert _exists(self.guardian_pid)
        else:
            wait_for(lambda: not _exists(self.guardian_pid), "the end of the guardian", 60.0)
        self._reader.join(10.0)
        return self.output

    def record(self) -> RunRecord:
        """Read the run back as ``rig runs`` does, with the guardian's journal folded in."""
        paths = sorted(self._state.glob("*.journal"))
        with RunStore.open(self._records) as store:
            store.fold_journal(entry for path in paths for entry in read_journal(path))
            return store.run("last")

    def child(self, module: str) -> int:
        """Find the rig's child process that runs a module."""
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self.pid and module.encode() in (entry / "cmdline").read_bytes():
                    return int(entry.name)
        raise AssertionError(f"the rig has no child that runs {module}")


def _exists(pid: int) -> bool:
    """Whether a process lives; a zombie counts as dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def now_s() -> float:
    """Wall time as the emulated bench's log has it."""
    return time.time()
