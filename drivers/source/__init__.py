"""AC sources: the base class, and the drivers by the name that a bench file uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from drivers.source.base import (
    PHASES,
    AcSource,
    Channel,
    Identity,
    Range,
    SafeOff,
    SourceCapabilities,
    SourceSetting,
    Tone,
)
from drivers.source.fluke_6105a import Fluke6105A

SOURCES: Mapping[str, Callable[..., AcSource]] = MappingProxyType({"fluke_6105a": Fluke6105A})
"""Driver classes by their name in a bench file; each is made with ``driver(session, **options)``."""

__all__ = [
    "PHASES",
    "SOURCES",
    "AcSource",
    "Channel",
    "Fluke6105A",
    "Identity",
    "Range",
    "SafeOff",
    "SourceCapabilities",
    "SourceSetting",
    "Tone",
]
