"""Bench files: found by name or path, ``extends`` and ``${launch.x}`` applied, refused with file and line."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from drivers.analyzer import ANALYZERS
from drivers.climate import CHAMBERS, PROBES
from drivers.counter import COUNTERS
from drivers.generator import GENERATORS
from drivers.scpi import ResourceKind, resource_kind
from drivers.source import SOURCES, CombinationRefused, SourceCapabilities, combined_capabilities
from drivers.switch import SWITCHES
from rig.bench._reference import unfit_reference, unfit_update, why_no_energy
from rig.bench.calibration_files import allow_calibration_files, with_calibration_files
from rig.bench.meter_type import MeterType, load_meter_type
from rig.bench.schema import PLACEHOLDER, SCHEMA_VERSION, BenchPart
from rig.bench.sources import capabilities_of
from rig.bench.wiring import Wiring
from rig.errors import BenchFileError, LimitExceeded, UsageRefused
from rig.load_point import LoadPoint
from rig.safety.envelopes import Narrowing
from rig.safety.limits import check_ramp, check_source
from rig.yaml_file import Location, line_of, parse_yaml, read_text, validate

SWITCH_ROLES = ("control_power", "pulse_input", "alarm_contact")
"""What may be wired to a switch unit."""

SAFETY_ROLES = ("interlock", "emergency_stop")
"""Contacts of the safety circuit that may be read at a switch unit."""

TIMED_ROLES = ("pulse_input", "control_power")
"""What a generator may work and a counter see."""

_BENCHES = "fixtures.benches"
_DRIVERS: Mapping[str, Mapping[str, object]] = {
    "source": SOURCES,
    "low_level_source": SOURCES,
    "analyzer": ANALYZERS,
    "switch": SWITCHES,
    "generator": GENERATORS,
    "counter": COUNTERS,
    "climate_probe": PROBES,
    "chamber": CHAMBERS,
}


@dataclass(frozen=True, slots=True)
class BenchFile:
    """A bench file that has been read and found good. ``path``: the file; ``sha256``: of its text and its bases'.

    ``parts`` holds the content; fields that come from the launched process are only good after ``with_endpoints``.
    Calibration files that it names are read with it, and are in ``sha256`` too.
    """

    path: Path
    sha256: str
    parts: BenchPart
    meter_types: Mapping[str, MeterType]
    _data: Any
    _lines: Mapping[Location, int]

    @property
    def name(self) -> str:
        """The bench's own name, as reports print it."""
        return self.parts.name

    @property
    def capabilities(self) -> frozenset[str]:
        """What this bench has, of ``source``, ``analyzer``, ``bus`` and ``meter``: partial benches are legal.

        Of a switch unit: ``switch``, and what is wired to it: ``control_power``, ``pulse_input``, ``alarm_contact``,
        ``interlock``, ``emergency_stop``. Where a generator times and a counter measures: ``timed_pulse_input``,
        ``timed_control_power``. Of the climate: ``climate_probe``, ``chamber``.
        """
        parts = self.parts
        present = {
            "source": parts.source is not None,
            "analyzer": parts.analyzer is not None,
            "bus": parts.bus is not None,
            "meter": parts.bus is not None and bool(parts.positions),
            "switch": parts.switch is not None,
            "climate_probe": parts.climate_probe is not None,
            "chamber": parts.chamber is not None,
        }
        for role in SWITCH_ROLES:
            present[role] = parts.switch is not None and getattr(parts.switch, role) is not None
        for role in SAFETY_ROLES:
            present[role] = parts.safety_inputs is not None and getattr(parts.safety_inputs, role) is not None
        for role in TIMED_ROLES:
            present[f"timed_{role}"] = (
                parts.generator is not None
                and parts.counter is not None
                and getattr(parts.generator.outputs, role) is not None
                and getattr(parts.counter.inputs, role) is not None
            )
        return frozenset(name for name, there in present.items() if there)

    @property
    def source_capabilities(self) -> SourceCapabilities | None:
        """What the bench's source, or its two sources together, can do; None without one."""
        return _source_capabilities(self.parts)

    @property
    def why_no_energy(self) -> str | None:
        """Why the bench's analyzer is no reference for energy registers; None where it is one, or there is none."""
        return why_no_energy(self.parts)

    @property
    def is_launched(self) -> bool:
        """Whether this bench starts a process of its own first."""
        return self.parts.launch is not None

    def launch_argv(self) -> list[str]:
        """Return the command that starts the bench's process; empty where there is none."""
        launch = self.parts.launch
        if launch is None:
            return []
        return [word.replace("${python}", sys.executable) for word in (*launch.argv, *launch.extra_argv)]

    def for_reading(self) -> BenchFile:
        """Return the bench without what is not needed to read its meters: sources, analyzer, generator, counter.

        One of them that is dead keeps nobody from reading; the switch unit stays, it may give the meter its power.
        """
        dispensable = ("source", "low_level_source", "analyzer", "generator", "counter", "climate_probe", "chamber")
        parts = dict.fromkeys(dispensable)
        data = {key: value for key, value in self._data.items() if key not in parts}
        return replace(self, parts=self.parts.model_copy(update=parts), _data=data)

    def with_endpoints(self, endpoints: Mapping[str, Any]) -> BenchFile:
        """Return the bench with every ``${launch.x}`` replaced; raises BenchFileError where one does not fit."""
        data = _substitute(self._data, endpoints, (), self.path, self._lines)
        parts = validate(self.path, data, dict(self._lines), BenchPart, context={"launched": True})
        _check_resources(self.path, self._lines, parts)
        return replace(self, parts=parts, _data=data)


