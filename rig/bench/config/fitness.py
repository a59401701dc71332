"""Check that the parts of a bench file fit together and fit the meter; refuse others with file and line."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from drivers.analyzer import ANALYZERS
from drivers.climate import CHAMBERS, PROBES
from drivers.counter import COUNTERS
from drivers.errors import SettingOutOfRange
from drivers.generator import GENERATORS
from drivers.scpi import ResourceKind, resource_kind
from drivers.source import SOURCES, CombinationRefused, SourceCapabilities, combined_capabilities
from drivers.switch import RELAY_LINES, SWITCHES
from rig.bench.config.meter_type import MeterType
from rig.bench.config.reference_fitness import unfit_reference, unfit_update
from rig.bench.schema.bench import PLACEHOLDER, BenchPart
from rig.bench.sources import capabilities_of
from rig.bench.wiring import Wiring
from rig.errors import BenchFileError, LimitExceeded, UsageRefused
from rig.files.yaml_file import Location, dotted, line_of
from rig.safety.contactor.recipe import SOCKET_RESOURCE
from rig.safety.envelopes import Narrowing
from rig.safety.limits import check_ramp, check_source

DRIVERS: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "source": SOURCES,
    "low_level_source": SOURCES,
    "analyzer": ANALYZERS,
    "switch": SWITCHES,
    "generator": GENERATORS,
    "counter": COUNTERS,
    "climate_probe": PROBES,
    "chamber": CHAMBERS,
}
"""Driver classes by the part of a bench file that names them."""

INSTRUMENT_ROLES = tuple(DRIVERS)
"""The parts of a bench file that name an instrument, in the order in which they are opened."""


_FIT_PCT = 10.0
"""How far a nominal voltage may be from what the system voltage gives: rounded names such as 277/480 are within 1 %."""

_LN_DIVISORS = {10: (1.0,), 11: (2.0, math.sqrt(3.0)), 12: (2.0,), 31: (math.sqrt(3.0),), 40: (math.sqrt(3.0),)}
"""System voltage (AV6) over volts line to neutral, by system type; those of type 11 are 180 or 120 degrees apart."""


def check_addresses(path: Path, lines: Mapping[Location, int], parts: BenchPart) -> None:
    """Refuse two stations with one address: positions that share a MAC or a device instance, or the rig's own MAC.

    Addresses that the launched process gives are looked at once they are known.
    """
    for key, what in (("mac", "MAC"), ("device_instance", "device instance")):
        first: dict[int, str] = {}
        for index, position in enumerate(parts.positions):
            value = getattr(position, key)
            if not isinstance(value, int):
                continue
            where = ("positions", index, key)
            if value in first:
                message = f"positions {first[value]} and {position.name} have the same {what}, {value}; correct one"
                raise BenchFileError(path, line_of(where, lines), f"{dotted(where)}: {message}")
            first[value] = position.name
            if key == "mac" and parts.bus is not None and parts.bus.mac == value:
                own = ("bus", "mac") if ("bus", "mac") in lines else where
                message = f"the rig and position {position.name} have the same MAC, {value}; give the rig another one"
                raise BenchFileError(path, line_of(own, lines), f"{dotted(own)}: {message}")


def check_nominal(path: Path, lines: Mapping[Location, int], parts: BenchPart) -> None:
    """Refuse a nominal voltage line to neutral that the system voltage (AV6) does not give in this system type."""
    nominal = parts.nominal
    if nominal is None:
        return
    fitting = [nominal.system_voltage_v / divisor for divisor in _LN_DIVISORS[nominal.system_type]]
    if any(abs(nominal.voltage_v - volts) <= volts * _FIT_PCT / 100.0 for volts in fitting):
        return
    expected = " or ".join(f"{volts:.4g}" for volts in fitting)
    where = ("nominal", "voltage_v") if ("nominal", "voltage_v") in lines else ("nominal", "system_voltage_v")
    raise BenchFileError(
        path,
        line_of(where, lines),
        f"{dotted(where)}: {nominal.voltage_v:g} V line to neutral does not fit system_voltage_v "
        f"{nominal.system_voltage_v:g} in system type {nominal.system_type}, which is {expected} V line to neutral; "
        "correct one of them",
    )


def check_rating(path: Path, lines: Mapping[Location, int], parts: BenchPart, meter_type: MeterType) -> None:
    """Refuse a nominal rating that the meter type does not have; raises BenchFileInvalid."""
    if parts.nominal and parts.nominal.rating not in meter_type.ratings:
        known = ", ".join(sorted(meter_type.ratings))
        line = line_of(("nominal", "rating"), lines)
        raise BenchFileError(
            path, line, f"meter type {meter_type.name} has ratings {known}, not {parts.nominal.rating}"
        )


def narrowed(path: Path, lines: Mapping[Location, int], parts: BenchPart, meter_type: MeterType) -> MeterType:
    """Apply the bench's own limits; refuse those that would widen what the meter type allows."""
    if parts.limits is None or parts.nominal is None:
        return meter_type
    try:
        return meter_type.narrowed(parts.nominal.rating, Narrowing(**parts.limits.model_dump()))
    except LimitExceeded as refusal:
        raise BenchFileError(path, line_of(("limits", refusal.quantity), lines), f"limits: {refusal}") from None
    except UsageRefused as refusal:
        raise BenchFileError(path, line_of(("limits",), lines), f"limits: {refusal}") from None


