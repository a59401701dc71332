"""Switch units: the base class, and the drivers by the name that a bench file uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from drivers.switch.base import RelayLines, SwitchUnit
from drivers.switch.keysight_34970a import Keysight34970A

SWITCHES: Mapping[str, Callable[..., SwitchUnit]] = MappingProxyType({"keysight_34970a": Keysight34970A})
"""Driver classes by their name in a bench file; each is made with ``driver(session, roles)``."""

RELAY_LINES: Mapping[str, Callable[[int], RelayLines]] = MappingProxyType(
    {"keysight_34970a": Keysight34970A.relay_lines}
)
"""How a channel's relay is worked without the driver, by the same names; raises SettingOutOfRange."""
