"""Interface of a meter to the bus side; ``meter_model.device.meter.S4100`` implements it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from meter_model.behaviour.profile import BehaviourProfile
from rig.emulation.meter.application.read_range import Log


class MeterObjects(Protocol):
    """What the server needs of a meter (``meter_model.device.meter.S4100`` is one); kinds are ``DE AI AV BI TL``.

    ``read`` and ``write`` refuse with ``ObjectAccessError``.
    """

    @property
    def profile(self) -> BehaviourProfile:
        """The meter's choices where the manual is ambiguous."""

    @property
    def device_instance(self) -> int:
        """Instance of the Device object; it can be written."""

    def read(self, kind: str, instance: int, prop: str, index: int | None = None) -> Any:
        """Return the value of a property, in Python's terms."""

    def write(
        self,
        kind: str,
        instance: int,
        prop: str,
        value: Any,
        index: int | None = None,
        priority: int | None = None,
    ) -> None:
        """Write a property."""

    @property
    def is_running(self) -> bool:
        """Whether it has control power and has started; while False it answers no request."""

    @property
    def max_master(self) -> int:
        """Max_Master of the Device object; it can be written."""

    @property
    def trend_logs(self) -> Mapping[int, Log]:
        """The Trend_Logs by instance, to read records from."""

    def synchronise_time(self, now: datetime) -> None:
        """Set the meter's clock, as TimeSynchronization does."""

    def reinitialize(self) -> None:
        """Restart, as ReinitializeDevice does."""
