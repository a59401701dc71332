"""Check from the bench file whether the analyzer can be the reference for what the bench injects."""

from __future__ import annotations

from collections.abc import Iterator

from drivers.analyzer import AnalyzerCapabilities
from rig.bench.schema.bench import BenchPart

_PHASES = 3


def unfit_reference(parts: BenchPart, can: AnalyzerCapabilities) -> str | None:
    """Say in one sentence why this analyzer cannot measure what this bench injects; None where it can.

    A bench without a source injects nothing, so that any analyzer may be on it.
    """
    if parts.source is None or parts.analyzer is None:
        return None
    missing = list(_missing(parts, can))
    if not missing:
        return None
    why = f" ({can.why_not})" if can.why_not else ""
    return (
        f"analyzer {parts.analyzer.driver} cannot be the reference of this bench: it cannot measure "
        f"{' nor '.join(missing)}{why}; no point could be judged: name another analyzer, or none"
    )


def unfit_update(parts: BenchPart, can: AnalyzerCapabilities) -> str | None:
    """Say in one sentence why this analyzer cannot be read as often as the bench file says; None where it can."""
    if parts.analyzer is None or can.update_s[0] <= parts.analyzer.update_s <= can.update_s[1]:
        return None
    low_s, high_s = can.update_s
    return (
        f"analyzer {parts.analyzer.driver} has data update periods of {low_s:g} to {high_s:g} s, not "
        f"{parts.analyzer.update_s:g} s"
    )


def _missing(parts: BenchPart, can: AnalyzerCapabilities) -> Iterator[str]:
    if can.phases < _PHASES:
        yield f"more than {can.phases} phase"
    if can.ct_input_v is None:
        yield "the volts at the CT inputs"
    elif parts.wiring is not None and parts.wiring.ct.secondary_v > can.ct_input_v[1]:
        yield f"{parts.wiring.ct.secondary_v:g} V at the CT inputs, its largest range being {can.ct_input_v[1]:g} V"
    if not can.angles_between_voltages:
        yield "the rotation of the voltages"
    if parts.nominal is not None and parts.wiring is not None:
        volts = parts.nominal.voltage_v / parts.wiring.pt_ratio
        if volts > can.voltage_v:
            yield f"{volts:g} V, its largest range being {can.voltage_v:g} V"
