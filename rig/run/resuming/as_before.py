"""Compare bench and meter of a run that is resumed with its record, before anything is energised."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from drivers.errors import InstrumentError, InstrumentLost
from rig.bench import Bench, Position
from rig.events import MeterFound, Noted
from rig.records.data import RunRecord, UnitRecord
from rig.records.plain_json import Json
from rig.records.resumption.reopening import ResumeRefused
from rig.run.instruments import instrument_record, unit_record
from rig.safety.conditions import IEC_REFERENCE

TEMPERATURE_K = IEC_REFERENCE.temperature_k
"""How far the air may be, K, outside the range that was recorded in the parts before."""


def compare(run: RunRecord, settings: Mapping[str, Json], bench: Bench, today: dt.date) -> list[dict[int, float]]:
    """Compare instruments, meters, their settings and the air with the record of ``run``.

    ``settings``: the analog values that the plan sets, as "AV2" to its values. Returns the present analog values of
    each meter. What was compared is recorded; raises ResumeRefused naming the first thing that differs.
    """
    _compare_instruments(run, bench, today)
    now = [_compare_meter(run, number, settings, bench) for number in range(1, len(bench.positions) + 1)]
    air = _compare_air(run, bench)
    meters = ", ".join(unit.serial_number for unit in run.units)
    text = f"the instruments and the meter ({meters}) with its firmware and settings are those of the record; {air}"
    bench.events.publish(Noted("compared", text))
    return now


def as_found(run: RunRecord, number: int) -> dict[int, float]:
    """Return the analog values of unit ``number`` as the run found them when it was begun."""
    saved = (value for value in run.configuration_before if value.unit_number in (number, None))
    return {int(value.name.removeprefix("AV")): value.value for value in saved}


def _compare_instruments(run: RunRecord, bench: Bench, today: dt.date) -> None:
    recorded = {each.role: each for each in run.instruments}
    present = {used.role: instrument_record(used, today) for used in bench.instruments()}
    for role in dict.fromkeys((*recorded, *present)):
        name = role.replace("_", " ")
        before, now = recorded.get(role), present.get(role)
        if before is None or now is None:
            raise _refused(f"the {name} is {'not there' if now is None else 'new'}")
        for what in ("serial_number", "identity", "calibration_certificate", "calibration_date"):
            if getattr(before, what) != getattr(now, what):
                was, is_now = getattr(before, what), getattr(now, what)
                raise _refused(f"the {name} has {what.replace('_', ' ')} {is_now or 'none'}, was {was or 'none'}")


def _compare_meter(run: RunRecord, number: int, settings: Mapping[str, Json], bench: Bench) -> dict[int, float]:
    position = bench.positions[number - 1]
    if number > len(run.units):
        raise _refused(f"the meter at {position.name} is not in the record")
    before, now = run.units[number - 1], unit_record(position)
    for what in ("serial_number", "device_instance", "model", "firmware", "application", "position"):
        _compare_word(what, before, now)
    bench.events.publish(MeterFound(position.identity.object_name, now.device_instance, position.mac))
    return _compare_settings(position, as_found(run, number), settings)


def _compare_word(what: str, before: UnitRecord, now: UnitRecord) -> None:
    if getattr(before, what) != getattr(now, what):
        where = f"the meter at {now.position}" if now.position else "the meter"
        raise _refused(f"{where} has {what.replace('_', ' ')} {getattr(now, what)}, was {getattr(before, what)}")


def _compare_settings(position: Position, found: Mapping[int, float], settings: Mapping[str, Json]) -> dict[int, float]:
    now = dict(position.meter.read_configuration())
    for av, value in sorted(now.items()):
        given = settings.get(f"AV{av}")
        wanted = [each for each in given if isinstance(each, float)] if isinstance(given, list) else []
        if value not in (found.get(av), *wanted):
            either = " or ".join((f"{found.get(av, 0.0):g} (as found)", *(f"{each:g} (as set)" for each in wanted)))
            raise _refused(f"AV{av} of the meter at {position.name} is {value:g}, and should be {either}")
    return now


def _compare_air(run: RunRecord, bench: Bench) -> str:
    known = [point.temperature_c for point in run.points if point.temperature_c is not None]
    if bench.climate_probe is None or not known:
        return "the air was not compared: it was not measured"
    try:
        now_c = bench.climate_probe.read().temperature_c
    except InstrumentLost:
        raise
    except InstrumentError as error:
        raise _refused(f"the climate probe measures nothing ({error})") from error
    least, most = min(known), max(known)
    if not least - TEMPERATURE_K <= now_c <= most + TEMPERATURE_K:
        raise _refused(f"the air is at {now_c:.1f} °C, was at {least:.1f} to {most:.1f} °C")
    return f"the air is at {now_c:.1f} °C, was at {least:.1f} to {most:.1f} °C"


def _refused(what: str) -> ResumeRefused:
    return ResumeRefused(
        f"conditions are not those of the first part: {what}", "put it right and resume, or begin a new run"
    )
