"""BACnet MS/TP (ASHRAE 135 clause 9) on pyserial: codec, state machines, the port process, capture, statistics.

``drivers.mstp.link`` holds the bacpypes3 link layer; it is not imported here, since the port process starts from this
package and must stay free of bacpypes3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.later import later

if TYPE_CHECKING:
    from drivers.mstp.errors import NpduRefused, PortError, PortSettingInvalid, PortUnavailable
    from drivers.mstp.events import FrameReceived, LineLost, LineRestored, PortEvent, PortFailed
    from drivers.mstp.port import MstpPort
    from drivers.mstp.settings import BAUD_RATES, PortSettings
    from drivers.mstp.statistics import Statistics

__all__ = [
    "BAUD_RATES",
    "FrameReceived",
    "LineLost",
    "LineRestored",
    "MstpPort",
    "NpduRefused",
    "PortError",
    "PortEvent",
    "PortFailed",
    "PortSettingInvalid",
    "PortSettings",
    "PortUnavailable",
    "Statistics",
]

__getattr__ = later(
    __name__,
    {
        "errors": "NpduRefused PortError PortSettingInvalid PortUnavailable",
        "events": "FrameReceived LineLost LineRestored PortEvent PortFailed",
        "port": "MstpPort",
        "settings": "BAUD_RATES PortSettings",
        "statistics": "Statistics",
    },
)
