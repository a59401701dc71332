"""AC sources: the base class, and the drivers by the name that a bench file uses."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

from drivers.source.ametek_ci import AmetekCI
from drivers.source.base import AcSource, SourceCapabilities
from drivers.source.chroma_61600 import Chroma61600
from drivers.source.fluke_6105a import Fluke6105A
from drivers.source.itech_it7800 import ItechIT7800
from drivers.source.keysight_ac6800b import KeysightAC6800B
from drivers.source.pacific_upc import PacificUPC
from drivers.source.rigol_dg5000 import RigolDG5000


class SourceDriver(Protocol):
    """A driver class: its capabilities can be asked without an instrument; ``driver(session, **options)`` makes one."""

    capabilities: SourceCapabilities

    def __call__(self, *args: Any, **options: Any) -> AcSource:  # Any: each driver has its own
        """Make the driver; nothing is sent."""


SOURCES: Mapping[str, SourceDriver] = MappingProxyType(
    {
        "ametek_ci": AmetekCI,
        "chroma_61600": Chroma61600,
        "fluke_6105a": Fluke6105A,
        "itech_it7800": ItechIT7800,
        "keysight_ac6800b": KeysightAC6800B,
        "pacific_upc": PacificUPC,
        "rigol_dg5000": RigolDG5000,
    }
)
"""Driver classes by their name in a bench file."""
