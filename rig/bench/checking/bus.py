"""Check the bus of a bench: port, baud rate, adapter, and the meter of each position; reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from drivers.errors import RigError
from drivers.meter.bus import MeterBus
from drivers.mstp.listener import BusListener
from drivers.mstp.wire.adapter import latency_advice
from rig.bench.as_found import AsFound
from rig.bench.checking.findings import CheckedPart, Level, PartFinding
from rig.bench.config.files import BenchFile
from rig.bench.discovery.bus_found import find_bus
from rig.bench.meters import find_meter
from rig.bench.positions.buses import open_bus
from rig.bench.schema.bench import BusPart, PositionPart
from rig.bench.wiring import Wiring
from rig.errors import BenchFault, UsageRefused

_WHO_IS_S = 2.0
_CT_PRIMARY, _CT_SECONDARY, _PT_RATIO = 3, 4, 5


def check_bus(file: BenchFile) -> Iterator[CheckedPart]:
    """Look at each bus, then for the meters of its positions; the others are looked for where one is missing."""
    parts = file.parts

    def check(part: BusPart) -> tuple[CheckedPart, ...]:
        return _check_one(file, part, [position for position in parts.positions if parts.bus_of(position) == part])

    with ThreadPoolExecutor(len(parts.buses)) as pool:
        for checked in pool.map(check, parts.buses):
            yield from checked


def _check_one(file: BenchFile, part: BusPart, positions: Sequence[PositionPart]) -> tuple[CheckedPart, ...]:
    label = "bus" if len(file.parts.buses) < 2 else f"bus of {', '.join(position.name for position in positions)}"
    with ExitStack() as stack:
        try:
            bus = open_bus(file, part, _nobody_watches, stack)
        except RigError as error:
            fault = PartFinding(Level.FAULT, _bare(error), _why_not(file, part, error))
            not_asked = (PartFinding(Level.NOTE, "not looked for: there is no bus to look on"),)
            meters = [CheckedPart(f"meter at {one.name}", "", "", not_asked, "meter") for one in positions]
            return (CheckedPart(label, part.port, "", (fault,)), *meters)
        meters = [_meter(file, position, bus) for position in positions]
        is_lonely = all(meter.level is Level.FAULT for meter in meters)
        findings = _bus(part, bus, positions, is_lonely=is_lonely)
    if meters and all(meter.level is Level.FAULT and not meter.identity for meter in meters):
        # The port is free again: look whether the bus is there at another rate.
        advice = _other_rate(part)
        findings += [advice] if advice else []
    return (CheckedPart(label, part.port, "", tuple(findings)), *meters)


def _bus(part: BusPart, bus: MeterBus, positions: Sequence[PositionPart], *, is_lonely: bool) -> list[PartFinding]:
    findings = [PartFinding(Level.OK, f"{part.baud} baud; the rig is MAC {part.mac}")]
    if (slow := latency_advice(part.port)) is not None:
        findings.append(PartFinding(Level.WARNING, slow.what, slow.how))
    findings += _listen_port(part)
    known = {position.mac for position in positions}
    instances = {position.device_instance for position in positions}
    try:
        others = [one for one in bus.who_is(timeout_s=_WHO_IS_S) if one.address not in known]
        others = [one for one in others if one.device_instance not in instances]
        port = bus.statistics().port
    except RigError as error:
        findings.append(PartFinding(Level.FAULT, str(error), "check the adapter and its cable"))
        return findings
    for one in others:
        what = f"MAC {one.address}: device {one.device_instance} is on the bus and at no position"
        findings.append(PartFinding(Level.NOTE, what, "give it a position if it is a meter under test"))
    if port.duplicate_address:
        advice = "give the rig another address, 'bus: mac'; or set 'bus: echo: on' if the adapter hears what it sends"
        findings.append(PartFinding(Level.FAULT, f"another station sends from MAC {part.mac}, the rig's own", advice))
    if not positions:
        what, advice = "no position in the bench file: no meter is looked for", "give 'positions' to read meters"
        findings.append(PartFinding(Level.NOTE, what, advice))
    elif is_lonely and not others and port.octets_received == 0:
        advice = "check that the meter has control power, and both RS-485 wires"
        findings.append(PartFinding(Level.FAULT, "not one octet was received", advice))
    return findings


def _listen_port(part: BusPart) -> list[PartFinding]:
    """Open the second adapter, which is only ever listened to."""
    if part.listen_port is None:
        return []
    try:
        with BusListener(part.listen_port, part.baud):
            return [PartFinding(Level.OK, f"{part.listen_port} can be listened to beside a run")]
    except RigError as error:
        advice = "correct 'bus: listen_port', or take it out: it is for 'rig bus watch' beside a run only"
        return [PartFinding(Level.WARNING, str(error), advice)]


def _meter(file: BenchFile, part: PositionPart, bus: MeterBus) -> CheckedPart:
    where = f"MAC {part.mac}" if part.mac is not None else f"device {part.device_instance}"
    label = f"meter at {part.name}"
    try:
        position = find_meter(file, part, bus, bus.pause)
        configuration = position.meter.read_configuration()
    except BenchFault as fault:
        return CheckedPart(label, where, "", (PartFinding(Level.FAULT, fault.what, fault.advice),), "meter")
    except RigError as error:
        advice = "look at the bus: rig bus check"
        return CheckedPart(label, where, "", (PartFinding(Level.FAULT, str(error), advice),), "meter")
    identity = position.identity
    said = f"{identity.object_name} (device {identity.device_instance}, firmware {identity.firmware_revision})"
    findings = [PartFinding(Level.OK, f"answers at MAC {position.mac}")]
    if position.meter_type.reviewed_behaviour(identity.firmware_revision) is None:
        what = f"meter type {part.meter_type} has no reviewed behaviour for firmware {identity.firmware_revision}"
        findings.append(PartFinding(Level.NOTE, what, "questions about ambiguous behaviour are not asked of it"))
    if file.parts.wiring is not None:
        set_to = (configuration[_CT_PRIMARY], round(configuration[_CT_SECONDARY]), configuration[_PT_RATIO])
        try:
            Wiring.from_part(file.parts.wiring).check_transducers(*set_to)
        except UsageRefused as refusal:
            findings.append(PartFinding(Level.FAULT, refusal.what, refusal.advice))
        else:
            findings.append(PartFinding(Level.OK, "its CT and PT settings are those of the wiring"))
    for each in AsFound.of(identity).forget(configuration):
        what = f"{each.text} by a run that did not put it back"
        findings.append(PartFinding(Level.WARNING, what, "'rig restore' puts it back"))
    return CheckedPart(label, where, said, tuple(findings), "meter")


def _why_not(file: BenchFile, part: BusPart, error: RigError) -> str:
    """Advice for a port that could not be opened, or on which the rig did not get the token."""
    if isinstance(error, BenchFault):  # says what to do itself
        return f"see 'bus: port' in {file.path.name}; 'rig bench init' lists what there is"
    other = _other_rate(part)
    return other.advice if other else "look at the bus: rig bus check"


def _other_rate(part: BusPart) -> PartFinding | None:
    """Listen at every baud rate; say where good frames come, if it is elsewhere than the bench file says."""
    heard = find_bus(part.port)
    if heard.baud is None or heard.baud == part.baud:
        return None
    return PartFinding(Level.FAULT, f"good frames come at {heard.baud} baud", f"set 'bus: baud: {heard.baud}'")


def _bare(error: RigError) -> str:
    """What is wrong, without the port, which the line begins with."""
    cause = error.__cause__ if isinstance(error, BenchFault) else error
    return str(getattr(cause, "reason", error))


def _nobody_watches() -> None:
    """No guardian is armed while a bench is looked at."""
