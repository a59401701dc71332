"""Find instruments through VISA: ask each resource of every installed library ``*IDN?`` and nothing else."""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from typing import TypeVar

from drivers.errors import DriverError
from drivers.scpi.session import ScpiSession
from rig.errors import BenchBusy
from rig.safety.locks import ResourceLocks, Wanted

ANSWER_S = 2.0
"""Seconds that an instrument may take to answer ``*IDN?``."""

_OPEN_S = 6.0
"""How long opening and asking may take together; some VISA libraries do not return from an instrument that is gone."""

_LIST_S = 15.0
_SERIAL = "ASRL"
_LINES = re.compile(r"^ASRL|::SOCKET$", re.IGNORECASE)
_NOT_OPEN = "cannot be opened"

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class FoundInstrument:
    """A VISA resource and what it said. ``identity``: the answer to ``*IDN?`` as it came; None where ``trouble`` is."""

    resource: str
    visa_library: str
    identity: str | None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What one VISA library lists, without serial ports; ``trouble``: why it could not be asked."""

    visa_library: str
    resources: tuple[str, ...]
    trouble: str = ""


class _NotInTime(DriverError):
    """A VISA library did not return."""


def visa_libraries() -> tuple[str, ...]:
    """Names of the VISA libraries that are installed, as bench files say them: the vendor's ("@ivi") first."""
    from pyvisa.ctwrapper import IVIVisaLibrary

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        installed = bool(IVIVisaLibrary.get_library_paths())
    return ("@ivi", "@py") if installed else ("@py",)


def listed_resources(visa_library: str) -> Listing:
    """List what ``visa_library`` can see; raises nothing.

    Serial ports are left out: one of them may be the RS-485 adapter, and a question at the wrong rate is noise on a
    bus. TCPIP SOCKET resources cannot be discovered and are never in it.
    """
    try:
        found = _within(_LIST_S, f"the VISA library {visa_library}", lambda: _listed(visa_library))
    except _FAILURES as error:
        return Listing(visa_library, (), _said(error))
    return Listing(visa_library, tuple(name for name in found if not name.upper().startswith(_SERIAL)))


def ask(resource: str, visa_libraries: Iterable[str]) -> FoundInstrument:
    """Ask ``resource`` for its identity through the first of the libraries that reaches it; raises nothing.

    Nothing but ``*IDN?`` is sent. An instrument that does not answer in time comes back with ``trouble``.
    """
    found = FoundInstrument(resource, "@py", None, "no VISA library was asked")
    for library in visa_libraries:
        found = _ask(resource, library)
        if found.identity is not None:
            break
    return found


def find_instruments(
    named: Iterable[str] = (), report: Callable[[FoundInstrument], None] = lambda _found: None
) -> tuple[tuple[Listing, ...], tuple[FoundInstrument, ...]]:
    """Ask everything that is listed, and the resources ``named``; returns the listings and what was found.

    A resource that two libraries list is asked once, and an instrument that answers under two names (its serial
    number says so) is the first of them. ``report`` gets each as it comes.
    """
    libraries = visa_libraries()
    listings = tuple(listed_resources(library) for library in libraries)
    to_ask: dict[str, tuple[str, tuple[str, ...]]] = {}
    for name in named:
        to_ask[name.upper()] = (name, _libraries_for(name, libraries))
    for listing in listings:
        for name in listing.resources:
            to_ask.setdefault(name.upper(), (name, (listing.visa_library,)))
    found: list[FoundInstrument] = []
    for name, by in to_ask.values():
        one = _ask_if_free(name, by)
        twin = next((other for other in found if one.identity and other.identity == one.identity), None)
        if twin is not None:
            trouble = f"the same instrument as {twin.resource} ({twin.identity})"
            one = FoundInstrument(one.resource, one.visa_library, None, trouble)
        found.append(one)
        report(one)
    return listings, tuple(found)


def _ask_if_free(resource: str, visa_libraries: tuple[str, ...]) -> FoundInstrument:
    """Ask ``resource`` unless another process has it: a question may disturb a run, or end its only connection."""
    locks = ResourceLocks("")
    try:
        locks.take([Wanted("instrument", resource)])
        return ask(resource, visa_libraries)
    except BenchBusy as busy:
        return FoundInstrument(resource, visa_libraries[0], None, f"in use by {busy.holder}; it was not asked")
    finally:
        locks.close()


def _libraries_for(resource: str, libraries: tuple[str, ...]) -> tuple[str, ...]:
    """Sockets are what the rig's own transport fences best; everything else is the vendor's first."""
    return ("@py",) if resource.upper().endswith("::SOCKET") else libraries


def _listed(visa_library: str) -> tuple[str, ...]:
    import pyvisa

    with warnings.catch_warnings():
        # pyvisa-py warns of each optional package without which it cannot look somewhere.
        warnings.simplefilter("ignore")
        return tuple(str(name) for name in pyvisa.ResourceManager(visa_library).list_resources("?*::INSTR"))


def _ask(resource: str, visa_library: str) -> FoundInstrument:
    """Ask through one library; where lines end is nowhere said on a socket or a serial line, so both ends are tried."""
    found = _ask_with(resource, visa_library, "\n")
    if found.identity is None and not found.trouble.startswith(_NOT_OPEN) and _LINES.search(resource):
        again = _ask_with(resource, visa_library, "\r")
        return again if again.identity is not None else found
    return found


def _ask_with(resource: str, visa_library: str, termination: str) -> FoundInstrument:
    def work() -> str:
        session = ScpiSession(resource, backend=visa_library, deadline_s=ANSWER_S, termination=termination)
        try:
            return session.identify()
        finally:
            session.close()

    try:
        answer = _within(_OPEN_S, resource, work)
    except _FAILURES as error:
        return FoundInstrument(resource, visa_library, None, _said(error).removeprefix(f"{resource}: "))
    if not answer:
        return FoundInstrument(resource, visa_library, None, "answered *IDN? with nothing")
    return FoundInstrument(resource, visa_library, answer)


def _within(deadline_s: float, who: str, work: Callable[[], ResultT]) -> ResultT:
    """Do ``work`` in a thread that is left behind where it does not return: no VISA call can be ended from outside."""
    future: Future[ResultT] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to the waiting thread
            future.set_exception(error)

    threading.Thread(target=run, name=f"asking {who}", daemon=True).start()
    try:
        return future.result(deadline_s)
    except NotInTime:
        raise _NotInTime(f"{who} did not return within {deadline_s:g} s") from None


_FAILURES = (DriverError, OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError)
"""What VISA libraries raise where there is no such thing, beside their own errors (which are OSError or ValueError)."""


def _said(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
