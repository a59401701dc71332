"""Write a bench file from what was found; values that only a person knows are marked FILL IN."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from drivers.instrument import Identity
from drivers.source import SOURCES
from rig.bench.config.files import load_bench
from rig.bench.discovery.bus_found import HIGHEST_MASTER, FoundMeter, FoundPort
from rig.bench.discovery.instruments_found import FoundInstrument
from rig.bench.discovery.matching import Fit
from rig.bench.schema.bench import NominalPart
from rig.errors import BenchFault, BenchFileError
from rig.files.yaml_types import LONGEST_NAME

MARK = "FILL IN"
"""Stands in the file where a person has to look; every such line is listed by ``rig bench init``."""

_SYSTEM_TYPES = get_args(NominalPart.model_fields["system_type"].annotation)
_CT_OF_AV4 = {1: "1", 3: "0.333"}


@dataclass(frozen=True, slots=True)
class Matched:
    """An instrument that answered, and the drivers that fit it (none: it is left out of the file)."""

    instrument: FoundInstrument
    fits: tuple[Fit, ...]

    @property
    def serial_number(self) -> str:
        """The serial number that it gave, as its driver reads it; "?" where its answer has none."""
        if self.fits and self.fits[0].serial_number:
            return self.fits[0].serial_number
        try:
            return Identity.from_idn(self.instrument.identity or "").serial_number or "?"
        except ValueError:
            return "?"


@dataclass(frozen=True, slots=True)
class FirstFile:
    """The text of a bench file that loads; ``parts`` in it, and in ``left_out`` what is not, each with why."""

    text: str
    parts: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def to_fill_in(self) -> tuple[tuple[int, str], ...]:
        """Line numbers, from 1, of what a person has to look at, and what is said there, its part first."""
        found = []
        part = ""
        for number, line in enumerate(self.text.splitlines(), start=1):
            if line[:1].isalpha():
                part = line.partition(":")[0]
            what = line.partition(f"{MARK}: ")[2]
            if what:
                found.append((number, f"{part}: {what}" if line[:1] == " " else what))
        return tuple(found)


def compose(name: str, matched: Sequence[Matched], ports: Sequence[FoundPort]) -> FirstFile:
    """Write a bench file named ``name``, and have it loaded; raises BenchFault where nothing that was found fits it.

    One instrument for each part: the first that fits; the others are named in ``left_out``. Where the sources alone
    cannot drive a meter (no low-level channels, no phase lock) they are left out, with the sentence that says so.
    Values that decide over what is put on the meter's terminals are harmless ones until a person fills them in.
    """
    bus = next((port for port in ports if port.meters), next((port for port in ports if port.is_bus), None))
    chosen, left_out = _choose(matched)
    left_out += [f"{port.device}: a second bus" for port in ports if port.is_bus and port is not bus]
    if not chosen and bus is None:
        raise BenchFault(
            "nothing was found that a bench file could be made of; switch the instruments on, name those that cannot "
            "be discovered with --resource, and the RS-485 adapter with --port"
        )
    first = _text(name, chosen, bus)
    refusal = _refusal(first)
    if refusal is not None:
        for role in ("source", "low_level_source"):
            if (one := chosen.pop(role, None)) is not None:
                left_out.append(f"{one.instrument.resource} ({one.fits[0].driver}): {refusal}")
        first = _text(name, chosen, bus)
        if not chosen and bus is None:
            raise BenchFault(f"nothing is left for a bench file: {refusal}")
        if (refusal := _refusal(first)) is not None:
            raise BenchFault(f"the bench file that was made is refused: {refusal}")
    parts = (*chosen, *(("bus",) if bus else ()), *(("meter",) if bus and bus.meters else ()))
    return FirstFile(first, parts, tuple(left_out))


def _choose(matched: Sequence[Matched]) -> tuple[dict[str, Matched], list[str]]:
    chosen: dict[str, Matched] = {}
    left_out: list[str] = []
    for one in matched:
        if not one.fits:
            continue
        role = one.fits[0].role
        if role == "source" and not SOURCES[one.fits[0].driver].capabilities.voltage_ranges:
            role = "low_level_source"
        if role in chosen:
            left_out.append(f"{one.instrument.resource}: a second {role.replace('_', ' ')}")
        else:
            chosen[role] = one
    if "low_level_source" in chosen and "source" not in chosen:
        lonely = chosen.pop("low_level_source")
        left_out.append(
            f"{lonely.instrument.resource}: drives CT inputs only, and no source for the voltages was found"
        )
    return chosen, left_out


def _refusal(text: str) -> str | None:
    """Load ``text`` as a bench file; returns why it is refused, without the place, or None."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            load_bench(path)
        except BenchFileError as error:
            return error.message
    return None


def _text(name: str, chosen: Mapping[str, Matched], bus: FoundPort | None) -> str:
    meters = bus.meters if bus else ()
    blocks = [_HEAD.format(mark=MARK, name=_quoted(_comment(name)[:LONGEST_NAME]))]
    blocks += [_block(role, chosen[role]) for role in _BLOCKS if role in chosen]
    if bus is not None:
        blocks.append(_BUS.format(port=_quoted(bus.device), bus=bus, highest=HIGHEST_MASTER))
    blocks.append(_positions(meters, "source" in chosen))
    if "source" in chosen:
        blocks.append(_wiring(meters[0] if meters else None))
    return "\n".join(block for block in blocks if block)


