"""From a source's part of a bench file to its driver: its options checked, what it can do, and the driver itself."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from drivers.errors import SettingOutOfRange
from drivers.scpi import ScpiSession
from drivers.source import SOURCES, AcSource, SourceCapabilities
from rig.bench.schema.bench import LowLevelSourcePart
from rig.errors import UsageRefused


def make_source(part: LowLevelSourcePart, session: ScpiSession) -> AcSource:
    """Make the driver of a source with the options of its part; nothing is sent.

    Raises as ``check_options``, and UsageRefused for a value that the driver does not take.
    """
    options = check_options(part.driver, part.options)
    try:
        return SOURCES[part.driver](session, **options)
    except SettingOutOfRange as error:
        raise UsageRefused(f"{part.driver}: {error}; correct its options") from None


def capabilities_of(part: LowLevelSourcePart) -> SourceCapabilities:
    """Tell what a source can do as it is described; nothing is opened. Raises as ``check_options``."""
    if not part.options:
        return SOURCES[part.driver].capabilities
    return make_source(part, ScpiSession(part.resource)).capabilities


def check_options(driver: str, options: Mapping[str, bool | int | float | str]) -> dict[str, Any]:
    """Return the options as the driver takes them; raises UsageRefused naming one that it does not know, or its type.

    The options of a driver are its keyword-only arguments.
    """
    make = SOURCES[driver]
    hints = get_type_hints(getattr(make, "__init__"))  # noqa: B009 - of the class, whichever it is
    known = {
        name: hints[name]
        for name, parameter in inspect.signature(make).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    taken: dict[str, Any] = {}
    for name, value in options.items():
        if name not in known:
            names = ", ".join(sorted(known)) or "it has none"
            raise UsageRefused(f"{driver} has no option {name!r}; known: {names}")
        try:
            taken[name] = TypeAdapter(known[name]).validate_python(value, strict=True)
        except ValidationError as error:
            said = error.errors()[0]["msg"][:1].lower() + error.errors()[0]["msg"][1:]
            raise UsageRefused(f"{driver}: option {name!r} cannot be {value!r}: {said}") from None
    return taken
