"""``rig bus capture``: every frame on the bus, as it comes, into a pcapng file for Wireshark."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from drivers.mstp.capture import PcapngWriter
from drivers.mstp.clock import wall_offset_s
from drivers.mstp.listener import BusListener
from rig.cli.bus.listened_bus import StopFlag
from rig.cli.shared.output import echo
from rig.errors import BenchFault, UsageRefused


def capture_bus(listener: BusListener, how: str, file: Path, stop: StopFlag, limit: int | None) -> None:
    """Write frames to ``file`` ("-": standard output) until stopped or ``limit`` frames are written."""
    count = damaged = stray = 0
    with ExitStack() as stack:
        stream = _open(file, stack)
        try:
            writer = PcapngWriter(stream, listener.device, listener.baud, wall_offset_s())
            echo(f"capturing {how}, {listener.baud} baud, to {file}; Ctrl-C ends it", err=True)
            for heard in stop.hear(listener):
                if heard is None:
                    continue
                frames = heard.frames if limit is None else heard.frames[: limit - count]
                # Octets before the first frame are the end of one that began before the listening.
                strays = heard.stray_octets if count else 0
                note = f"{strays} octets shortly before this belong to no frame" if strays else ""
                writer.write(frames, note)
                count += len(frames)
                stray += strays
                damaged += sum(not seen.valid for seen in frames)
                if count == limit:
                    break
        except BrokenPipeError:  # the program that read the pipe has ended
            echo("the reader of the capture has gone", err=True)
            return
        except OSError as error:
            raise BenchFault(f"{file}: {error.strerror}; it holds the first {count} frames, perhaps one more") from None
    echo(f"{count} frames, {damaged} of them damaged; {stray} octets that belong to no frame", err=True)


def _open(file: Path, stack: ExitStack) -> BinaryIO:
    if str(file) == "-":
        return sys.stdout.buffer
    try:
        # Unbuffered: what has been written is in the file even if this process is killed.
        return stack.enter_context(file.open("wb", buffering=0))
    except OSError as error:
        raise UsageRefused(f"{file}: {error.strerror}; name a file that can be written") from None
