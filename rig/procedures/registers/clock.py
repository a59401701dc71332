"""Time-keeping: how fast the meter's clock runs against the rig's, over a stated time; the clock is never set."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from rig.metrology.register_tests.timing import ClockReading, clock_rate
from rig.metrology.sampled_energy import Moment
from rig.metrology.uncertainty import Component
from rig.procedures.registers.examined import Examined, Judged, result_of
from rig.records.data import LimitProvenance, ResultRecord
from rig.safety.errors import NotSettled, ReferenceInvalid

PROCEDURE = "clock"

DURATION_S = 600.0
"""Seconds between the first and the last readings, unless more are asked for."""

_READINGS = 5
_EPOCH = dt.datetime(2000, 1, 1)
_SECOND, _HUNDREDTH = 1.0, 0.01
_SECONDS_A_DAY = 86_400.0
_IMPOSSIBLE = 0.1
"""A clock that counted less than this part of the time stands still; one that is off by more was set meanwhile."""


@dataclass(frozen=True, slots=True)
class ClockLimit:
    """How many parts in a million a clock may be off, and where that is stated."""

    ppm: float
    provenance: LimitProvenance | None = None


def clock(at: Examined, limit: ClockLimit | None = None, duration_s: float = DURATION_S) -> tuple[ResultRecord, ...]:
    """Read the meter's clock at the beginning and the end of ``duration_s`` seconds, and judge its rate.

    The point of ``at`` is applied, since a meter may be fed by its voltage inputs. The error is the rate in percent
    (100 ppm are 0.01 %); without a limit it is reported and NOT_JUDGED. A clock that counted less than a tenth of the
    time is FAIL, since it stands still; one that is off by more than a tenth otherwise was set meanwhile, which is
    INVALID. Nothing is set here. Raises RigError where the bench fails.
    """
    assert at.bench.supervisor is not None
    judged = Judged(
        procedure=PROCEDURE,
        instance=0,
        quantity="time_keeping",
        phase="",
        unit="s",
        read=float("nan"),
        expected=duration_s,
        limit_pct=limit.ppm * 1e-4 if limit else None,
        provenance=limit.provenance if limit else None,
        readings=2 * _READINGS,
    )
    at.bench.supervisor.apply(at.point)
    try:
        at.bench.supervisor.settle()
    except (NotSettled, ReferenceInvalid) as error:
        at.record.finish("INVALID", reason=str(error))
        return (result_of(replace(judged, invalid=str(error)), at.rule),)
    first = _readings(at)
    at.bench.clock.sleep(max(0.0, first[0].asked.middle_s + duration_s - at.now_s()))
    last = _readings(at)
    at.record.finish(None)
    every = [*first, *last]
    resolution_s = _SECOND if all(each.read_s == round(each.read_s) for each in every) else _HUNDREDTH
    rate = clock_rate(first, last, resolution_s)
    counted_s = rate.elapsed_s * (1.0 + rate.ppm * 1e-6)
    off_s_a_day = rate.ppm * 1e-6 * _SECONDS_A_DAY
    stands = 0.0 <= counted_s < _IMPOSSIBLE * rate.elapsed_s
    was_set = "" if stands or abs(rate.ppm) <= 1e6 * _IMPOSSIBLE else "; it was set meanwhile: ask again"
    said = f"the clock counted {counted_s:.2f} s in {rate.elapsed_s:.2f} s"
    judged = replace(
        judged,
        read=counted_s,
        expected=rate.elapsed_s,
        error_pct=rate.ppm * 1e-4,
        components=tuple(_in_percent(each) for each in rate.components),
        invalid=said + was_set if was_set else "",
        fault=f"{said}: it stands still" if stands else "",
        note=f"{said}: {off_s_a_day:+.2g} s a day, by the rig's clock",
        hint="; a longer time, or a rig whose clock is known better, would decide",
    )
    return (result_of(judged, at.rule),)


def _readings(at: Examined) -> list[ClockReading]:
    found = []
    for _ in range(_READINGS):
        asked_s = at.now_s()
        now = at.position.meter.read_time()
        found.append(ClockReading((now - _EPOCH).total_seconds(), Moment(asked_s, at.now_s())))
    return found


def _in_percent(component: Component) -> Component:
    return replace(component, stated=component.stated * 1e-4)
