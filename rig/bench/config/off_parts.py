"""Read sources, analyzer and contactor from a bench file that is otherwise invalid: for switching off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from drivers.errors import DriverError
from rig.bench.config.finding import bench_file_paths
from rig.bench.contactor import contactor_recipe
from rig.bench.schema.bench import PLACEHOLDER, AnalyzerPart, BenchPart, LowLevelSourcePart, SwitchPart
from rig.bench.schema.instrument import SerialPart
from rig.bench.schema.switch import ContactorPart
from rig.errors import BenchFileError
from rig.files.yaml_file import parse_yaml, read_text
from rig.safety.contactor.recipe import ContactorRecipe

_PartT = TypeVar("_PartT", LowLevelSourcePart, AnalyzerPart)
_ROLES = ("source", "low_level_source")


@dataclass(frozen=True, slots=True)
class OffParts:
    """The sources and the analyzer that a bench has now, whether or not it is open.

    ``unread``: what is not usable of them, ``not_known``: that of it which may be a source.
    """

    name: str
    path: Path
    sources: tuple[LowLevelSourcePart, ...]
    analyzer: AnalyzerPart | None
    contactor: ContactorRecipe | None = None
    unread: tuple[str, ...] = ()
    not_known: tuple[str, ...] = ()


def parts_to_switch_off(name_or_path: str | Path) -> OffParts:
    """Read them from the bench file and its bases; what is wrong elsewhere in it does not matter.

    Raises BenchFileError and UsageRefused where there is no such file, or it is no YAML.
    """
    paths = bench_file_paths(name_or_path)
    merged: dict[str, Any] = {}
    base: object = None
    for path in reversed(paths):
        data, _ = parse_yaml(path, read_text(path))
        if not isinstance(data, dict):
            raise BenchFileError(path, 1, "a bench file is a mapping of keys")
        if path == paths[-1]:
            base = data.get("extends")  # of the last file that can be read: what it extends cannot be
        for key, value in data.items():
            before = merged.get(key)
            merged[key] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    not_known = [*_in_the_base(merged, base), *_under_other_names(merged)]
    sources = [part for role in _ROLES if (part := _part(merged, role, LowLevelSourcePart, not_known)) is not None]
    unread: list[str] = []
    analyzer = _part(merged, "analyzer", AnalyzerPart, unread)
    contactor = _contactor(merged.get("switch"), unread)
    given = merged.get("name")
    name = given if isinstance(given, str) else paths[0].stem
    return OffParts(name, paths[0], tuple(sources), analyzer, contactor, tuple(unread), tuple(not_known))


def _in_the_base(merged: dict[str, Any], base: object) -> Iterator[str]:
    """Name the sources that the file which is extended may have, where it cannot be read."""
    if base is not None:
        yield from (
            f"{role}: {base!r}, which the file extends, cannot be read" for role in _ROLES if role not in merged
        )


def _under_other_names(merged: dict[str, Any]) -> Iterator[str]:
    """Name the instruments under keys that no bench has: each may be a source whose key is mistyped."""
    for key, value in merged.items():
        if key not in BenchPart.model_fields and isinstance(value, dict) and "resource" in value:
            yield f"{key}: has a resource, and is no part of a bench"


def analyzer_from_note(note: dict[str, Any]) -> AnalyzerPart | None:
    """Return the analyzer that an open bench has noted; None where it has none."""
    return _part({"analyzer": note.get("analyzer")}, "analyzer", AnalyzerPart, [])


def analyzer_for_note(part: AnalyzerPart | None) -> dict[str, Any] | None:
    """Return what reaching the analyzer needs, as JSON can hold it."""
    return None if part is None else part.model_dump(mode="json", include=set(_NEEDED[AnalyzerPart]))


def _part(data: dict[str, Any], role: str, kind: type[_PartT], unread: list[str]) -> _PartT | None:
    """Return what reaches the instrument of a part; None where that is missing or exists on an open bench only."""
    given = data.get(role)
    if given is None:
        return None
    if not isinstance(given, dict) or not all(isinstance(given.get(key), str) for key in ("driver", "resource")):
        unread.append(f"{role}: 'driver' and 'resource' are not both there")
        return None
    if PLACEHOLDER.search(given["resource"]):
        return None
    taken = {key: given[key] for key in _NEEDED[kind] if given.get(key) is not None}
    try:
        if "serial" in taken:
            taken["serial"] = SerialPart.model_validate(taken["serial"])
        # Only what is needed is looked at: an accuracy or a calibration may be wrong.
        return kind.model_construct(**taken)
    except ValidationError as error:
        unread.append(f"{role}: {error.errors()[0]['msg']}")
        return None


def _contactor(given: object, unread: list[str]) -> ContactorRecipe | None:
    """Return how the contactor of the switch part is worked; None where there is none now."""
    if not isinstance(given, dict) or given.get("contactor") is None:
        return None
    if PLACEHOLDER.search(str(given.get("resource"))):
        return None
    try:
        contactor = ContactorPart.model_validate(given["contactor"])
        driver, resource = given["driver"], given["resource"]
        recipe = contactor_recipe(SwitchPart.model_construct(driver=driver, resource=resource, contactor=contactor))
        assert recipe is not None
        recipe.address  # noqa: B018 - raises where it is no socket
    except (ValidationError, DriverError, KeyError, TypeError, ValueError) as error:
        said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        unread.append(f"switch: contactor: {said}")
        return None
    return recipe


_NEEDED: dict[type[LowLevelSourcePart] | type[AnalyzerPart], tuple[str, ...]] = {
    LowLevelSourcePart: ("driver", "resource", "visa_library", "serial", "single_client", "options"),
    AnalyzerPart: ("driver", "resource", "visa_library", "serial", "update_s"),
}
