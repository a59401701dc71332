"""Check that the parts of a bench file fit together and fit the meter; refuse others with file and line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from drivers.analyzer import ANALYZERS
from drivers.analyzer.base import AnalyzerCapabilities
from drivers.errors import SettingOutOfRange
from drivers.scpi.resource import ResourceKind, resource_kind
from drivers.source.base import SourceCapabilities
from drivers.source.shared.combined import CombinationRefused, combined_capabilities
from drivers.switch import RELAY_LINES
from rig.bench.config.meter_type import MeterType
from rig.bench.drivers import DRIVERS, capabilities_of
from rig.bench.schema.bench import PLACEHOLDER, BenchPart
from rig.bench.wiring import Wiring
from rig.errors import BenchFileError, LimitExceeded, UsageRefused
from rig.files.yaml_file import Location, dotted, line_of
from rig.load_point import PHASE_NAMES
from rig.safety.contactor.recipe import SOCKET_RESOURCE
from rig.safety.limits import check_ramp, check_source

_FIT_PCT = 10.0
"""How far a nominal voltage may be from what the system voltage gives: rounded names such as 277/480 are within 1 %."""

_LN_DIVISORS = {10: (1.0,), 11: (2.0, math.sqrt(3.0)), 12: (2.0,), 31: (math.sqrt(3.0),), 40: (math.sqrt(3.0),)}
"""System voltage (AV6) over volts line to neutral, by system type; those of type 11 are 180 or 120 degrees apart."""


Complaint = tuple[Location, str]
"""Where in the file something is wrong, and what."""


def complaints(parts: BenchPart, lines: Mapping[Location, int]) -> Iterator[Complaint]:
    """Say what of a bench does not fit together, before its meter types are read; ``lines``: what the file states."""
    yield from _drivers(parts)
    yield from complaints_once_launched(parts, lines)
    yield from _nominal(parts, lines)


def complaints_once_launched(parts: BenchPart, lines: Mapping[Location, int]) -> Iterator[Complaint]:
    """Say what is wrong with resources and addresses: looked at again when the launched process has given its own."""
    yield from _resources(parts)
    yield from _contactor(parts)
    yield from _addresses(parts, lines)


def complaints_of_injection(parts: BenchPart, types: Mapping[str, MeterType]) -> Iterator[Complaint]:
    """Say what keeps sources and analyzer from what a meter on this bench needs, at its nominal point at least."""
    yield from _injection(parts)
    yield from _reference(parts)
    yield from _soft_start(parts, types)


def refuse(path: Path, lines: Mapping[Location, int], found: Iterable[Complaint]) -> None:
    """Raise BenchFileError for the first complaint."""
    for where, message in found:
        raise BenchFileError(path, line_of(where, lines), message)


def _addresses(parts: BenchPart, lines: Mapping[Location, int]) -> Iterator[Complaint]:
    """Two stations with one address on one bus: positions that share a MAC or device instance, or the rig's own MAC."""
    for key, what in (("mac", "MAC"), ("device_instance", "device instance")):
        first: dict[tuple[str, int], str] = {}
        for index, position in enumerate(parts.positions):
            value, bus = getattr(position, key), parts.bus_of(position)
            if not isinstance(value, int):
                continue
            where = ("positions", index, key)
            place = (bus.port if bus is not None else "", value)
            if place in first:
                message = f"positions {first[place]} and {position.name} have the same {what}, {value}; correct one"
                yield where, f"{dotted(where)}: {message}"
            first[place] = position.name
            if key == "mac" and bus is not None and bus.mac == value:
                own = ("bus", "mac") if ("bus", "mac") in lines else where
                message = f"the rig and position {position.name} have the same MAC, {value}; give the rig another one"
                yield own, f"{dotted(own)}: {message}"


def _nominal(parts: BenchPart, lines: Mapping[Location, int]) -> Iterator[Complaint]:
    """A nominal voltage line to neutral that the system voltage (AV6) does not give in this system type."""
    nominal = parts.nominal
    if nominal is None:
        return
    fitting = [nominal.system_voltage_v / divisor for divisor in _LN_DIVISORS[nominal.system_type]]
    if any(abs(nominal.voltage_v - volts) <= volts * _FIT_PCT / 100.0 for volts in fitting):
        return
    expected = " or ".join(f"{volts:.4g}" for volts in fitting)
    where = ("nominal", "voltage_v") if ("nominal", "voltage_v") in lines else ("nominal", "system_voltage_v")
    message = (
        f"{dotted(where)}: {nominal.voltage_v:g} V line to neutral does not fit system_voltage_v "
        f"{nominal.system_voltage_v:g} in system type {nominal.system_type}, which is {expected} V line to neutral; "
        "correct one of them"
    )
    yield where, message


def complaint_of_rating(parts: BenchPart, meter_type: MeterType) -> Iterator[Complaint]:
    """A nominal rating that the meter type does not have."""
    if parts.nominal and parts.nominal.rating not in meter_type.ratings:
        known = ", ".join(sorted(meter_type.ratings))
        message = f"meter type {meter_type.name} has ratings {known}, not {parts.nominal.rating}"
        yield ("nominal", "rating"), message


def narrowed(path: Path, lines: Mapping[Location, int], parts: BenchPart, meter_type: MeterType) -> MeterType:
    """Apply the bench's own limits; refuse those that would widen what the meter type allows."""
    if parts.limits is None or parts.nominal is None:
        return meter_type
    try:
        return meter_type.narrowed(parts.nominal.rating, parts.limits)
    except UsageRefused as refusal:
        where = ("limits", refusal.quantity) if isinstance(refusal, LimitExceeded) else ("limits",)
        raise BenchFileError(path, line_of(where, lines), f"limits: {refusal}") from None


