"""The end of a command: one sentence and the exit code of its kind; an unforeseen error goes to a log file."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from drivers.errors import RigError
from rig.cli.shared.output import echo, lost_output
from rig.printable import printable_line

_STOPPED, _RIG_ERROR, _REFUSED = 2, 10, 11


def exit_code_and_sentence(error: BaseException) -> tuple[int, str]:
    """Return the exit code that an error ends a command with, and its sentence; writes a log of what is not foreseen.

    Usage 11, a stop 2, errors of the rig their own; anything else 10, with the place of the log in the sentence.
    """
    if isinstance(error, click.exceptions.Abort | KeyboardInterrupt):
        return _STOPPED, "stopped"
    if isinstance(error, OSError) and isinstance(error.__context__, KeyboardInterrupt):
        return _STOPPED, "stopped"  # click could not say so: the terminal is closed
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return _REFUSED, error.format_message()
    if isinstance(error, click.ClickException):
        return _REFUSED, f"rig: {_usage(error)}"
    if isinstance(error, RigError):
        from rig.exit_codes import exit_code_of

        return int(exit_code_of(error)), f"rig: {error}"
    if isinstance(error, BaseExceptionGroup):
        return _of_group(error)
    if isinstance(error, OSError) and _working_folder_is_gone():
        return _RIG_ERROR, "rig: the folder in which this command runs has been deleted; change to another one"
    if isinstance(error, OSError) and error.strerror:
        where = f"{printable_line(str(error.filename))}: " if error.filename else ""
        return _RIG_ERROR, f"rig: {where}{error.strerror}; details are in {write_log(error)}"
    what = printable_line(str(error))[:300]
    kind = type(error).__name__
    return _RIG_ERROR, f"rig: an error that the rig does not know ({kind}: {what}); details are in {write_log(error)}"


def _usage(error: click.ClickException) -> str:
    said = printable_line(error.format_message()).rstrip(".") or "a command is missing"
    context = getattr(error, "ctx", None)
    return f"{said}; see {context.command_path} --help" if context is not None else said


def _of_group(group: BaseExceptionGroup[Any]) -> tuple[int, str]:
    """Take the worst of several errors: 13 before 12 before 11 before 10 before 2."""
    ends = [exit_code_and_sentence(error) for error in group.exceptions]
    code = max(code for code, _ in ends)
    return code, "\n".join(dict.fromkeys(sentence for _, sentence in ends))


def write_log(error: BaseException) -> str:
    """Write the traceback of ``error`` to a file of its own; returns where it is, or why there is none."""
    text = "".join(traceback.format_exception(error))
    return write_details(f"{' '.join(sys.argv)}\n\n{text}")


def write_details(text: str) -> str:
    """Write details for those who mend the rig, to the state folder; returns where they are, or why they are not."""
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S.%f")
    try:
        from rig.safety.state import state_folder

        path = Path(state_folder()) / f"error-{stamp}-{os.getpid()}.log"
        with path.open("x", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)
    except (OSError, RigError) as failure:
        return f"no file, since the state folder cannot be written ({printable_line(str(failure))})"
    return str(path)


def _working_folder_is_gone() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - asked of the system
    except OSError:
        return True
    return False


@contextlib.contextmanager
def unforeseen_goes_to_a_log() -> Iterator[None]:
    """Within this context what a thread or a destructor raises is one line here and a traceback in a log."""

    def of_thread(found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None and not isinstance(found.exc_value, SystemExit):
            tell(found.exc_value, f"in the thread {found.thread.name if found.thread else '?'}")

    def of_destructor(found: Any) -> None:  # Any: the type exists for type checkers only
        if found.exc_value is not None:
            tell(found.exc_value, "while something was given up")

    def tell(error: BaseException, where: str) -> None:
        what = printable_line(f"{type(error).__name__}: {error}")[:300]
        echo(f"rig: {where}: {what}; details are in {write_log(error)}", err=True)

    before = threading.excepthook, sys.unraisablehook
    threading.excepthook, sys.unraisablehook = of_thread, of_destructor
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = before


def with_lost_output(code: int) -> int:
    """Return the exit code where something printed did not arrive: a full disk is no success."""
    lost = lost_output()
    if lost is None:
        return code
    echo(f"rig: the output could not be written ({lost.strerror}); the exit code says how the command ended", err=True)
    return code or _RIG_ERROR
