"""What a bench file says of every instrument: its driver, how it is reached, and what the launched process fills in."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator

from drivers.scpi.serial_line import Flow, Parity, SerialLine, Termination
from rig.files.yaml_types import Line, Name, Strict

PLACEHOLDER = re.compile(r"\$\{launch((?:\.[A-Za-z_]\w*|\[\d+\])+)\}")
PLACEHOLDER_SCHEMA = {"type": "string", "pattern": PLACEHOLDER.pattern}


def _may_come_from_launch(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """Let ``${launch.x}`` stand for a value until the launched process has said what it is."""
    launched = bool((info.context or {}).get("launched"))
    if not launched and isinstance(value, str) and PLACEHOLDER.fullmatch(value):
        return value
    return handler(value)


LATE = WrapValidator(_may_come_from_launch)
LateText = Annotated[Line, LATE]


class SerialPart(Strict):
    """How the line of an ASRL resource is set, as on the instrument's front panel; left out, 9600 baud 8N1.

    ``termination``: what ends a message, both ways; left out, what the driver says.
    """

    baud: Annotated[int, Field(ge=110, le=921_600)] = 9600
    data_bits: Literal[7, 8] = 8
    parity: Parity = "none"
    stop_bits: Literal[1, 2] = 1
    flow: Flow = "none"
    termination: Termination | None = None

    def line(self) -> SerialLine:
        """Return the settings as the transport takes them."""
        return SerialLine(**self.model_dump())


class InstrumentPart(Strict):
    """An instrument: ``driver`` by its name, ``resource`` and the VISA library that opens it, and its serial line."""

    driver: Name
    resource: LateText
    visa_library: Name = "@py"
    serial: SerialPart | None = None
