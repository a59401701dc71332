"""A run that measures nothing: it writes the events of a run, by what the serial number asks for.

Started like ``rig eol``. A serial number that begins with 1 passes, with 2 fails, with 3 waits while it is energised,
with 4 asks the operator, with 5 is refused, with 6 is killed, with 7 hears no stop, with 8 waits for a pause.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path


class Script:
    def __init__(self, folder: Path, serial_number: str) -> None:
        self.folder, self.serial_number = folder, serial_number
        self.count = 0
        self.answers: list[dict] = []
        self.paused = threading.Event()
        self.goes_on = threading.Event()

    def say(self, kind: str, text: str = "", **fields: object) -> None:
        self.count += 1
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"n": self.count, "time_utc": now, "kind": kind, "text": text, **fields})
        with (self.folder / "events.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def begin(self) -> None:
        self.say("RunBegan", run_id=f"run-{self.serial_number}", bench="scripted", suite="eol", simulated=True)
        self.say("MeterFound", name=f"Leviton S4100 Series Energy Meter - S/N: {self.serial_number}")
        self.say("QuestionBegan", name="test_identity", number=1, count=4)
        self.say(
            "QuestionAnswered",
            finding={"name": "model name", "expected": "S4100", "found": "S4100", "outcome": "PASS"},
        )

    def energise(self, point: str = "277V-100pct-PF1") -> None:
        self.say("QuestionBegan", name=f"test_phase_measures_within_its_limits[{point}]", number=2, count=4)
        self.say("PointBegan", point=point)
        for number, name in enumerate(("interlock", "identity", "ramp", "current channels"), start=1):
            self.say("EnergiseStep", point=point, number=number, count=4, name=name, found="")
        self.say("Energised", point=point)
        self.read()

    def read(self) -> None:
        self.say(
            "ReadingSeen",
            voltages_v=[277.02, 277.0, 276.95],
            currents_pct=[99.7, 99.8, 99.9],
            voltages_deg=[0.0, -120.0, 120.0],
            currents_deg=[-30.0, -150.0, 90.0],
            frequency_hz=60.0,
        )
        self.say("MeterRead", unit_number=None, values={"11": 83.1})

    def judge(self, error_pct: float, outcome: str) -> None:
        results = [
            {"quantity": "active_power", "phase": phase, "error_pct": error, "expanded_uncertainty_pct": 0.03,
             "limit_pct": 0.2, "guard_band_pct": 0.03, "outcome": said, "unit_number": None}
            for phase, error, said in (("A", 0.021, "PASS"), ("B", error_pct, outcome), ("C", -0.043, "PASS"))
        ]  # fmt: skip
        self.say("Judged", measurement={"point": "277V-100pct-PF1", "invalid": ""}, results=results)

    def off(self, *by: str) -> None:
        confirmed_by = list(by) or ["source", "analyzer"]
        self.say("SwitchedOff", "safe: off", confirmed=True, details=["off"], confirmed_by=confirmed_by)

    def end(self, outcome: str, code: int) -> int:
        self.say("RunEnded", outcome=outcome, code=code, units=[])
        return code

    def listen(self) -> None:
        path = tempfile.mktemp(prefix="scripted-", suffix=".sock", dir="/tmp")
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen()
        threading.Thread(target=self._serve, args=(server,), daemon=True).start()
        self.say("Listening", socket=path)

    def _serve(self, server: socket.socket) -> None:
        while True:
            link, _ = server.accept()
            with link:
                request = json.loads(link.makefile("rb").readline())
                if "pause" in request:
                    (self.paused if request["pause"] else self.goes_on).set()
                else:
                    self.answers.append(request["answer"])
                link.sendall(b"{}\n")

    def ask(self, prompt_id: str, kind: str, text: str, **fields: object) -> dict:
        had = len(self.answers)
        self.say("PromptShown", prompt={"prompt_id": prompt_id, "kind": kind, "text": text, "screen": "",
                                        "keys": [], "unit": "", "position": "", **fields})  # fmt: skip
        while len(self.answers) == had:
            time.sleep(0.02)
        answer = self.answers[-1]
        self.say("PromptAnswered", answer=answer)
        return answer


class Stopped(Exception):
    pass


def main(words: list[str]) -> int:
    options = dict(itertools.pairwise(words))
    folder = Path(options["--out"])
    serial_number = options["--serial-number"].partition("=")[2]
    script = Script(folder, serial_number)
    if serial_number.startswith("7"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:

        def stop(_number: int, _frame: object) -> None:
            raise Stopped

        signal.signal(signal.SIGTERM, stop)
    (folder / "pid").write_text(str(os.getpid()))
    if serial_number.startswith("5"):
        print("rig: bench scripted is in use by process 4711 (rig certify)", file=sys.stderr)
        return 12
    try:
        return run(script)
    except Stopped:
        script.say("StopHeard", "stop by SIGTERM has arrived")
        script.off()
        return script.end("TERMINATED", 2)


def run(script: Script) -> int:
    kind = script.serial_number[0]
    script.begin()
    if kind in "48":
        script.listen()
    script.energise()
    if kind == "4":
        script.ask("one", "CONFIRM", "Is the LCD lit, without dark lines?")
        answer = script.ask("two", "READ_VALUE", "Read the voltage of phase A.", unit="V", screen="VOLTS L-N",
                            keys=["ENTER", "DOWN"])  # fmt: skip
        if answer["text"] != "277.0":
            script.judge(0.0, "PASS")
            script.off()
            return script.end("FAIL", 1)
    if kind == "6":
        script.judge(0.05, "PASS")
        os.kill(os.getpid(), signal.SIGKILL)
    if kind in "37":
        while True:
            script.read()
            time.sleep(0.2)
    if kind == "8":
        script.paused.wait(20)
        script.off()
        script.say("Paused")
        script.goes_on.wait(20)
        script.say("Continued")
        script.energise()
    time.sleep(0.1)
    script.judge(0.35 if kind == "2" else 0.05, "FAIL" if kind == "2" else "PASS")
    script.off()
    return script.end("FAIL", 1) if kind == "2" else script.end("PASS", 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
