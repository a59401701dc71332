"""Reference analyzers: the base class, and the drivers by the name that a bench file uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from drivers.analyzer.base import (
    AnalyzerRanges,
    AnalyzerReading,
    ElementReading,
    IntegratorReading,
    ReferenceAnalyzer,
)
from drivers.analyzer.yokogawa_wt import YokogawaWT

ANALYZERS: Mapping[str, Callable[..., ReferenceAnalyzer]] = MappingProxyType({"yokogawa_wt": YokogawaWT})
"""Driver classes by their name in a bench file; each is made with ``driver(session, sleep, **options)``.

A driver that speaks no SCPI has a static ``open_link(resource, *, deadline_s, on_progress)``; what it returns takes the
session's place.
"""

__all__ = [
    "ANALYZERS",
    "AnalyzerRanges",
    "AnalyzerReading",
    "ElementReading",
    "IntegratorReading",
    "ReferenceAnalyzer",
    "YokogawaWT",
]
