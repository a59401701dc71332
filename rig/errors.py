"""Errors of the bench, below the one root in ``drivers.errors``; each knows the exit code of the command it ends."""

from __future__ import annotations

from pathlib import Path

from drivers.errors import RigError


class BenchFileError(RigError):
    """A bench, meter or standard file cannot be used (exit 11); ``path`` and ``line`` say where."""

    def __init__(self, path: Path | str, line: int | None, message: str) -> None:
        where = f"{path}:{line}" if line else f"{path}"
        super().__init__(f"{where}: {message}")
        self.path = str(path)
        self.line = line
        self.message = message


class _Advised(RigError):
    """An error that says ``what`` is wrong and, where there is something, what to do: ``advice``."""

    def __init__(self, what: str = "", advice: str = "") -> None:
        super().__init__(f"{what}; {advice}" if advice else what)
        self.what = what
        self.advice = advice


class UsageRefused(_Advised):
    """What was asked for is refused before anything is energised (exit 11)."""


class LimitExceeded(UsageRefused):
    """A set-point is outside an envelope; ``quantity``, ``value``, ``limit`` and ``unit`` say which (exit 11)."""

    def __init__(self, quantity: str, value: float, limit: float, unit: str, why: str) -> None:
        side = "below" if value < limit else "beyond"
        super().__init__(f"{quantity} {value:g} {unit} is {side} {limit:g} {unit}: {why}")
        self.quantity = quantity
        self.value = value
        self.limit = limit
        self.unit = unit


class BenchBusy(RigError):
    """Another process holds the bench, or a part of it (exit 12).

    ``holder`` says who, ``resource`` what (empty: the whole bench), ``pid`` its process where that is known.
    """

    def __init__(self, bench: str, holder: str, resource: str = "", pid: int | None = None) -> None:
        what = ": ".join(([f"bench {bench!r}"] if bench else []) + ([resource] if resource else []))
        super().__init__(f"{what} is in use by {holder}; wait for it to finish or stop it")
        self.bench = bench
        self.holder = holder
        self.resource = resource
        self.pid = pid


class BenchFault(_Advised):
    """The bench cannot go on: an instrument, the bus or the guardian failed (exit 10)."""


class WiringWrong(BenchFault):
    """The meter is connected otherwise than the bench file says, or reads as if it were (exit 10); no verdict on it."""


class SafeStateNotConfirmed(RigError):
    """It was not confirmed that the outputs are off (exit 13): the most serious error of the rig."""
