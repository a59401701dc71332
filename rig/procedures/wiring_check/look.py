"""Take the pictures of a wiring check on an open bench: loads that tell the phases apart, reference beside meter."""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from drivers.errors import RigError
from drivers.meter.errors import BusFailed, MeterError
from meter_model.configuration import Configuration
from meter_model.stimulus import Spectrum, Stimulus
from rig.bench.positions.at_once import at_once
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
    """Look at one meter: see ``look_at_each``; raises the error of a meter that does not answer."""
    (seen,) = look_at_each(bench, [(position, configuration)], nominal)
    if isinstance(seen, RigError):
        raise seen
    return seen


def look_at_each(
    bench: Bench, meters: Sequence[tuple[Position, Configuration]], nominal: NominalPart
) -> list[Look | RigError]:
    """Apply one load of unequal currents, read reference and meter, and diagnose; about ten seconds of bench time.

    One phase after the other follows where the source cannot give unequal currents, or where the meter has no powers
    by phase in this system type (QNAN). Leaves the last load applied. A load that does not settle, or a reference
    without a valid value, is no diagnosis. Of a meter that does not answer the error is returned. Raises RigError where
    the bench itself fails.
    """
    made = [_Looking(position, configuration) for position, configuration in meters]
    together = telling_point(nominal)
    try:
        for point in _points(nominal, together, made):
            try:
                _take_pictures(bench, made, point)
            except (LimitExceeded, UsageRefused):
                if point != together:
                    raise
    except (NotSettled, ReferenceInvalid) as error:
        return [each.failed or Look(tuple(each.pictures), None, str(error)) for each in made]
    return [each.failed or _diagnosed(each) for each in made]


@dataclass
class _Looking:
    """A meter that is looked at: its pictures so far, and the error with which it stopped answering."""

    position: Position
    configuration: Configuration
    pictures: list[tuple[LoadPoint, Picture]] = field(default_factory=list)
    failed: RigError | None = None


def _diagnosed(made: _Looking) -> Look:
    pictures = tuple(made.pictures)
    return Look(pictures, diagnose([each for _, each in pictures], made.configuration.system))


def _points(nominal: NominalPart, together: LoadPoint, made: Sequence[_Looking]) -> Iterator[LoadPoint]:
    yield together
    powers = [55 + PHASE_NAMES.index(name) for name in together.ct_phases]
    living = [each for each in made if each.failed is None]
    read = [each.pictures[0][1].read if each.pictures else None for each in living]
    if any(one is None or any(math.isnan(one[instance]) for instance in powers) for one in read):
        yield from (nominal.point(LARGEST_PCT, 0.0, name) for name in together.ct_phases)


def _take_pictures(bench: Bench, made: Sequence[_Looking], point: LoadPoint) -> None:
    """Apply a load, and put what each meter reads beside the one reading of the reference."""
    assert bench.supervisor is not None
    assert bench.wiring is not None
    bench.supervisor.apply(point)
    seen = bench.wiring.stimulus(bench.supervisor.settle()[-1])
    bench.clock.sleep(METER_HAS_SEEN_S)
    living = [each for each in made if each.failed is None]
    for each, read in zip(living, at_once(living, lambda each: each.position.bus, _read), strict=True):
        if isinstance(read, RigError):
            each.failed = read
        else:
            each.pictures.append((point, picture_of(seen, each.configuration, read)))


def _read(each: _Looking) -> dict[int, float] | RigError:
    try:
        return dict(each.position.meter.read_load_point().values)
    except (MeterError, BusFailed) as error:
        return error


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
