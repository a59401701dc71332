"""CPU of short commands, in all their processes, as a multiple of a bare interpreter's start (``python -c pass``).

User and system time of a command and of all its descendants count, those that outlive their parent too: this process
is made their reaper (Linux). Commands and bare starts are taken in turn; the smallest of each is compared, since
other work on the machine only adds. Byte code is there, as after any first run. A last run of each command, not
counted, is watched from outside for its processes and the packages whose import costs most.
Run: ``python -m benchmarks.start_up [--count N] [--json] [COMMAND ...]``.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Any

BARE = "python -c pass"
COMMANDS = {"rig --help": ["--help"], "rig runs": ["runs"], "rig snapshot": ["snapshot"]}
TARGETS = {"rig --help": 6.0, "rig runs": 15.0, "rig snapshot": 50.0}
RECORDED_RUNS = 20
_SET_CHILD_SUBREAPER = 36  # prctl(2)
_LOOK_EVERY_S = 0.01
_BARE_STARTS_AT_A_TIME = 5


def cpu_of(argv: list[str], folder: Path) -> float:
    """Run ``argv`` to its end and that of its last descendant; returns the CPU seconds of all of them."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(argv, cwd=folder, env=_environment(folder), capture_output=True, stdin=subprocess.DEVNULL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    if done.returncode:
        raise SystemExit(f"{' '.join(argv)} ended with {done.returncode}: {done.stderr.decode()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "RIG_STATE_DIR": str(folder / "state")}


def processes_of(argv: list[str], folder: Path) -> dict[str, float]:
    """Watch a run of ``argv``; returns the last CPU seconds seen of each of its processes, by its command line."""
    seen: dict[int, tuple[str, float]] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_EVERY_S):
            seen.update(_descendants())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        cpu_of(argv, folder)
    finally:
        over.set()
        watcher.join()
    return {f"{pid} {line}": round(cpu_s, 2) for pid, (line, cpu_s) in sorted(seen.items())}


def _descendants() -> dict[int, tuple[str, float]]:
    parents: dict[int, int] = {}
    cpu: dict[int, float] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            parents[int(entry.name)] = int(fields[1])
            cpu[int(entry.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    ours, found = {os.getpid()}, dict[int, tuple[str, float]]()
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    for pid in ours - {os.getpid()}:
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            found[pid] = " ".join(Path(word).name if word.startswith("/") else word for word in words)[:60], cpu[pid]
    return {pid: row for pid, row in found.items() if row[0].strip()}


def imports_of(argv: list[str], folder: Path, most: int = 8) -> dict[str, float]:
    """Return the milliseconds that the command's own process spends in the imports of the costliest packages."""
    argv = [argv[0], "-X", "importtime", *argv[1:]]
    done = subprocess.run(argv, cwd=folder, env=_environment(folder), capture_output=True, text=True)
    spent: Counter[str] = Counter()
    for line in done.stderr.splitlines():
        own, _, rest = line.removeprefix("import time:").partition("|")
        name = rest.rpartition("|")[2].strip()
        if line.startswith("import time:") and own.strip().isdigit():
            first, _, second = name.partition(".")
            spent[f"rig.{second.partition('.')[0]}" if first == "rig" and second else first] += int(own)
    return {name: round(us / 1e3, 1) for name, us in spent.most_common(most)}


def record_runs(folder: Path) -> None:
    """Write the record of finished runs that ``rig runs`` lists."""
    from rig.records.data import RunHeader
    from rig.records.store import RunStore

    with RunStore.open(folder / "runs" / "records.sqlite") as store:
        for _ in range(RECORDED_RUNS):
            header = RunHeader(kind="certify", bench_name="emulated", bench_file_sha256="00", software_version="1")
            store.begin_run(header).finish("PASS", 0)


def measure(names: list[str], count: int) -> dict[str, Any]:
    """Measure the named commands; returns for each the ratio to a bare start, processes and imports."""
    with tempfile.TemporaryDirectory(prefix="start-up-") as name:
        folder = Path(name)
        record_runs(folder)
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        argvs = {each: [sys.executable, "-m", "rig.cli", *COMMANDS[each]] for each in names}
        for argv in argvs.values():
            cpu_of(argv, folder)  # byte code and file cache
        bare: list[float] = []
        spent: dict[str, list[float]] = {each: [] for each in names}
        for _ in range(count):
            bare += [cpu_of([sys.executable, "-c", "pass"], folder) for _ in range(_BARE_STARTS_AT_A_TIME)]
            for each, argv in argvs.items():
                spent[each].append(cpu_of(argv, folder))
        return {
            BARE: {"cpu_s": round(min(bare), 4)},
            **{
                each: {
                    "cpu_s": round(min(spent[each]), 3),
                    "ratio": round(min(spent[each]) / min(bare), 1),
                    "ratio_worst": round(max(spent[each]) / min(bare), 1),
                    "target": TARGETS[each],
                    "processes": processes_of(argv, folder),
                    "imports_ms": imports_of(argv, folder),
                }
                for each, argv in argvs.items()
            },
        }


def main() -> None:
    """Print the figures, or the same as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commands", nargs="*", metavar="COMMAND", help=f"of {', '.join(COMMANDS)} (all)")
    parser.add_argument("--count", type=int, default=5, help="how often each command is run (5)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if unknown := set(options.commands) - set(COMMANDS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    found = measure(options.commands or list(COMMANDS), options.count)
    if options.json:
        print(json.dumps(found))
        return
    print(f"{BARE}: {1e3 * found.pop(BARE)['cpu_s']:.1f} ms of CPU")
    for each, row in found.items():
        print(f"\n{each}: {row['ratio']} times that (target {row['target']:g}, worst {row['ratio_worst']})")
        print(f"  {len(row['processes'])} processes")
        for line, cpu_s in row["processes"].items():
            print(f"    {cpu_s:6.2f} s  {line}")
        print("  imports: " + ", ".join(f"{name} {ms:g} ms" for name, ms in row["imports_ms"].items()))


if __name__ == "__main__":
    main()