def load_bench(name_or_path: str | Path) -> BenchFile:
    """Read a bench file by NAME (of those that come with the rig) or PATH; raises BenchFileError, UsageRefused."""
    path = find_bench_file(name_or_path)
    data, lines, digest = _read_with_bases(path, ())
    parts = validate(path, data, lines, BenchPart)
    _check_drivers(path, lines, parts)
    _check_resources(path, lines, parts)
    types: dict[str, MeterType] = {}
    for index, position in enumerate(parts.positions):
        if position.meter_type not in types:
            line = line_of(("positions", index, "meter_type"), lines)
            meter_type = load_meter_type(position.meter_type, relative_to=path, line=line)
            _check_rating(path, lines, parts, meter_type)
            types[position.meter_type] = _narrowed(path, lines, parts, meter_type)
    _check_injection(path, lines, parts)
    _check_reference(path, lines, parts)
    _check_ramp(path, lines, parts, types)
    if parts.launch is None:
        # Nothing can fill a placeholder in: say so now, with its line.
        _substitute(data, {}, (), path, lines)
    return BenchFile(path, digest, parts, MappingProxyType(types), data, lines)


def bench_names() -> list[str]:
    """Names of the bench files that come with the rig."""
    folder = resources.files(_BENCHES)
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a bench file, for editors that complete and check YAML."""
    schema = BenchPart.model_json_schema(by_alias=True)
    # ``extends`` is applied before the model sees the file.
    schema["properties"]["extends"] = {"type": "string", "description": "NAME or PATH of the bench file to start from"}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "S4100 rig bench file"
    allow_calibration_files(schema)
    schema["required"] = ["schema", "name"]
    return schema


def find_bench_file(name_or_path: str | Path, *, beside: Path | None = None) -> Path:
    """Return the path of a bench by NAME or PATH, ``beside`` another file; raises UsageRefused for an unknown NAME."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text:
        path = Path(text).expanduser()
        if beside is not None and not path.is_absolute():
            path = beside.parent / path
        return path.resolve()
    found = resources.files(_BENCHES) / f"{text}.yaml"
    with resources.as_file(found) as path:
        if path.is_file():
            return path.resolve()
    known = ", ".join(bench_names())
    raise UsageRefused(f"there is no bench {text!r}; known benches: {known}; a file is named by a path ending in .yaml")


