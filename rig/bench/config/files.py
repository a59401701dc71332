"""Bench files: found by name or path, ``extends`` and ``${launch.x}`` applied, refused with file and line."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from drivers.source.base import SourceCapabilities
from rig.bench.config import fitness as _fitness
from rig.bench.config.calibration_files import allow_calibration_files, with_calibration_files
from rig.bench.config.finding import find_bench_file
from rig.bench.config.meter_type import MeterType, load_meter_type
from rig.bench.schema.bench import PLACEHOLDER, SCHEMA_VERSION, BenchPart, CtPart, NominalPart, bus_data
from rig.errors import BenchFileError, UsageRefused
from rig.files.yaml_file import Location, line_of, parse_yaml, read_text, validate

SWITCH_ROLES = ("control_power", "pulse_input", "alarm_contact")
"""What may be wired to a switch unit."""

SAFETY_ROLES = ("interlock", "emergency_stop")
"""Contacts of the safety circuit that may be read at a switch unit."""

TIMED_ROLES = ("pulse_input", "control_power")
"""What a generator may work and a counter see."""

_MOST_BASES = 10


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
        outputs = parts.generator and parts.generator.outputs
        inputs = parts.counter and parts.counter.inputs
        has = {name: getattr(parts, name) for name in ("source", "analyzer", "switch", "climate_probe", "chamber")}
        has["bus"] = parts.buses or None
        has["meter"] = parts.buses or None if parts.positions else None
        has |= {role: getattr(parts.switch, role, None) for role in SWITCH_ROLES}
        has |= {role: getattr(parts.safety_inputs, role, None) for role in SAFETY_ROLES}
        for role in TIMED_ROLES:
            is_given = getattr(outputs, role, None) is not None
            has[f"timed_{role}"] = getattr(inputs, role, None) if is_given else None
        return frozenset(name for name, part in has.items() if part is not None)

    @property
    def source_capabilities(self) -> SourceCapabilities | None:
        """What the bench's source, or its two sources together, can do; None without one."""
        return _fitness.source_capabilities(self.parts)

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

        A dead one of these does not prevent reading; the switch unit stays, it may give the meter its power.
        """
        dispensable = ("source", "low_level_source", "analyzer", "generator", "counter", "climate_probe", "chamber")
        return self.without(*dispensable)

    def without(self, *keys: str) -> BenchFile:
        """Return the bench as if its file did not have these keys."""
        parts = dict.fromkeys(keys)
        data = {key: value for key, value in self._data.items() if key not in parts}
        return replace(self, parts=self.parts.model_copy(update=parts), _data=data)

    def at_position(self, name: str) -> BenchFile:
        """Return the bench with the one position of this name; positions that share its source stay unread.

        Its bus, where it has one of its own, is then the bench's.
        """
        chosen = tuple(position for position in self.parts.positions if position.name == name)
        data = {**self._data, "positions": [one for one in self._data["positions"] if str(one["name"]) == name]}
        bus = self.parts.bus_of(chosen[0]) if chosen else self.parts.bus
        if bus is not self.parts.bus:
            own = data["positions"][0]
            data["bus"] = bus_data(self._data.get("bus"), own["bus"])
            data["positions"] = [{**own, "bus": None}]
            chosen = tuple(one.model_copy(update={"bus": None}) for one in chosen)
        return replace(self, parts=self.parts.model_copy(update={"positions": chosen, "bus": bus}), _data=data)

    def at_positions(self, names: Collection[str]) -> BenchFile:
        """Return the bench with the positions of these names, in the order of the file; see ``at_position`` for one."""
        chosen = tuple(position for position in self.parts.positions if position.name in names)
        if len(chosen) == 1:
            return self.at_position(chosen[0].name)
        data = {**self._data, "positions": [one for one in self._data["positions"] if str(one["name"]) in names]}
        return replace(self, parts=self.parts.model_copy(update={"positions": chosen}), _data=data)

    def for_system(self, nominal: NominalPart, ct: CtPart) -> BenchFile:
        """Return the bench with another nominal system, and another transducer that is simulated."""
        if self.parts.wiring is None:
            raise UsageRefused(f"bench {self.name} has no wiring")
        wiring = {**self._data["wiring"], "ct": ct.model_dump(mode="json")}
        data = {**self._data, "nominal": nominal.model_dump(mode="json"), "wiring": wiring}
        parts = {"nominal": nominal, "wiring": self.parts.wiring.model_copy(update={"ct": ct})}
        return replace(self, parts=self.parts.model_copy(update=parts), _data=data)

    def with_endpoints(self, endpoints: Mapping[str, Any]) -> BenchFile:
        """Return the bench with every ``${launch.x}`` replaced; raises BenchFileError where one does not fit."""
        data = _substitute(self.path, self._lines, self._data, endpoints)
        parts = validate(self.path, data, dict(self._lines), BenchPart, context={"launched": True})
        _fitness.refuse(self.path, self._lines, _fitness.complaints_once_launched(parts, self._lines))
        return replace(self, parts=parts, _data=data)


def load_bench(name_or_path: str | Path) -> BenchFile:
    """Read a bench file by NAME (of those that come with the rig) or PATH; raises BenchFileError, UsageRefused."""
    path = find_bench_file(name_or_path)
    data, lines, digest = _read_with_bases(path, ())
    parts = validate(path, data, lines, BenchPart)
    _fitness.refuse(path, lines, _fitness.complaints(parts, lines))
    types: dict[str, MeterType] = {}
    for index, position in enumerate(parts.positions):
        if position.meter_type not in types:
            line = line_of(("positions", index, "meter_type"), lines)
            meter_type = load_meter_type(position.meter_type, relative_to=path, line=line)
            _fitness.refuse(path, lines, _fitness.complaint_of_rating(parts, meter_type))
            types[position.meter_type] = _fitness.narrowed(path, lines, parts, meter_type)
    _fitness.refuse(path, lines, _fitness.complaints_of_injection(parts, types))
    if parts.launch is None:
        # Nothing can fill a placeholder in: say so now, with its line.
        _substitute(path, lines, data, {})
    return BenchFile(path, digest, parts, MappingProxyType(types), data, lines)


def one_position(bench: BenchFile, name: str | None) -> BenchFile:
    """Return ``bench`` with the position called ``name`` alone; without a name, the bench's only one, or none.

    Raises UsageRefused where the bench has no position of that name, or several and ``name`` is None.
    """
    positions = bench.parts.positions
    known = ", ".join(position.name for position in positions)
    if name is None:
        if len(positions) > 1:
            raise UsageRefused(
                f"bench {bench.name} has {len(positions)} positions ({known}) and this command is about one meter; "
                "say which with --position NAME"
            )
        return bench
    if name not in {position.name for position in positions}:
        raise UsageRefused(f"bench {bench.name} has no position {name!r}; it has {known or 'none'}")
    return bench.at_position(name)


def these_positions(bench: BenchFile, name: str | None) -> BenchFile:
    """Return ``bench`` with the position called ``name`` alone, or with all of its positions.

    Raises UsageRefused as ``one_position``, and where positions have meters of several types: they share one source.
    """
    if name is not None:
        return one_position(bench, name)
    types = {position.meter_type: position.name for position in bench.parts.positions}
    if len(types) > 1:
        found = ", ".join(f"{kind} at {where}" for kind, where in types.items())
        raise UsageRefused(
            f"bench {bench.name} has meters of several types ({found}), which are not tested in one pass; say which "
            "with --position NAME"
        )
    return bench


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


def _read_with_bases(path: Path, below: tuple[Path, ...]) -> tuple[Any, dict[Location, int], str]:
    """Read a file on top of what it extends; the base is checked by itself, so later complaints are of this file."""
    text = read_text(path)
    data, lines = parse_yaml(path, text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if not isinstance(data, dict):
        raise BenchFileError(path, 1, "a bench file is a mapping of keys; see example-real-bench")
    if data.get("schema") != SCHEMA_VERSION or isinstance(data.get("schema"), bool):
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
    if len(below) >= _MOST_BASES:
        raise BenchFileError(path, line, f"more than {_MOST_BASES} bench files extend one another; write fewer")
    base, base_lines, base_digest = _read_with_bases(base_path, (path, *below))
    validate(base_path, base, base_lines, BenchPart)
    both = hashlib.sha256(f"{base_digest}{digest}".encode()).hexdigest()
    return merged(base, data), lines, both


def merged(base: Any, over: Any, where: tuple[str, ...] = ()) -> Any:  # Any: what YAML can hold
    """Merge mappings key by key; replace anything else, lists too (null takes the base's part away).

    A row of an accuracy and a calibration are one statement each, and are replaced whole: a key that the new
    statement leaves out must not come from the old one.
    """
    if not (isinstance(base, dict) and isinstance(over, dict)) or _is_one_statement(where):
        return over
    result = dict(base)
    for key, value in over.items():
        result[key] = merged(base[key], value, (*where, str(key))) if key in base else value
    return result


def _is_one_statement(where: tuple[str, ...]) -> bool:
    """Whether the mapping at this place is a row of an accuracy, or a calibration."""
    return where[-1:] == ("calibration",) or where[-2:-1] == ("accuracy",)


def _substitute(path: Path, lines: Mapping[Location, int], data: Any, endpoints: Mapping[str, Any]) -> Any:
    """Return ``data`` with each ``${launch.x}`` replaced by what the launched process gave."""

    def replaced(data: Any, where: Location) -> Any:
        if isinstance(data, dict):
            return {key: replaced(value, (*where, key)) for key, value in data.items()}
        if isinstance(data, list):
            return [replaced(item, (*where, index)) for index, item in enumerate(data)]
        if not isinstance(data, str) or "${launch" not in data:
            return data
        match = PLACEHOLDER.fullmatch(data)
        line = line_of(where, lines)
        if match is None:
            message = f"{data!r} is not of the form ${{launch.name}} or ${{launch.list[0].name}}"
            raise BenchFileError(path, line, message)
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

    return replaced(data, ())
