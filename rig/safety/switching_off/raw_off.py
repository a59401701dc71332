"""Switch a source off from any process: its recipe as data, a connection of its own, every wait with a deadline."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from drivers.instrument import Identity
from drivers.scpi.serial_line import SerialLine
from drivers.source.base import SafeOff
from rig.safety.state import made_of, texts
from rig.safety.switching_off.reserve import DEADLINE_S, Reserve
from rig.safety.switching_off.result import SafeOffResult

__all__ = [
    "DEADLINE_S",
    "Reserve",
    "SafeOffResult",
    "recipe_from_json",
    "recipe_to_json",
    "switch_all_off",
    "switch_off",
    "takes_one_client",
]


def recipe_to_json(recipe: SafeOff) -> dict[str, Any]:
    """Return a recipe as JSON can hold it."""
    return asdict(recipe)


def recipe_from_json(data: Mapping[str, Any]) -> SafeOff:
    """Make the recipe that ``recipe_to_json`` was given."""
    return made_of(
        SafeOff,
        data,
        commands=texts,
        off_answers=texts,
        line=lambda line: SerialLine(**line) if line else None,
        single_client=bool,
        watchdog_s=lambda delay_s: delay_s,
        identity=lambda identity: Identity(**identity) if identity else None,
    )


def takes_one_client(recipe: SafeOff) -> bool:
    """Whether a connected program keeps all others out: the recipe says so, or the line is serial or USB."""
    return recipe.single_client or recipe.resource.upper().startswith(("ASRL", "USB"))


def switch_off(recipe: SafeOff, *, deadline_s: float = DEADLINE_S, force: bool = False) -> SafeOffResult:
    """Identify a source, send it the recipe and ask until it says that it is off, for ``deadline_s``; never raises.

    A TCP socket resource is reached by a plain socket, so that no VISA library can hang; anything else by pyvisa in
    a thread that is left behind when it does not come back. An instrument of another model than the recipe's is sent
    nothing, except with ``force``; only the recipe's own instrument can confirm.
    """
    (result,) = switch_all_off([recipe], deadline_s=deadline_s, force=force)
    return result


def switch_all_off(
    recipes: Iterable[SafeOff], *, deadline_s: float = DEADLINE_S, force: bool = False
) -> list[SafeOffResult]:
    """Switch several sources off at the same time, so that one that hangs delays no other; as ``switch_off``."""
    with contextlib.closing(Reserve(recipes)) as reserve:
        return reserve.switch_off(deadline_s=deadline_s, force=force)
