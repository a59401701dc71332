"""Switching a bench off from any terminal, and what it shares with opening one: sessions, and how a source goes off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from drivers.analyzer import ANALYZERS
from drivers.scpi import ScpiSession, SerialLine
from drivers.source import AcSource, Identity, SafeOff
from rig.bench._schema_climate import ChamberPart, ClimateProbePart
from rig.bench.files import BenchFile, load_bench
from rig.bench.schema import PLACEHOLDER, AnalyzerPart, CounterPart, GeneratorPart, LowLevelSourcePart, SwitchPart
from rig.bench.sources import make_source
from rig.safety.off import switch_everything_off
from rig.safety.raw_off import SafeOffResult

SCPI_DEADLINE_S = 2.0
"""Longest transaction with an instrument: shorter than the silence that the guardian takes for a hang."""


def switch_bench_off(bench: BenchFile | str | Path) -> list[SafeOffResult]:
    """Switch off and verify every source of a bench, without lock, run or driver state; a result for each.

    Sources of a launched bench exist only while it is open; then the open bench has left word of them. Raises
    BenchFileError and UsageRefused for a bench file that cannot be used, nothing for a source that does not answer.
    """
    file = bench if isinstance(bench, BenchFile) else load_bench(bench)
    fixed: list[SafeOff] = []
    for part in (file.parts.source, file.parts.low_level_source):
        if part is not None and not PLACEHOLDER.search(part.resource):
            # Nothing is sent: a session opens its connection with the first transaction.
            fixed.extend(safe_off_of(make_source(part, scpi_session(part)), part))
    return switch_everything_off(file.name, fixed)


def scpi_session(
    part: LowLevelSourcePart | AnalyzerPart | SwitchPart | GeneratorPart | CounterPart | ClimateProbePart | ChamberPart,
    beat: Callable[[], None] | None = None,
    *,
    termination: str = "\n",
) -> ScpiSession:
    """Make the session of an instrument as the bench file describes it; nothing is sent yet."""
    return ScpiSession(
        part.resource,
        backend=part.visa_library,
        deadline_s=SCPI_DEADLINE_S,
        termination=termination,
        on_progress=beat,
        line=_line_of(part),
    )


def link_to_analyzer(part: AnalyzerPart, beat: Callable[[], None] | None = None) -> Any:  # noqa: ANN401 - its driver's
    """Make what the analyzer's driver talks through; nothing is sent yet.

    A SCPI session, unless the driver class has ``open_link(resource, *, deadline_s, on_progress)``: an instrument on
    a serial line that speaks frames of octets.
    """
    open_link = getattr(ANALYZERS[part.driver], "open_link", None)
    if open_link is None:
        return scpi_session(part, beat)
    return open_link(part.resource, deadline_s=SCPI_DEADLINE_S, on_progress=beat)


def safe_off_of(
    source: AcSource, part: LowLevelSourcePart, identity: Identity | None = None, identification: str = ""
) -> tuple[SafeOff, ...]:
    """Tell how anyone may switch this source off, with the VISA library that reaches it and how many it lets in.

    ``identity``: who it is, ``identification``: as it said so, where it has been asked.
    """
    return tuple(
        replace(
            recipe,
            visa_library=part.visa_library,
            line=_line_of(part),
            identity=identity,
            identification=identification,
            single_client=recipe.single_client or part.single_client,
        )
        for recipe in source.safe_off()
    )


def _line_of(part: object) -> SerialLine | None:
    """Return how the part's serial line is set, where it has one; not every kind of part can be on one."""
    serial = getattr(part, "serial", None)
    return None if serial is None else serial.line()
