"""Protection of a bench's outputs after rig and guardian are both gone: derived from the bench file."""

from __future__ import annotations

from drivers.source import SOURCES
from rig.bench.schema.bench import BenchPart

NOT_PROTECTED = (
    "if the rig and its guardian are both gone, NOTHING switches the outputs off: the source has no watchdog and the "
    "bench has no contactor (not protected); 'rig off' from any terminal, or the source's own switch, does"
)


def has_watchdog(parts: BenchPart) -> bool:
    """Whether the source that drives the voltage inputs has a watchdog of its own."""
    return parts.source is not None and SOURCES[parts.source.driver].capabilities.watchdog_s is not None


def has_contactor(parts: BenchPart) -> bool:
    """Whether a contactor that the guardian has to hold is in the wires to the meter."""
    return parts.switch is not None and parts.switch.contactor is not None


def is_protected(parts: BenchPart) -> bool:
    """Whether either is there; a bench without a source has nothing to be protected from."""
    return parts.source is None or has_watchdog(parts) or has_contactor(parts)


def protection_text(parts: BenchPart, watchdog_s: float | None) -> str:
    """Say what protects; ``watchdog_s``: the delay in seconds for which the source's watchdog is armed, None: none."""
    if parts.source is None:
        return "this bench has no source: nothing to protect against"
    said = []
    if watchdog_s is not None:
        said.append(f"the source's own watchdog switches its output off after {watchdog_s:g} s of silence")
    contactor = parts.switch.contactor if parts.switch is not None else None
    if contactor is not None:
        said.append(f"the contactor cuts the meter off {contactor.hold_s:g} s after the guardian's last pulse")
    return f"if the rig and its guardian are both gone, {'; '.join(said)}" if said else NOT_PROTECTED
