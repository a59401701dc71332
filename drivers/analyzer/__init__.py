"""Reference analyzers: the base class, and the drivers by the name that a bench file uses."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

from drivers.analyzer.base import AnalyzerCapabilities, ReferenceAnalyzer
from drivers.analyzer.fluke_norma import FlukeNorma
from drivers.analyzer.radian_rd import RadianRD
from drivers.analyzer.yokogawa_wt import YokogawaWT
from drivers.analyzer.zes_lmg600 import ZesLMG600


class AnalyzerDriver(Protocol):
    """A driver class: what it can do is known without an instrument; ``driver(link, sleep, **options)`` makes one."""

    capabilities: AnalyzerCapabilities

    def __call__(self, *args: Any, **options: Any) -> ReferenceAnalyzer:  # Any: each driver has its own
        """Make the driver; nothing is sent."""


ANALYZERS: Mapping[str, AnalyzerDriver] = MappingProxyType(
    {"yokogawa_wt": YokogawaWT, "zes_lmg600": ZesLMG600, "fluke_norma": FlukeNorma, "radian_rd": RadianRD}
)
"""Driver classes by their name in a bench file; each is made with ``driver(session, sleep, **options)``.

A driver without SCPI has a static ``open_link(resource, *, deadline_s, on_progress)``; what it returns takes the
session's place.
"""
