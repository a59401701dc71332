"""Take the pictures of a wiring check on an open bench: loads that tell the phases apart, reference beside meter."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meter_model.configuration import Configuration
from meter_model.stimulus import Spectrum, Stimulus
from rig.bench.schema.bench import NominalPart
from rig.errors import LimitExceeded, UsageRefused
from rig.load_point import PHASE_NAMES, LoadPoint, three
from rig.procedures.wiring_check.diagnosis import Picture, diagnose
from rig.procedures.wiring_check.faults import Diagnosis
from rig.safety.errors import NotSettled, ReferenceInvalid

if TYPE_CHECKING:
    from rig.bench import Bench, Position

CURRENTS_PCT = (100.0, 60.0, 36.0)
"""Currents of A, B and C against each other: a meter 20 % off would still not take one for another."""

LARGEST_PCT = 60.0
"""Percent of the transducer's rated current at phase A."""

METER_HAS_SEEN_S = 2.5
"""The meter updates once a second (manual page 1): after this it shows nothing of the time before the point."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a wiring check saw. ``diagnosis`` is None where it could not look, and ``why_not`` says why."""

    pictures: tuple[tuple[LoadPoint, Picture], ...]
    diagnosis: Diagnosis | None
    why_not: str = ""


def telling_point(nominal: NominalPart, largest_pct: float = LARGEST_PCT) -> LoadPoint:
    """Return the load that tells the phases apart: nominal voltages, PF 1, another current in each phase."""
    point = nominal.point(largest_pct)
    has_ct = [name in point.ct_phases for name in PHASE_NAMES]
    return replace(
        point, currents_pct=three(pct if has else 100.0 for pct, has in zip(CURRENTS_PCT, has_ct, strict=True))
    )


def look(bench: Bench, position: Position, configuration: Configuration, nominal: NominalPart) -> Look:
    """Apply one load of unequal currents, read reference and meter, and diagnose; about ten seconds of bench time.

    One phase after the other follows where the source cannot give unequal currents, or where the meter has no powers
    by phase in this system type (QNAN). Leaves the last load applied. A load that does not settle, or a reference
    without a valid value, is no diagnosis. Raises RigError where the bench itself fails.
    """
    pictures: list[tuple[LoadPoint, Picture]] = []
    together = telling_point(nominal)
    try:
        for point in _points(nominal, together, pictures):
            try:
                pictures.append((point, _picture(bench, position, configuration, point)))
            except (LimitExceeded, UsageRefused):
                if point != together:
                    raise
    except (NotSettled, ReferenceInvalid) as error:
        return Look(tuple(pictures), None, str(error))
    return Look(tuple(pictures), diagnose([each for _, each in pictures], configuration.system))


def _points(
    nominal: NominalPart, together: LoadPoint, pictures: Sequence[tuple[LoadPoint, Picture]]
) -> Iterator[LoadPoint]:
    yield together
    powers = [55 + PHASE_NAMES.index(name) for name in together.ct_phases]
    if not pictures or any(math.isnan(pictures[0][1].read[instance]) for instance in powers):
        yield from (nominal.point(LARGEST_PCT, 0.0, name) for name in together.ct_phases)


def _picture(bench: Bench, position: Position, configuration: Configuration, point: LoadPoint) -> Picture:
    assert bench.supervisor is not None
    assert bench.wiring is not None
    bench.supervisor.apply(point)
    seen = bench.wiring.stimulus(bench.supervisor.settle()[-1])
    bench.clock.sleep(METER_HAS_SEEN_S)
    return picture_of(seen, configuration, dict(position.meter.read_load_point().values))


def picture_of(seen: Stimulus, configuration: Configuration, read: dict[int, float]) -> Picture:
    """Put what was at the terminals, on the primary side, beside what the meter read."""
    volts, amperes = configuration.pt_ratio, configuration.amperes_per_ct_volt
    return Picture(
        three(_fundamental(each) * volts for each in seen.voltages),
        three(_fundamental(each) * amperes for each in seen.ct_inputs),
        read,
    )


def _fundamental(spectrum: Spectrum) -> complex:
    return sum((cmath.rect(p.rms, math.radians(p.phase_deg)) for p in spectrum if p.order == 1), 0j)
