"""Climate: probes that are read with every load point, chambers for temperature tests, by the name in a bench file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from drivers.climate.espec_p300 import EspecP300
from drivers.climate.fluke_1620a import Fluke1620A

PROBES: Mapping[str, type[Fluke1620A]] = MappingProxyType({"fluke_1620a": Fluke1620A})
"""Driver classes by their name in a bench file; each is made with ``driver(session, channel=1)``."""

CHAMBERS: Mapping[str, type[EspecP300]] = MappingProxyType({"espec_p300": EspecP300})
"""Driver classes by their name in a bench file; each is made with ``driver(session)``."""
