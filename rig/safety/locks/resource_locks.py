"""All locks of one bench: taken together or not at all, without waiting, so that two benches never block."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drivers.instrument import Identity
from rig.errors import BenchBusy
from rig.resource_keys import keys_of
from rig.safety.locks.kernel_lock import Held, KernelLock, take
from rig.simulation_mark import emulator_at, emulators_of

GUARDIAN_WAIT_S = 5.0
"""Seconds that a guardian has to switch off after a rig that was killed, before the next one is turned away."""

_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a bench locks: ``resource`` as the bench file writes it, ``role`` in words ("analyzer")."""

    role: str
    resource: str


class ResourceLocks:
    """The locks that this process holds for one opening of ``bench``; ``close`` lets go of them."""

    def __init__(self, bench: str) -> None:
        self._bench = bench
        self._locks: dict[str, KernelLock] = {}

    @property
    def descriptors(self) -> tuple[int, ...]:
        """The descriptors of the locks, for the guardian to inherit: while it lives the locks are held."""
        return tuple(lock.fileno() for lock in self._locks.values())

    def take(self, wanted: Iterable[Wanted]) -> tuple[int, ...]:
        """Take the locks of these resources, all or none; return the descriptors of those that were not held yet.

        A LAN name is looked up. What this bench holds already is not taken again. Raises BenchBusy naming resource and
        holder, BenchFault.
        """
        return self._take({key: one for one in wanted for key in keys_of(one.resource)})

    def take_identity(self, wanted: Wanted, identity: Identity) -> tuple[int, ...]:
        """Take the lock of the instrument that identifies as ``identity``; its address does not matter.

        One without a serial number looks like any other of its model, and has no such lock. Emulated
        instruments of several emulated benches have the same serial numbers: theirs is locked with the process that
        emulates it, and not at all where that cannot be said. Returns and raises as ``take``.
        """
        key = key_of_instrument(wanted.resource, identity)
        if key is None:
            return ()
        return self._take({key: Wanted(f"{wanted.role} {_named(identity)} at", wanted.resource)})

    def close(self) -> None:
        """Release all locks; the guardian, while it lives, still holds them. May be called twice."""
        while self._locks:
            self._locks.popitem()[1].close()

    def _take(self, wanted: dict[str, Wanted]) -> tuple[int, ...]:
        give_up_s = time.monotonic() + GUARDIAN_WAIT_S
        while True:
            try:
                taken = self._take_at_once(wanted)
                break
            except Held as error:
                if error.holder.is_passing and time.monotonic() < give_up_s:
                    time.sleep(_PAUSE_S)
                    continue
                one = wanted[error.key]
                what = f"{one.role} {one.resource}"
                raise BenchBusy(self._bench, error.holder.text, what, error.holder.pid) from None
        self._locks |= taken
        return tuple(lock.fileno() for lock in taken.values())

    def _take_at_once(self, wanted: Mapping[str, Wanted]) -> dict[str, KernelLock]:
        taken: dict[str, KernelLock] = {}
        try:
            # In one order everywhere: of two that begin at the same time one gets through.
            for key in sorted(wanted.keys() - self._locks.keys()):
                taken[key] = take(key, self._bench)
        except BaseException:
            for lock in taken.values():
                lock.close()
            raise
        return taken


def key_of_instrument(resource: str, identity: Identity) -> str | None:
    """Return the key of an instrument by its identity, None where that is not unique."""
    serial_number = identity.serial_number.strip()
    if not serial_number.strip("0-.?* ") or serial_number.lower() in ("none", "n/a", "unknown"):
        return None
    key = "/".join(
        ("instrument", *(" ".join(text.split()).lower() for text in (identity.manufacturer, identity.model)))
    )
    key = f"{key}/{serial_number.lower()}"
    emulator = emulator_at(resource)
    if emulator is not None:
        return f"{key}/of process {emulator}"
    emulators = emulators_of(serial_number)
    if not emulators:
        return key
    return f"{key}/of process {min(emulators)}" if len(emulators) == 1 else None


def _named(identity: Identity) -> str:
    return f"{identity.manufacturer} {identity.model} {identity.serial_number}".strip()
