"""Which influence quantities a bench can change, and why it cannot change the others."""

from __future__ import annotations

from rig.bench import BenchFile
from rig.metrology.standards.programme_rows import Influence
from rig.waveforms import waveform
from rig.waveforms import why_not as why_not_injected

_NO_INTERHARMONICS = (
    "no waveform of that name is known, since no public source states it; and no source driver of the rig gives "
    "components between the harmonics"
)
_NO_AUXILIARY = (
    "nothing on the bench sets the voltage of the meter's control power: a switch unit can only switch it on and off"
)


def why_not(bench: BenchFile, influence: Influence) -> str:
    """Say why ``bench`` cannot change an influence quantity, empty where it can. No I/O.

    Whether a single load point is within the envelopes of meter and source is for ``rig.safety.limits.check`` to say.
    """
    source = bench.source_capabilities
    if source is None:
        return "the bench has no source"
    if influence is Influence.AUXILIARY_VOLTAGE:
        return _NO_AUXILIARY
    if influence is Influence.INTERHARMONICS:
        return _NO_INTERHARMONICS
    if influence is Influence.TEMPERATURE:
        if bench.parts.chamber is None:
            return "the bench has no climate chamber"
        return "" if bench.parts.climate_probe else "the bench has no climate probe beside the meter"
    return why_not_waveform(bench, influence.waveform)


def why_not_waveform(bench: BenchFile, name: str) -> str:
    """Say why ``bench`` cannot inject the waveform ``name`` (of rig.waveforms), empty where it can.

    Raises UsageRefused for an unknown name, BenchFileError for a file that cannot be read.
    """
    source = bench.source_capabilities
    if source is None:
        return "the bench has no source"
    return why_not_injected(waveform(name), source.max_order)
