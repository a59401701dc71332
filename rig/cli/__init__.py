"""The ``rig`` command: one thin file a subcommand; errors become one sentence and an exit code."""

from __future__ import annotations

# The C module: ``signal`` itself takes milliseconds to import, in which Ctrl-C would end in a traceback.
import _signal  # type: ignore[import-not-found, unused-ignore]
import atexit
import os
import sys

_STOPPED = 2
_SIGNALS = tuple(getattr(_signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(_signal, name))


def main() -> None:
    """Run the command line; usage errors exit 11, errors of the rig with their own code (see docs/reference).

    A signal that comes while this is still being loaded ends the process at once: nothing is on, and an exception
    would come out of the middle of some library's import.
    """
    before = {number: _signal.getsignal(number) for number in _SIGNALS}
    taken = [n for n, handler in before.items() if handler in (_signal.SIG_DFL, _signal.default_int_handler)]
    for number in taken:
        _signal.signal(number, _end_at_once)
    try:
        from rig.cli.run import run
    finally:
        for number in taken:
            _signal.signal(number, before[number])
    _end_with(run(sys.argv[1:]))


def _end_with(code: int) -> None:
    """End the process with ``code``, even if a signal comes meanwhile: everything is off and printed by now.

    Where much is loaded the interpreter takes seconds to end. A SIGTERM in that time would put "killed" in the place
    of 13.
    """
    atexit.register(_ignore_signals)
    sys.exit(code)


def _ignore_signals() -> None:
    for number in _SIGNALS:
        _signal.signal(number, _signal.SIG_IGN)


def _end_at_once(_number: int, _frame: object) -> None:
    try:
        os.write(2, b"stopped\n")
    finally:
        os._exit(_STOPPED)


def __getattr__(name: str) -> object:
    """Give ``cli``, the group of all commands, once it is asked for: it needs click."""
    if name == "cli":
        from rig.cli.commands import cli

        return cli
    raise AttributeError(name)
