"""Locks of the operating system on what two benches could share: an instrument, a serial port."""

from rig.safety.locks.holder import Holder
from rig.safety.locks.kernel_lock import Held, KernelLock, take
from rig.safety.locks.resource_locks import ResourceLocks, Wanted

__all__ = ["Held", "Holder", "KernelLock", "ResourceLocks", "Wanted", "take"]
