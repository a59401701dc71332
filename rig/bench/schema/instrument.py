"""What a bench file says of every instrument: its driver, and how it is reached."""

from __future__ import annotations

from rig.bench.schema.base import LateText, Name, Strict
from rig.bench.schema.serial import SerialPart


class InstrumentPart(Strict):
    """An instrument: ``driver`` by its name, ``resource`` and the VISA library that opens it, and its serial line."""

    driver: Name
    resource: LateText
    visa_library: Name = "@py"
    serial: SerialPart | None = None
