"""Rows of command tables that several instruments have in the same form."""

from __future__ import annotations

from collections.abc import Callable

from rig.emulation.scpi.engine import Call, Command
from rig.emulation.scpi.syntax import Parameter


def kept(
    header: str,
    parameter: Parameter,
    holder: object,
    name: str,
    show: Callable[..., str] = str,
    then: Callable[[], None] = lambda: None,
) -> Command:
    """Return the row of a setting that is an attribute of ``holder``: taken as it is, ``then`` acted on, and shown."""

    def write(call: Call) -> None:
        setattr(holder, name, call.values[0])
        then()

    return Command(header, (parameter,), write, lambda _call: show(getattr(holder, name)))
