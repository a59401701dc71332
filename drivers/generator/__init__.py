"""Pulse generators: the base class, and the drivers by the name that a bench file uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from drivers.generator.base import PulseGenerator
from drivers.generator.keysight_33500b import Keysight33500B

GENERATORS: Mapping[str, Callable[..., PulseGenerator]] = MappingProxyType({"keysight_33500b": Keysight33500B})
"""Driver classes by their name in a bench file; each is made with ``driver(session)``."""