def _soft_start(parts: BenchPart, types: Mapping[str, MeterType]) -> Iterator[Complaint]:
    """A soft start that is too fast for the meter, or not the source's, at the nominal point at least."""
    if parts.source is None or parts.nominal is None or parts.wiring is None or not parts.positions:
        return
    point = parts.nominal.point(0.0)
    rating = types[parts.positions[0].meter_type].ratings[parts.nominal.rating]
    stimulus, what = Wiring.from_part(parts.wiring).terminals(point), f"nominal point {point.label}"
    try:
        check_ramp(stimulus, parts.source.ramp_s, rating=rating, source=source_capabilities(parts), what=what)
    except UsageRefused as refusal:
        yield ("source", "ramp_s"), str(refusal)


def _drivers(parts: BenchPart) -> Iterator[Complaint]:
    """A driver that the rig does not have."""
    for role, known in DRIVERS.items():
        part = getattr(parts, role)
        if part is not None and part.driver not in known:
            names = ", ".join(sorted(known))
            yield (role, "driver"), f"there is no {role} driver {part.driver!r}; known: {names}"


def _resources(parts: BenchPart) -> Iterator[Complaint]:
    """What is no VISA resource name; a driver with a link of its own (``open_link``) has names of its own."""
    for role, known in DRIVERS.items():
        part = getattr(parts, role)
        if part is None:
            continue
        has_link = hasattr(known[part.driver], "open_link")
        if has_link and part.serial is not None:
            yield (role, "serial"), f"{role}.serial: {part.driver} sets its line by itself; take it away"
        if has_link or PLACEHOLDER.fullmatch(part.resource):
            continue
        try:
            kind = resource_kind(part.resource)
        except ValueError as error:
            yield (role, "resource"), f"{role}.resource: {error}"
            continue
        if kind is not ResourceKind.SERIAL and part.serial is not None:
            message = f"{role}.serial: {part.resource} is no serial line (ASRL); take it away or correct the resource"
            yield (role, "serial"), message


def _contactor(parts: BenchPart) -> Iterator[Complaint]:
    """A contactor that the guardian could not hold: its switch unit lets in one user, or has no such relay."""
    switch = parts.switch
    if switch is None or switch.contactor is None:
        return
    for key in ("channel", "pulse_channel"):
        try:
            RELAY_LINES[switch.driver](getattr(switch.contactor, key))
        except SettingOutOfRange as error:
            yield ("switch", "contactor", key), f"switch.contactor.{key}: {error}"
    if not PLACEHOLDER.search(switch.resource) and not SOCKET_RESOURCE.match(switch.resource):
        message = (
            f"switch.contactor: its switch unit is {switch.resource}, and the guardian needs a connection of its own; "
            "reach it by a socket such as TCPIP0::192.168.1.30::5025::SOCKET, or say contactor: null"
        )
        yield ("switch", "resource"), message


def source_capabilities(parts: BenchPart) -> SourceCapabilities | None:
    """Return what the sources of a bench can do together; raises CombinationRefused."""
    if parts.source is None:
        return None
    voltage = capabilities_of(parts.source)
    if parts.low_level_source is None:
        return voltage
    return combined_capabilities(voltage, capabilities_of(parts.low_level_source))


def _reference(parts: BenchPart) -> Iterator[Complaint]:
    """An analyzer that cannot see what the bench injects: nothing on it could ever be judged."""
    if parts.analyzer is None:
        return
    can = ANALYZERS[parts.analyzer.driver].capabilities
    for key, unfit in (("driver", unfit_reference(parts, can)), ("update_s", unfit_update(parts, can))):
        if unfit is not None:
            yield ("analyzer", key), unfit


def _injection(parts: BenchPart) -> Iterator[Complaint]:
    """Sources that cannot inject what a meter on this bench needs, at its nominal point at least."""
    for role, part in (("source", parts.source), ("low_level_source", parts.low_level_source)):
        try:
            capabilities_of(part) if part is not None else None
        except UsageRefused as refusal:
            yield (role, "options"), str(refusal)
    last = ("source" if parts.low_level_source is None else "low_level_source", "driver")
    try:
        can = source_capabilities(parts)
    except CombinationRefused as refusal:
        yield last, str(refusal)
        return
    if can is None or not parts.positions:
        return
    assert parts.source is not None
    gives_amperes = parts.wiring is not None and parts.wiring.current_loop is not None
    for name, ranges, advice in (
        ("voltage", can.voltage_ranges, "name a source that has as 'source'"),
        ("current", can.current_ranges, "name a source that gives amperes, or take 'current_loop' away")
        if gives_amperes
        else ("low-level", can.low_level_ranges, "name one that drives the CT inputs as 'low_level_source'"),
    ):
        if not ranges:
            driver = parts.source.driver
            yield last, f"{driver} has no {name} channels, and a meter on this bench needs them; {advice}"
    if parts.nominal is None or parts.wiring is None:
        return
    point = parts.nominal.point(100.0)
    setting = Wiring.from_part(parts.wiring).source_setting(point)
    try:
        check_source(setting, can, what=f"nominal point {point.label}")
    except UsageRefused as refusal:
        yield last, f"{refusal}; choose another source, wiring or nominal"


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
    if can.phases < len(PHASE_NAMES):
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
