"""Output of the commands: make texts from elsewhere harmless; a closed or full output ends no command."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

import click

from rig.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

_PLAIN_WIDTH = 110
_lost: list[OSError] = []
_ended: list[OSError] = []


def echo(text: object = "", *, err: bool = False) -> None:
    """Print a line, with control characters as escapes; an output that cannot be written is noted, not raised."""
    stream = sys.stderr if err else sys.stdout
    if stream is not None:
        click.echo(printable(str(text)), file=enduring(stream))


def picked(thing: object, *names: str, or_null: str = "") -> dict[str, Any]:
    """Return attributes of ``thing`` as a JSON object has them; those named in ``or_null`` are null where empty."""
    values = {name: getattr(thing, name) for name in names}
    return {name: (value or None) if name in or_null.split() else value for name, value in values.items()}


def lost_output() -> OSError | None:
    """Return why something that was printed did not arrive, None where all did or the reader has just gone."""
    return _lost[0] if _lost else None


def output_has_ended() -> bool:
    """Whether something that was printed reached no reader: a command that would go on printing without end stops."""
    return bool(_ended)


def note_failure(error: OSError) -> str:
    """Take note of an output that failed; returns why nothing more is printed, in words."""
    _ended.append(error)
    if isinstance(error, BrokenPipeError):
        return "the reader of the output has gone"
    _lost.append(error)
    return f"the output cannot be written ({error.strerror})"


def make_console(stream: TextIO | None = None, *, plain_width: int = _PLAIN_WIDTH, is_enduring: bool = True) -> Console:
    """Make the console of a command: markup off, and ``plain_width`` columns where it is no terminal.

    ``is_enduring`` False: an output that cannot be written is raised (OSError), for a command that ends then.
    """
    from rig.cli.shared.harmless_console import HarmlessConsole

    file = stream or sys.stdout or _nowhere()
    console = HarmlessConsole(file=enduring(file) if is_enduring else file, markup=False)
    if not console.is_terminal:
        console = HarmlessConsole(file=console.file, markup=False, width=plain_width)
    return console


def enduring(stream: TextIO) -> TextIO:
    """Return ``stream`` as one that drops what its reader no longer takes; see ``_Enduring``."""
    return stream if isinstance(stream, _Enduring) else cast("TextIO", _Enduring(stream))


class _Enduring:
    """A text stream that drops what its reader no longer takes: a pipe whose reader is gone, a disk that is full."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write ``text``, or drop it."""
        self._keep_on(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Hand on what is buffered, or drop it."""
        self._keep_on(self._stream.flush)

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return bool(self._stream.isatty())

    def fileno(self) -> int:
        """Return the descriptor."""
        return int(self._stream.fileno())

    @property
    def encoding(self) -> str:
        """The stream's encoding."""
        return self._stream.encoding or "utf-8"

    def _keep_on(self, work: Any) -> None:  # Any: a bound method
        try:
            work()
        except OSError as error:
            note_failure(error)
            discard(self._stream)
        except ValueError:  # closed meanwhile, or a character that the encoding has not
            _lost.append(OSError(0, "the output is closed or cannot show a character"))


def discard(stream: IO[Any]) -> None:
    """Lead a stream to nowhere: what is still in its buffer, and what the interpreter flushes at its end, too."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def prepare_streams() -> None:
    """Open the standard streams that are closed, to nowhere, and have every character printed that is printed.

    A descriptor 1 that is free would be given to the next file that is opened, and what is printed would go there.
    What an earlier command of this process could not print is forgotten.
    """
    _lost.clear()
    _ended.clear()
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free one is this one
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - open for good
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, _nowhere())
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def finish_streams() -> None:
    """Flush what is buffered, so that the interpreter has nothing left to fail at."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            enduring(stream).flush()


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - open for good
