"""The text of a file that people edit: regular files of a limited size, UTF-8, without control characters."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from rig.errors import BenchFileError
from rig.printable import name_of, unfit_character

LARGEST_FILE_OCTETS = 512_000
"""A bench file has about 3,000 octets, a calibration of many points about 20,000."""

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_text(path: Path) -> str:
    """Return the file's text with lines that end in a line feed; a byte order mark is taken off.

    Raises BenchFileError for what is not a regular file, is larger than 512 kB, is not UTF-8, or holds a control
    character. A FIFO or a device is refused without waiting for it.
    """
    octets = _octets(path)
    if octets.startswith(_UTF_16):
        raise BenchFileError(path, None, "is UTF-16; save it as UTF-8")
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise BenchFileError(path, line, f"octet 0x{octets[error.start]:02x} is not UTF-8; save it as UTF-8") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for number, line_text in enumerate(text.split("\n"), start=1):
        bad = unfit_character(line_text)
        if bad is not None:
            raise BenchFileError(path, number, f"holds {name_of(bad)}, which is not allowed; take it away")
    return text


def path_of(text: str | Path, *, beside: Path | None = None) -> Path:
    """Return the path that ``text`` names, ``~`` expanded where that is possible, relative ones ``beside`` a file."""
    path = Path(text)
    with contextlib.suppress(RuntimeError):  # no such user, or no home
        path = path.expanduser()
    return path if beside is None or path.is_absolute() else beside.parent / path


def _octets(path: Path) -> bytes:
    try:
        # Without O_NONBLOCK the opening of a FIFO waits until another process writes to it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise BenchFileError(path, None, "there is no such file") from None
    except OSError as error:
        raise BenchFileError(path, None, f"cannot be read: {error.strerror or error}") from None
    except ValueError:  # a NUL in the name
        raise BenchFileError(path, None, "is no name of a file") from None
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise BenchFileError(path, None, "is a folder; name a file in it")
        if not stat.S_ISREG(status.st_mode):
            raise BenchFileError(path, None, "is not a regular file (it is a pipe or a device); name a file")
        with os.fdopen(os.dup(descriptor), "rb") as stream:
            octets = stream.read(LARGEST_FILE_OCTETS + 1)
    except OSError as error:
        raise BenchFileError(path, None, f"cannot be read: {error.strerror or error}") from None
    finally:
        os.close(descriptor)
    if len(octets) > LARGEST_FILE_OCTETS:
        raise BenchFileError(path, None, f"is larger than {LARGEST_FILE_OCTETS // 1000} kB; such files are small")
    return octets
