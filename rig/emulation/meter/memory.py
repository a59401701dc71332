"""Non-volatile memory of the emulated meters as files, so that they survive a restart, and a kill at any moment."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self

from meter_model.device.meter import S4100

SAVE_EVERY_S = 1.0
"""Wall seconds after which what has been accumulated is written; settings are written as they are stored."""


class MemoryFile:
    """One meter's image ``<serial number>.nv``: two slots that the meter writes in turn, each with its own CRC.

    A slot is overwritten in place while the other holds the state before. If a part of a write is lost, the other slot
    is still whole. The file is held by one process at a time; raises OSError when another process holds it.
    """

    def __init__(self, directory: Path, serial_number: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{serial_number}.nv"
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise OSError(f"{path} is in use by another emulated bench") from error
        self.image = path.read_bytes()

    def write(self, offset: int, octets: bytes) -> None:
        """Write what the meter has written."""
        os.pwrite(self._descriptor, octets, offset)

    def close(self) -> None:
        """Leave the file to the disk and to others."""
        os.fsync(self._descriptor)
        os.close(self._descriptor)


class Saver:
    """Has the meters write their memory each second of wall time and at the end; ``lock`` is held meanwhile."""

    def __init__(self, meters: Sequence[S4100], lock: AbstractContextManager[Any]) -> None:
        self._meters = [(meter, -1) for meter in meters]
        self._lock = lock
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="meter memory", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ending.set()
        self._thread.join()
        self.save()

    def save(self) -> None:
        """Write what has changed since the last time."""
        for place, (meter, saved) in enumerate(self._meters):
            with self._lock:
                if meter.update_count != saved:
                    meter.save()
                    self._meters[place] = (meter, meter.update_count)

    def _run(self) -> None:
        while not self._ending.wait(SAVE_EVERY_S):
            self.save()
