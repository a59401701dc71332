"""Detect the end of a process from outside, even where its children keep its descriptors open."""

from __future__ import annotations

import contextlib
import os
import weakref
from typing import Protocol


class Forgetting(Protocol):
    """What a forked child must not use."""

    def leave_to_the_parent(self) -> None:
        """Give up what belongs to the parent."""


_FORGETTING: weakref.WeakSet[Forgetting] = weakref.WeakSet()


def watch_process(pid: int) -> int | None:
    """Return a descriptor that becomes readable when the process ends (pidfd_open(2)); None where there is no such.

    Unlike the end of a pipe it does not wait for children of that process that hold its descriptors.
    """
    opener = getattr(os, "pidfd_open", None)
    if opener is None:
        return None
    with contextlib.suppress(OSError):
        return int(opener(pid))
    return None


def close_in_forked_children(owner: Forgetting) -> None:
    """Have ``owner`` leave everything to the parent in each child that ``os.fork`` makes from now on."""
    _FORGETTING.add(owner)


def _after_fork() -> None:
    for owner in list(_FORGETTING):
        owner.leave_to_the_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
