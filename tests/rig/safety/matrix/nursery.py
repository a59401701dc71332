"""A process that has everything loaded and forks suites: each is a process of its own, without the time of its start.

``python -m tests.rig.safety.matrix.nursery``: one JSON object a line on standard input, ``argv`` for pytest, ``env``
and ``output`` (a path); answers ``{"pid": ...}``, and ``{"ended": pid, "code": ...}`` when that process has ended
(negative: the signal that killed it). Ends, with what it forked, at the end of its input.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import sys
import traceback

import sqlalchemy.orm

_LOADED = (
    "alembic.command", "allure_commons.types", "attr", "doctest", "drivers.meter.client", "execnet", "filelock",
    "jinja2", "matplotlib.pyplot", "numpy", "pdb", "pytest", "rich.progress", "rig.bench.bench", "rig.plans.plan",
    "rig.procedures.accuracy.judgement", "rig.procedures.meter_run", "rig.records.store", "rig.reports.plots",
    "rig.run.finish", "rig.run.run", "sqlalchemy.dialects.sqlite", "xml.etree.ElementTree",
)  # fmt: skip
"""What takes long to load; nothing that pytest wants to load itself."""


def main() -> int:
    os.environ["MPLBACKEND"] = "Agg"
    for name in _LOADED:
        importlib.import_module(name)
    sqlalchemy.orm.configure_mappers()
    gc.freeze()  # what is loaded stays: no child looks through it for garbage
    wake, wakened = os.pipe()
    os.set_blocking(wakened, False)
    signal.set_wakeup_fd(wakened)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    children: set[int] = set()
    say({"ready": os.getpid()})
    while True:
        ready, _, _ = select.select([sys.stdin, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
            for pid in list(children):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    children.discard(pid)
                    say({"ended": pid, "code": os.waitstatus_to_exitcode(status)})
        if sys.stdin in ready:
            line = sys.stdin.readline()
            if not line:
                for pid in children:
                    os.kill(pid, signal.SIGKILL)
                return 0
            wanted = json.loads(line)
            pid = os.fork()
            if pid == 0:
                become(wanted)
            children.add(pid)
            say({"pid": pid})


def become(wanted: dict) -> None:
    """Be the suite: what a process of its own would have, and nothing of the nursery's."""
    import pytest
    from rich.console import Console

    from rig.cli.shared.console import ConsoleReporter

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.update(wanted["env"])
    output = os.open(wanted["output"], os.O_WRONLY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, origin in ((0, nothing), (1, output), (2, output)):
        os.dup2(origin, target)
    code = 70
    try:
        sys.argv = ["rig", "certify"]
        with ConsoleReporter(Console(file=os.fdopen(os.dup(1), "w")), "certify") as reporter:
            code = int(pytest.main(wanted["argv"], plugins=[reporter]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def say(message: dict) -> None:
    sys.__stdout__.write(json.dumps(message) + "\n")
    sys.__stdout__.flush()


if __name__ == "__main__":
    sys.exit(main())
