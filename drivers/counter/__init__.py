"""Counters that measure pulse widths: the base class, and the drivers by the name that a bench file uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from drivers.counter.base import WidthCounter
from drivers.counter.keysight_53220a import Keysight53220A

COUNTERS: Mapping[str, Callable[..., WidthCounter]] = MappingProxyType({"keysight_53220a": Keysight53220A})
"""Driver classes by their name in a bench file; each is made with ``driver(session)``."""