def _block(role: str, one: Matched) -> str:
    others = ", ".join(f"{fit.role}: {fit.driver}" for fit in one.fits[1:])
    return _BLOCKS[role].format(
        mark=MARK,
        instrument=_INSTRUMENT.format(
            answer=_comment(one.instrument.identity or ""),
            driver=one.fits[0].driver,
            others=f"   # {MARK}: it fits {others} too" if others else "",
            resource=_quoted(one.instrument.resource),
            library=one.instrument.visa_library,
        ),
        calibration=_CALIBRATION.format(mark=MARK, serial=_quoted(one.serial_number)),
    )


def _quoted(text: str) -> str:
    """Write any text as YAML in double quotes."""
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text) + '"'


def _comment(text: str) -> str:
    """Make one line of what an instrument or a device said: it may have said anything."""
    return "".join(c if c.isprintable() else "?" for c in text)[:200]


def _positions(meters: Sequence[FoundMeter], has_source: bool) -> str:
    if not meters:
        return _NO_POSITION.format(mark=MARK) if has_source else ""
    text = "positions:\n"
    for number, meter in enumerate(meters, start=1):
        said = meter.identity
        text += (
            f"  # {_comment(said.object_name)}, device {said.device_instance}, firmware "
            f"{_comment(said.firmware_revision)}\n"
            f'  - {{name: "{number}", mac: {meter.mac}, meter_type: s4100}}\n'
        )
    return text


def _wiring(meter: FoundMeter | None) -> str:
    found = meter.configuration if meter else {}
    system_type = round(found.get(2, 40.0))
    system_type = system_type if system_type in _SYSTEM_TYPES else 40
    return _WIRING.format(
        mark=MARK,
        as_set=", as the meter is set now (AV3, AV4)" if meter and found else "",
        primary_a=found.get(3, 100.0),
        secondary_v=_CT_OF_AV4.get(round(found.get(4, 0.0)), "1"),
        pt_ratio=found.get(5, 1.0),
        said=f" (the meter's AV6: {found[6]:g} V)" if 6 in found else "",
        av6_v=_HARMLESS_AV6_V[system_type],
        system_type=system_type,
    )


_HARMLESS_AV6_V = {10: 120, 11: 208, 12: 240, 31: 208, 40: 208}
"""AV6 of each system type where the meter is given 120 V line to neutral."""

_HEAD = """\
# Made by 'rig bench init' from what it found. Lines with "{mark}" need you; until then they hold harmless values.
# Every key: docs/how-to/set-up-a-real-bench.md and fixtures/benches/example-real-bench.yaml
schema: 1
name: {name}
description: ""

clock:
  kind: wall
"""
_INSTRUMENT = """\
  # {answer}
  driver: {driver}{others}
  resource: {resource}
  visa_library: "{library}"
"""
_CALIBRATION = """\
  # {mark}: its calibration, from the certificate; without it reports say "calibration not recorded"
  # calibration: {{serial: {serial}, certificate: C-1, date: 2026-01-31, due: 2027-01-31}}
"""
_BLOCKS = {
    "source": "source:\n{instrument}  ramp_s: 5   # soft start and stop of the voltage\n{calibration}",
    "low_level_source": "# drives the CT inputs\nlow_level_source:\n{instrument}{calibration}",
    "analyzer": """analyzer:
{instrument}  # {mark}: accuracy from the certificate: percent of reading, percent of range; the angle in degrees.
  # These are so coarse that a certification is refused (rig plan says why).
  accuracy:
    voltage: {{reading_pct: 1.0, range_pct: 1.0}}
    current: {{reading_pct: 1.0, range_pct: 1.0}}
    power: {{reading_pct: 1.0, range_pct: 1.0}}
    phase: {{fixed_deg: 1.0}}
{calibration}""",
    "switch": """switch:
{instrument}  # {mark}: what is wired to it, by slot and channel; what is left out is not wired
  # control_power: {{channel: 201, on_when: open}}
  # pulse_input: {{channel: 211}}
  # alarm_contact: {{channel: 101, method: resistance}}
""",
    "generator": """generator:
{instrument}  outputs: {{}}   # {mark}: what its outputs drive, such as {{pulse_input: 1, control_power: 2}}
""",
    "counter": """counter:
{instrument}  inputs: {{}}   # {mark}: what its inputs see, such as {{pulse_input: {{channel: 1, active: high}}}}
""",
    "climate_probe": """climate_probe:
{instrument}  channel: 1   # {mark}: which of its sensors is beside the meter
{calibration}""",
}
_BUS = """\
bus:
  port: {port}
  baud: {bus.baud}
  mac: {bus.own_mac}   # the rig's own address: no other station on this bus has it
  max_master: {highest}   # highest address ever polled; lower is faster on a bench with few meters
"""
_NO_POSITION = """\
# {mark}: the meter that the source is connected to; nothing is ever switched on without it
# positions:
#   - {{name: "1", mac: 1, meter_type: s4100}}
"""
_WIRING = """\
wiring:
  # {mark}: volts at the source for one volt at the meter, with the meter connected; 1 is no divider
  current_divider: {{ratio: 1.0, phase_deg: 0.0}}
  voltage: {{ratio: 1.0, phase_deg: 0.0}}
  # {mark}: the transducer that is simulated{as_set}; secondary_v is 1 or 0.333
  ct: {{primary_a: {primary_a:.9g}, secondary_v: {secondary_v}}}
  pt_ratio: {pt_ratio:.9g}

nominal:
  # {mark}: the system the meter is used in: volts line to neutral, line to line{said}
  voltage_v: 120
  system_voltage_v: {av6_v}
  frequency_hz: 60
  system_type: {system_type}
  rating: CE   # {mark}: the meter's rating: CE is 300 V line to neutral at most, UL 347 V
"""
