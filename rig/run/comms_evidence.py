"""Frames of the bus before a test failed: the port's last frames, kept as a file that Wireshark opens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import allure

from drivers.errors import RigError
from drivers.meter.bus import MeterBus
from drivers.meter.errors import BusFailed
from drivers.mstp.capture import write_pcapng
from drivers.mstp.clock import wall_offset_s
from drivers.mstp.codec.frames import SeenFrame
from rig.run.events import CaptureKept, Failed
from rig.run.run import Run

_FOLDER = "bus"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 120


def keep_bus_capture(run: Run, test: str, since_s: float, error: BaseException) -> Path | None:
    """Write the last frames on the bus into the run's folder and attach them to the Allure result of ``test``.

    Only where the rig itself sent data after ``since_s`` (seconds of the monotonic clock), or the bus is what failed:
    a test that judges what was measured before has nothing to show. Returns the file, or None where there is none;
    publishes it as CaptureKept.
    """
    bus = max(run.buses, key=lambda each: each.last_used_s, default=None)
    if isinstance(error, BusFailed):
        bus = next((each for each in run.buses if each.settings.device == error.device), bus)
    # The frames themselves do not tell: while an answer is waited for, tokens push the request out of what is kept.
    is_used = bus is not None and bus.last_used_s >= since_s
    if not (isinstance(error, BusFailed) or is_used):
        return None
    frames = _frames_of(bus, error)
    if not frames:
        return None
    folder = run.out_folder() / _FOLDER
    path = folder / f"{_UNSAFE.sub('_', test).strip('_')[-_LONGEST_NAME:]}.pcapng"
    baud, device = (bus.settings.baud, bus.settings.device) if bus is not None else (0, "")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_pcapng(path, frames, device, baud, wall_offset_s())
    except OSError as failure:
        run.events.publish(Failed(f"the bus capture of {test} could not be written: {failure.strerror}", failure))
        return None
    allure.attach.file(str(path), name="bus capture (Wireshark)", extension="pcapng")
    run.note(CaptureKept(test, len(frames), path))
    return path


def _frames_of(bus: MeterBus | None, error: BaseException) -> Sequence[SeenFrame]:
    if isinstance(error, BusFailed) and error.frames:
        return error.frames
    if bus is None:
        return ()
    try:
        return bus.captured()
    except RigError:  # the port has ended, and its frames with it; the test's own error reports that
        return ()
