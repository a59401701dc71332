"""Rows of command tables that several instruments have in the same form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rig.emulation.scpi.engine import Call, Command
from rig.emulation.scpi.syntax import Parameter, ScpiError, as_bit


def shown(value: object) -> str:
    """Write a setting as most instruments answer it: a boolean as 1 or 0, anything else as it is."""
    return as_bit(value) if isinstance(value, bool) else str(value)


def kept(
    header: str,
    parameter: Parameter,
    holder: object,
    name: str | int | None = None,
    show: Callable[..., str] = shown,
    then: Callable[[Call], object] = lambda _call: None,
    *,
    take: Callable[[Any], object] = lambda value: value,
) -> Command:
    """Return the row of a setting that is kept in a place of ``holder`` and answered from there with ``show``.

    ``holder``: an object with the attribute ``name``; a dictionary or list with the key ``name``; a list with a place
    for each value of the header's last numeric suffix (no ``name``); or a function of the call that returns one of
    these.
    ``take`` makes the kept value from the one that was sent, or raises ScpiError; ``then`` acts on the change.
    """

    def place(call: Call) -> tuple[Any, Any]:
        found = holder(call) if callable(holder) else holder
        return found, call.suffixes[-1] - 1 if name is None else name

    def write(call: Call) -> None:
        found, key = place(call)
        value = take(call.values[0])
        if isinstance(found, dict | list):
            found[key] = value
        else:
            setattr(found, key, value)
        then(call)

    def read(call: Call) -> str:
        found, key = place(call)
        return show(found[key] if isinstance(found, dict | list) else getattr(found, key))

    return Command(header, (parameter,), write, read)


def only(header: str, parameter: Parameter, allowed: object, answer: str = "", code: int = -224) -> Command:
    """Return the row of a setting of which the emulation has one state; any other is refused, so none is relied on.

    ``answer``: what the query answers, where it is not ``allowed`` as ``shown`` writes it.
    """
    return Command(
        header, (parameter,), lambda call: refuse_all_but(allowed, call, code), lambda _: answer or shown(allowed)
    )


def refuse_all_but(allowed: object, call: Call, code: int = -224) -> None:
    """Raise ScpiError(``code``) where the first parameter of ``call`` is not ``allowed``."""
    if call.values[0] != allowed:
        raise ScpiError(code)


def event(header: str, action: Callable[[], object] = lambda: None) -> Command:
    """Return the row of a command without parameters and without a query."""

    def write(_call: Call) -> None:
        action()

    return Command(header, write=write)


def reading(header: str, value: Callable[[], object], show: Callable[..., str] = shown) -> Command:
    """Return the row of a query without parameters."""
    return Command(header, read=lambda _call: show(value()))