def check_soft_start(
    path: Path, lines: Mapping[Location, int], parts: BenchPart, types: Mapping[str, MeterType]
) -> None:
    """Refuse a soft start that is too fast for the meter, or not the source's, at the nominal point at least."""
    if parts.source is None or parts.nominal is None or parts.wiring is None or not parts.positions:
        return
    point = parts.nominal.point(0.0)
    rating = types[parts.positions[0].meter_type].ratings[parts.nominal.rating]
    try:
        check_ramp(
            Wiring.from_part(parts.wiring).terminals(point),
            parts.source.ramp_s,
            rating=rating,
            source=source_capabilities(parts),
            what=f"nominal point {point.label}",
        )
    except UsageRefused as refusal:
        raise BenchFileError(path, line_of(("source", "ramp_s"), lines), str(refusal)) from None


def check_drivers(path: Path, lines: Mapping[Location, int], parts: BenchPart) -> None:
    """Refuse a nominal part whose rating the meter type does not have."""
    for role, known in DRIVERS.items():
        part = getattr(parts, role)
        if part is not None and part.driver not in known:
            names = ", ".join(sorted(known))
            line = line_of((role, "driver"), lines)
            raise BenchFileError(path, line, f"there is no {role} driver {part.driver!r}; known: {names}")


def check_resources(path: Path, lines: Mapping[Location, int], parts: BenchPart) -> None:
    """Refuse what is no VISA resource name; a driver with a link of its own (``open_link``) has names of its own."""
    for role, known in DRIVERS.items():
        part = getattr(parts, role)
        if part is None:
            continue
        has_link = hasattr(known[part.driver], "open_link")
        if has_link and part.serial is not None:
            message = f"{role}.serial: {part.driver} sets its line by itself; take it away"
            raise BenchFileError(path, line_of((role, "serial"), lines), message)
        if has_link or PLACEHOLDER.fullmatch(part.resource):
            continue
        try:
            kind = resource_kind(part.resource)
        except ValueError as error:
            raise BenchFileError(path, line_of((role, "resource"), lines), f"{role}.resource: {error}") from None
        if kind is not ResourceKind.SERIAL and part.serial is not None:
            message = f"{role}.serial: {part.resource} is no serial line (ASRL); take it away or correct the resource"
            raise BenchFileError(path, line_of((role, "serial"), lines), message)


def check_contactor(path: Path, lines: Mapping[Location, int], parts: BenchPart) -> None:
    """Refuse a contactor that the guardian could not hold: its switch unit lets in one user, or has no such relay."""
    switch = parts.switch
    if switch is None or switch.contactor is None:
        return
    for key in ("channel", "pulse_channel"):
        try:
            RELAY_LINES[switch.driver](getattr(switch.contactor, key))
        except SettingOutOfRange as error:
            where = line_of(("switch", "contactor", key), lines)
            raise BenchFileError(path, where, f"switch.contactor.{key}: {error}") from None
    if not PLACEHOLDER.search(switch.resource) and not SOCKET_RESOURCE.match(switch.resource):
        raise BenchFileError(
            path,
            line_of(("switch", "resource"), lines),
            f"switch.contactor: its switch unit is {switch.resource}, and the guardian needs a connection of its own; "
            "reach it by a socket such as TCPIP0::192.168.1.30::5025::SOCKET, or say contactor: null",
        )


def source_capabilities(parts: BenchPart) -> SourceCapabilities | None:
    """Return what the sources of a bench can do together; raises CombinationRefused."""
    if parts.source is None:
        return None
    voltage = capabilities_of(parts.source)
    if parts.low_level_source is None:
        return voltage
    return combined_capabilities(voltage, capabilities_of(parts.low_level_source))


def check_reference(path: Path, lines: Mapping[Location, int], parts: BenchPart) -> None:
    """Refuse an analyzer that cannot see what the bench injects: nothing on it could ever be judged."""
    if parts.analyzer is None:
        return
    can = ANALYZERS[parts.analyzer.driver].capabilities
    for key, unfit in (("driver", unfit_reference(parts, can)), ("update_s", unfit_update(parts, can))):
        if unfit is not None:
            raise BenchFileError(path, line_of(("analyzer", key), lines), unfit)


def check_injection(path: Path, lines: Mapping[Location, int], parts: BenchPart) -> None:
    """Refuse sources that cannot inject what a meter on this bench needs, at its nominal point at least."""
    for role, part in (("source", parts.source), ("low_level_source", parts.low_level_source)):
        try:
            capabilities_of(part) if part is not None else None
        except UsageRefused as refusal:
            raise BenchFileError(path, line_of((role, "options"), lines), str(refusal)) from None
    last = "source" if parts.low_level_source is None else "low_level_source"
    line = line_of((last, "driver"), lines)
    try:
        can = source_capabilities(parts)
    except CombinationRefused as refusal:
        raise BenchFileError(path, line, str(refusal)) from None
    if can is None or not parts.positions:
        return
    gives_amperes = parts.wiring is not None and parts.wiring.current_loop is not None
    for name, ranges, advice in (
        ("voltage", can.voltage_ranges, "name a source that has as 'source'"),
        ("current", can.current_ranges, "name a source that gives amperes, or take 'current_loop' away")
        if gives_amperes
        else ("low-level", can.low_level_ranges, "name one that drives the CT inputs as 'low_level_source'"),
    ):
        if not ranges:
            assert parts.source is not None
            message = f"{parts.source.driver} has no {name} channels, and a meter on this bench needs them; {advice}"
            raise BenchFileError(path, line, message)
    if parts.nominal is None or parts.wiring is None:
        return
    point = parts.nominal.point(100.0)
    setting = Wiring.from_part(parts.wiring).source_setting(point)
    try:
        check_source(setting, can, what=f"nominal point {point.label}")
    except (LimitExceeded, UsageRefused) as refusal:
        raise BenchFileError(path, line, f"{refusal}; choose another source, wiring or nominal") from None
