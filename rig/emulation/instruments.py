"""Registry of the emulated instruments, by the names of their drivers, and their common interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from rig.emulation.analyzers.fluke_norma_commands import norma_analyzer
from rig.emulation.analyzers.radian_rd import RadianStandard
from rig.emulation.analyzers.yokogawa_wt import MODELS as WT_MODELS
from rig.emulation.analyzers.yokogawa_wt_commands import yokogawa_analyzer
from rig.emulation.analyzers.zes_lmg600_commands import zes_analyzer
from rig.emulation.scpi.engine import ScpiEngine
from rig.emulation.servers.control import ScpiHandler
from rig.emulation.servers.tcp import LineHandler, LineServer, Server
from rig.emulation.sources.ametek_ci import AmetekSource
from rig.emulation.sources.chroma_61600 import ChromaSource
from rig.emulation.sources.fluke_6105a import MODELS as FLUKE_MODELS
from rig.emulation.sources.fluke_6105a import FlukeSource
from rig.emulation.sources.itech_it7800 import ItechSource
from rig.emulation.sources.keysight_ac6800b import AC6800Source
from rig.emulation.sources.merged import LowLevelSource
from rig.emulation.sources.output import SourceErrors
from rig.emulation.sources.pacific_upc import PacificSource
from rig.emulation.sources.rigol_dg5000 import RigolGenerator
from rig.emulation.world.surroundings import Surroundings
from rig.emulation.world.world import Measuring, SourceOnBench, World


@runtime_checkable
class OwnServer(Protocol):
    """An instrument without text lines (frames of octets on a serial line) has a server of its own."""

    def open_server(self, name: str) -> Server:
        """Begin to serve; ``name`` names its threads."""


Engine = ScpiEngine | LineHandler | OwnServer


class EmulatedSource(SourceOnBench, Protocol):
    """A source of the emulated bench; all but ``engine`` is used with the world held.

    ``engine`` answers the messages: a SCPI engine, or that of another protocol.
    """

    @property
    def engine(self) -> Engine:
        """What answers."""


class EmulatedLowLevelSource(EmulatedSource, LowLevelSource, Protocol):
    """A source of the CT inputs only: what it gives are the ``currents`` of its terminals, in volts."""


class EmulatedAnalyzer(Measuring, Protocol):
    """An analyzer of the emulated bench; ``engine`` as that of a source."""

    @property
    def engine(self) -> Engine:
        """What answers."""


SourceFactory = Callable[..., EmulatedSource]
"""Makes a source from its ``Surroundings[SourceErrors]`` (and a ``model``, where it has several); its output is off."""

LowLevelSourceFactory = Callable[[Surroundings[SourceErrors]], EmulatedLowLevelSource]
"""Makes a source of the CT inputs, as ``SourceFactory`` makes one of the voltage inputs."""

AnalyzerFactory = Callable[..., EmulatedAnalyzer]
"""Makes an analyzer from its ``Surroundings[AnalyzerErrors]``; it measures nothing yet.

``digits`` is how many significant digits it answers, left out as the real one does by default.
"""

SOURCES: Mapping[str, SourceFactory] = {
    "ametek_ci": AmetekSource,
    "chroma_61600": ChromaSource,
    "fluke_6105a": FlukeSource,
    "itech_it7800": ItechSource,
    "keysight_ac6800b": AC6800Source,
    "pacific_upc": PacificSource,
}
"""Sources that drive the voltage inputs (and the CT inputs, where they have low-level channels).

The names are those of the drivers (drivers.source.SOURCES).
"""

LOW_LEVEL_SOURCES: Mapping[str, LowLevelSourceFactory] = {"rigol_dg5000": RigolGenerator}
"""Sources that drive the CT inputs only; beside one of these the other's current channels are not connected."""

ANALYZERS: Mapping[str, AnalyzerFactory] = {
    "yokogawa_wt": yokogawa_analyzer,
    "zes_lmg600": zes_analyzer,
    "fluke_norma": norma_analyzer,
    "radian_rd": RadianStandard,
}
"""Reference analyzers, by the names of their drivers (drivers.analyzer.ANALYZERS)."""

MODELS: Mapping[str, tuple[str, ...]] = {"fluke_6105a": tuple(FLUKE_MODELS), "yokogawa_wt": tuple(WT_MODELS)}
"""Instruments that are emulated as one of several models (the first where none is chosen): their ``model`` argument."""


def serve(engine: Engine, world: World, name: str) -> Server:
    """Put an instrument behind a TCP port of this machine; ``name`` names its threads."""
    if isinstance(engine, OwnServer):
        return engine.open_server(name)
    return LineServer(ScpiHandler(engine, world) if isinstance(engine, ScpiEngine) else engine, name)
