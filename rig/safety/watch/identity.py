"""Check that an instrument is still the one that the bench was opened with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.analyzer.base import ReferenceAnalyzer
from drivers.instrument import Identity
from drivers.source.base import AcSource


@dataclass
class KnownInstrument:
    """An instrument whose identity is read before energising. ``identify``: its driver's, which checks that it fits.

    ``known``: its identity when the bench was opened; where that is None, the first answer is taken. Whether it
    is the calibrated one is checked when a run begins (rig.metrology.calibration).
    """

    role: str
    identify: Callable[[], Identity]
    known: Identity | None = field(default=None)

    @classmethod
    def of(cls, source: AcSource, analyzer: ReferenceAnalyzer | None) -> tuple[KnownInstrument, ...]:
        """Return source and analyzer as instruments whose identity is the first answer."""
        known = cls("source", source.identify)
        return (known,) if analyzer is None else (known, cls("analyzer", analyzer.identify))

    def ask(self) -> tuple[Identity, str | None]:
        """Read it; return the answer, and in words what is wrong with it, None where it is right.

        Raises what the driver raises for an instrument that it does not fit.
        """
        said = self.identify()
        if self.known is None:
            self.known = said
        if (said.manufacturer, said.model, said.serial_number) != (
            self.known.manufacturer,
            self.known.model,
            self.known.serial_number,
        ):
            return said, f"{named(self.known)}, with which the bench was opened,"
        return said, None


def named(identity: Identity) -> str:
    """Name an instrument as people do: maker, model, serial number."""
    return f"{identity.manufacturer} {identity.model} number {identity.serial_number}"
