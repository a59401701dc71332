"""Locks of a bench: the instruments and serial ports themselves, not its name; and a note of the holder."""

from __future__ import annotations

import contextlib
import getpass
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

from drivers.instrument import Identity
from rig.bench.config.files import BenchFile
from rig.bench.drivers import DRIVERS
from rig.bench.schema.bench import PLACEHOLDER
from rig.errors import BenchFault
from rig.safety.guardian.leftovers import end_opening, sweep
from rig.safety.guardian.link import GuardianLink
from rig.safety.locks import ResourceLocks, Wanted
from rig.safety.state import HOLDER, Opening, marked_process


class BenchHold:
    """One opening of a bench: ``opening`` is what it has in the state folder, ``locks`` what it keeps others from.

    ``identities`` has who each instrument said it is, by role; putting one in locks that instrument.
    """

    def __init__(self, opening: Opening, locks: ResourceLocks, file: BenchFile, *, only_bus: bool = False) -> None:
        self._only_bus = only_bus
        self.opening = opening
        self.locks = locks
        self.identities = LockedIdentities(self)
        self.file = file
        self._guardian: GuardianLink | None = None

    def lock_endpoints(self, file: BenchFile) -> None:
        """Lock what ``file`` names, as far as that is known already: instruments by their resources, and the bus port.

        To be called again with what a launched process has named. Raises BenchBusy, all or nothing.
        """
        self.file = file
        wanted = [one for one in _wanted(file, only_bus=self._only_bus) if PLACEHOLDER.search(one.resource) is None]
        self._hand_on(self.locks.take(wanted))

    def lock_identity(self, role: str, identity: Identity) -> None:
        """Lock the instrument in ``role`` by who it says it is; raises BenchBusy."""
        resource = getattr(self.file.parts, role).resource
        self._hand_on(self.locks.take_identity(Wanted(_in_words(role), resource), identity))

    def hand_on_to(self, guardian: GuardianLink) -> None:
        """Have ``guardian`` hold the locks too, those taken later among them; raises BenchFault where it does not."""
        self._guardian = guardian
        self._hand_on(self.locks.descriptors)

    def _hand_on(self, descriptors: Iterable[int]) -> None:
        guardian = self._guardian
        if guardian is not None and not all(guardian.inherit_later(descriptor) for descriptor in descriptors):
            raise BenchFault("the guardian process did not take over the bench's locks; try again")


class LockedIdentities(dict[str, Identity]):
    """Identity of each instrument of a bench, by role; one that another bench uses under another name is BenchBusy.

    An instrument that is put in is locked by maker, model and serial number; its address does not matter.
    """

    def __init__(self, hold: BenchHold) -> None:
        super().__init__()
        self._hold = hold

    def __setitem__(self, role: str, identity: Identity) -> None:
        self._hold.lock_identity(role, identity)
        super().__setitem__(role, identity)


@contextlib.contextmanager
def hold_bench(file: BenchFile, command: str | None = None, *, only_bus: bool = False) -> Iterator[BenchHold]:
    """Open a bench for this process: lock what it names, and note the holder in the state folder.

    Raises BenchBusy where another process has an instrument or the bus port, under this name or another; it says which,
    and who. ``command``: what is being done, for the note (default: this process's command line). The system gives the
    locks up when the process ends, however it ends; a guardian that is still switching off keeps them until it is done.
    ``only_bus``: of the bench only the bus port is used.
    """
    with ExitStack() as stack:
        locks = ResourceLocks(file.name)
        stack.callback(locks.close)
        opening = Opening.begin(file.name)
        hold = BenchHold(opening, locks, file, only_bus=only_bus)
        hold.lock_endpoints(file)
        stack.enter_context(noted(opening, command))
        yield hold


@contextlib.contextmanager
def noted(opening: Opening, command: str | None = None) -> Iterator[Opening]:
    """Leave word in the state folder that this process has the bench open, from now to the end; nothing is locked."""
    sweep()
    try:
        holder = {
            **marked_process("pid", os.getpid()),
            "user": _user(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command or " ".join(sys.argv) or "python",
        }
        opening.write(HOLDER, holder)
        yield opening
    finally:
        end_opening(opening)


@contextlib.contextmanager
def hold_port(device: str, bench: str = "") -> Iterator[None]:
    """Hold a serial port, without a bench or for the listener of one; raises BenchBusy where another process has it."""
    locks = ResourceLocks(bench)
    try:
        locks.take([Wanted("serial port", device)])
        yield
    finally:
        locks.close()


def _wanted(file: BenchFile, *, only_bus: bool) -> Iterator[Wanted]:
    for role in () if only_bus else DRIVERS:
        part = getattr(file.parts, role)
        if part is not None:
            yield Wanted(_in_words(role), part.resource)
    for bus in file.parts.buses:
        yield Wanted("bus port", bus.port)


def _in_words(role: str) -> str:
    return role.replace("_", " ")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown user"
