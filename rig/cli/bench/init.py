"""``rig bench init``: finds instruments, bus and meters, and writes a bench file of them; nothing is switched on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rig.bench.discovery.bus_found import FoundMeter, FoundPort, find_bus, serial_ports
from rig.bench.discovery.first_file import FirstFile, Matched, compose
from rig.bench.discovery.instruments_found import FoundInstrument, Listing, find_instruments
from rig.bench.discovery.matching import fitting_drivers
from rig.bench.lock import hold_port
from rig.cli.shared.output import echo, picked
from rig.errors import BenchBusy, UsageRefused

_INDENT = "    "


def init_bench(
    file: Path, resources: Sequence[str], ports: Sequence[str], find_the_bus: bool, force: bool, as_json: bool
) -> None:
    """Look around, write ``file``, and say what was found and what is to be filled in.

    Raises UsageRefused for a file that is there already or cannot be written, before anything is asked.
    """
    _check_free(file, force)

    def say(line: str) -> None:
        echo(line, err=as_json)

    listings, matched = _instruments(resources, say)
    found_ports = _ports(ports, find_the_bus, say)
    made = compose(file.stem, matched, found_ports)
    _write(file, made, force)
    if as_json:
        echo(json.dumps(_as_object(file, listings, matched, found_ports, made), indent=2))
        return
    _tell(file, made)


def _check_free(file: Path, force: bool) -> None:
    if file.suffix not in (".yaml", ".yml"):
        raise UsageRefused(f"{file}: a bench file's name ends in .yaml; name it {file.with_suffix('.yaml')}")
    if file.exists() and not force:
        raise UsageRefused(f"{file} exists and is not overwritten; name another file, or say --force")
    if not file.absolute().parent.is_dir():
        raise UsageRefused(f"{file.parent} is no folder; make it first, or name another file")


def _write(file: Path, made: FirstFile, force: bool) -> None:
    try:
        with file.open("w" if force else "x", encoding="utf-8") as stream:
            stream.write(made.text)
    except FileExistsError:
        raise UsageRefused(f"{file} has appeared meanwhile and is not overwritten; say --force") from None
    except OSError as error:
        raise UsageRefused(f"{file} cannot be written ({error.strerror}); name another file") from None


def _instruments(resources: Sequence[str], say: Any) -> tuple[tuple[Listing, ...], tuple[Matched, ...]]:
    say("instruments: asking everything that VISA lists for *IDN?, and nothing else ...")
    matched: list[Matched] = []

    def told(found: FoundInstrument) -> None:
        one = Matched(found, fitting_drivers(found.identity) if found.identity else ())
        matched.append(one)
        say(f"  {found.resource}")
        say(f"{_INDENT}{found.identity or f'no identity: {found.trouble}'}")
        if one.fits:
            say(f"{_INDENT}fits {', '.join(f'{fit.role}: {fit.driver}' for fit in one.fits)}")
        elif found.identity:
            say(f"{_INDENT}no driver fits it; it is left out")

    listings, found = find_instruments(resources, told)
    for listing in listings:
        if listing.trouble:
            say(f"  VISA library {listing.visa_library}: {listing.trouble}")
    if not found:
        libraries = ", ".join(listing.visa_library for listing in listings)
        say(f"  none is listed (VISA libraries: {libraries})")
    if all(listing.visa_library != "@ivi" for listing in listings):
        say("  GPIB and USB instruments are best reached through a vendor's VISA library; none is installed")
    say("  instruments on raw sockets are never listed: name them, --resource TCPIP0::192.168.1.20::5025::SOCKET")
    return listings, tuple(matched)


def _ports(named: Sequence[str], find_the_bus: bool, say: Any) -> tuple[FoundPort, ...]:
    if not find_the_bus:
        return ()
    known = serial_ports()
    to_try = [(port, dict(known).get(port, "")) for port in named] or list(known)
    say(f"bus: listening at {'the ports named' if named else 'every serial port'} ...")
    if not to_try:
        say("  this machine has no serial port; plug the RS-485 adapter in, or name a port with --port")
    found: list[FoundPort] = []
    for device, description in to_try:
        try:
            with hold_port(device):
                port = find_bus(device, description, may_talk=bool(named), report=lambda line: say(f"{_INDENT}{line}"))
        except BenchBusy as busy:
            port = FoundPort(device, description, f"in use by {busy.holder}", "the port was left out")
        found.append(port)
        say(f"  {device}{f' ({description})' if description else ''}: {port.said}")
        if port.advice:
            say(f"{_INDENT}{port.advice}")
    return tuple(found)


def _tell(file: Path, made: FirstFile) -> None:
    echo(f"written: {file} ({', '.join(part.replace('_', ' ') for part in made.parts)})")
    for left in made.left_out:
        echo(f"  left out: {left}")
    if made.to_fill_in:
        echo("what only you know, to be filled in before anything is switched on:")
    for number, what in made.to_fill_in:
        echo(f"  {file}:{number}: {what}")
    echo("next:")
    echo(f"  rig bench check {file}")
    if "meter" in made.parts:
        echo(f"  rig snapshot --bench {file}")


def _as_object(
    file: Path,
    listings: Sequence[Listing],
    matched: Sequence[Matched],
    ports: Sequence[FoundPort],
    made: FirstFile,
) -> dict[str, Any]:
    return {
        "file": str(file),
        "parts": list(made.parts),
        "left_out": list(made.left_out),
        "to_fill_in": [{"line": number, "what": what} for number, what in made.to_fill_in],
        "visa_libraries": [{"name": one.visa_library, "trouble": one.trouble or None} for one in listings],
        "instruments": [
            picked(one.instrument, "resource", "visa_library", "identity", "trouble", or_null="trouble")
            | {"fits": [picked(fit, "role", "driver") for fit in one.fits]}
            for one in matched
        ],
        "ports": [
            picked(port, "device", "description", "said", "advice", "baud", or_null="advice")
            | {
                "meters": [_meter_object(meter) for meter in port.meters],
                "other_devices": [{"mac": o.address, "device_instance": o.device_instance} for o in port.others],
            }
            for port in ports
        ],
    }


def _meter_object(meter: FoundMeter) -> dict[str, Any]:
    identity = meter.identity
    return {
        "mac": meter.mac,
        "device_instance": identity.device_instance,
        "serial_number": identity.serial_number,
        "name": identity.object_name,
        "firmware": identity.firmware_revision,
    }
