"""What a bench file may say of a serial line: the settings of an ASRL resource."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from drivers.scpi.serial_line import Flow, Parity, SerialLine, Termination


class SerialPart(BaseModel):
    """How the line of an ASRL resource is set, as on the instrument's front panel; left out, 9600 baud 8N1.

    ``termination``: what ends a message, both ways; left out, what the driver says.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    baud: Annotated[int, Field(ge=110, le=921_600)] = 9600
    data_bits: Literal[7, 8] = 8
    parity: Parity = "none"
    stop_bits: Literal[1, 2] = 1
    flow: Flow = "none"
    termination: Termination | None = None

    def line(self) -> SerialLine:
        """Return the settings as the transport takes them."""
        return SerialLine(**self.model_dump())