def _read_with_bases(path: Path, below: tuple[Path, ...]) -> tuple[Any, dict[Location, int], str]:
    """Read a file on top of what it extends; the base is checked by itself, so later complaints are of this file."""
    text = read_text(path)
    data, lines = parse_yaml(path, text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if not isinstance(data, dict):
        raise BenchFileError(path, 1, "a bench file is a mapping of keys; see example-real-bench")
    if data.get("schema") != SCHEMA_VERSION:
        line = line_of(("schema",), lines)
        raise BenchFileError(path, line, f"'schema' must be {SCHEMA_VERSION}, not {data.get('schema')!r}")
    data, digest = with_calibration_files(path, data, lines, digest)
    base_name = data.pop("extends", None)
    if base_name is None:
        return data, lines, digest
    line = line_of(("extends",), lines)
    if not isinstance(base_name, str):
        raise BenchFileError(path, line, f"'extends' names a bench, not {base_name!r}")
    try:
        base_path = find_bench_file(base_name, beside=path)
    except UsageRefused as error:
        raise BenchFileError(path, line, str(error)) from None
    if base_path in (path, *below):
        raise BenchFileError(path, line, f"extends itself by way of {base_name!r}")
    base, _, base_digest = _read_with_bases(base_path, (path, *below))
    validate(base_path, base, parse_yaml(base_path, read_text(base_path))[1], BenchPart)
    both = hashlib.sha256(f"{base_digest}{digest}".encode()).hexdigest()
    return _merged(base, data), lines, both


def _merged(base: Any, over: Any) -> Any:  # noqa: ANN401 - whatever YAML can hold
    """Merge mappings key by key; replace anything else, lists too (null takes the base's part away)."""
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    result = dict(base)
    for key, value in over.items():
        result[key] = _merged(base[key], value) if key in base else value
    return result


def _substitute(
    data: Any,  # noqa: ANN401
    endpoints: Mapping[str, Any],
    where: Location,
    path: Path,
    lines: Mapping[Location, int],
) -> Any:  # noqa: ANN401
    if isinstance(data, dict):
        return {key: _substitute(value, endpoints, (*where, key), path, lines) for key, value in data.items()}
    if isinstance(data, list):
        return [_substitute(item, endpoints, (*where, i), path, lines) for i, item in enumerate(data)]
    if not isinstance(data, str) or "${launch" not in data:
        return data
    match = PLACEHOLDER.fullmatch(data)
    line = line_of(where, lines)
    if match is None:
        raise BenchFileError(path, line, f"{data!r} is not of the form ${{launch.name}} or ${{launch.list[0].name}}")
    if not endpoints:
        raise BenchFileError(path, line, f"{data!r} needs a 'launch' part, and there is none")
    value: Any = endpoints
    for step in match[1].replace("[", ".[").split(".")[1:]:
        try:
            value = value[int(step[1:-1])] if step.startswith("[") else value[step]
        except (KeyError, IndexError, TypeError):
            known = ", ".join(sorted(endpoints))
            raise BenchFileError(path, line, f"{data!r}: the launched process gave {known} only") from None
    return value


def _check_rating(path: Path, lines: Mapping[Location, int], parts: BenchPart, meter_type: MeterType) -> None:
    if parts.nominal and parts.nominal.rating not in meter_type.ratings:
        known = ", ".join(sorted(meter_type.ratings))
        line = line_of(("nominal", "rating"), lines)
        raise BenchFileError(
            path, line, f"meter type {meter_type.name} has ratings {known}, not {parts.nominal.rating}"
        )


def _narrowed(path: Path, lines: Mapping[Location, int], parts: BenchPart, meter_type: MeterType) -> MeterType:
    """Apply the bench's own limits; refuse those that would widen what the meter type allows."""
    if parts.limits is None or parts.nominal is None:
        return meter_type
    try:
        return meter_type.narrowed(parts.nominal.rating, Narrowing(**parts.limits.model_dump()))
    except LimitExceeded as refusal:
        raise BenchFileError(path, line_of(("limits", refusal.quantity), lines), f"limits: {refusal}") from None
    except UsageRefused as refusal:
        raise BenchFileError(path, line_of(("limits",), lines), f"limits: {refusal}") from None


def _check_ramp(path: Path, lines: Mapping[Location, int], parts: BenchPart, types: Mapping[str, MeterType]) -> None:
    """Refuse a soft start that is too fast for the meter, or not the source's, at the nominal point at least."""
    if parts.source is None or parts.nominal is None or parts.wiring is None or not parts.positions:
        return
    point = LoadPoint(parts.nominal.voltage_v, 0.0, 0.0, frequency_hz=parts.nominal.frequency_hz)
    rating = types[parts.positions[0].meter_type].ratings[parts.nominal.rating]
    try:
        check_ramp(
            Wiring.from_part(parts.wiring).terminals(point),
            parts.source.ramp_s,
            rating=rating,
            source=_source_capabilities(parts),
            what=f"nominal point {point.label}",
        )
    except UsageRefused as refusal:
        raise BenchFileError(path, line_of(("source", "ramp_s"), lines), str(refusal)) from None


def _check_drivers(path: Path, lines: Mapping[Location, int], parts: BenchPart) -> None:
    for role, known in _DRIVERS.items():
        part = getattr(parts, role)
        if part is not None and part.driver not in known:
            names = ", ".join(sorted(known))
            line = line_of((role, "driver"), lines)
            raise BenchFileError(path, line, f"there is no {role} driver {part.driver!r}; known: {names}")


def _check_resources(path: Path, lines: Mapping[Location, int], parts: BenchPart) -> None:
    """Refuse what is no VISA resource name; a driver with a link of its own (``open_link``) has names of its own."""
    for role, known in _DRIVERS.items():
        part = getattr(parts, role)
        if part is None or hasattr(known[part.driver], "open_link") or PLACEHOLDER.fullmatch(part.resource):
            continue
        try:
            kind = resource_kind(part.resource)
        except ValueError as error:
            raise BenchFileError(path, line_of((role, "resource"), lines), f"{role}.resource: {error}") from None
        if kind is not ResourceKind.SERIAL and getattr(part, "serial", None) is not None:
            message = f"{role}.serial: {part.resource} is no serial line (ASRL); take it away or correct the resource"
            raise BenchFileError(path, line_of((role, "serial"), lines), message)


def _source_capabilities(parts: BenchPart) -> SourceCapabilities | None:
    """Return what the sources of a bench can do together; raises CombinationRefused."""
    if parts.source is None:
        return None
    voltage = capabilities_of(parts.source)
    if parts.low_level_source is None:
        return voltage
    return combined_capabilities(voltage, capabilities_of(parts.low_level_source))


def _check_reference(path: Path, lines: Mapping[Location, int], parts: BenchPart) -> None:
    """Refuse an analyzer that cannot see what the bench injects: nothing on it could ever be judged."""
    if parts.analyzer is None:
        return
    can = ANALYZERS[parts.analyzer.driver].capabilities
    for key, unfit in (("driver", unfit_reference(parts, can)), ("update_s", unfit_update(parts, can))):
        if unfit is not None:
            raise BenchFileError(path, line_of(("analyzer", key), lines), unfit)


def _check_injection(path: Path, lines: Mapping[Location, int], parts: BenchPart) -> None:
    """Refuse sources that cannot inject what a meter on this bench needs, at its nominal point at least."""
    for role, part in (("source", parts.source), ("low_level_source", parts.low_level_source)):
        try:
            capabilities_of(part) if part is not None else None
        except UsageRefused as refusal:
            raise BenchFileError(path, line_of((role, "options"), lines), str(refusal)) from None
    last = "source" if parts.low_level_source is None else "low_level_source"
    line = line_of((last, "driver"), lines)
    try:
        can = _source_capabilities(parts)
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
    point = LoadPoint(parts.nominal.voltage_v, 100.0, 0.0, frequency_hz=parts.nominal.frequency_hz)
    setting = Wiring.from_part(parts.wiring).source_setting(point)
    try:
        check_source(setting, can, what=f"nominal point {point.label}")
    except (LimitExceeded, UsageRefused) as refusal:
        raise BenchFileError(path, line, f"{refusal}; choose another source, wiring or nominal") from None
