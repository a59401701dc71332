"""The contacts of the emulated safety circuit: closed until the control endpoint opens them."""

from __future__ import annotations


class SafetyContacts:
    """Interlock of the enclosure and emergency stop, both normally closed; they are sensed, and switch nothing here.

    On a real bench they act in hardware on the source's supply or its remote-inhibit input. Used with the world held.
    """

    def __init__(self) -> None:
        self.is_shut = True
        """Whether the enclosure is shut."""
        self.is_pressed = False
        """Whether the emergency stop is pressed."""

    @property
    def closed(self) -> tuple[bool, bool]:
        """Whether the contact of the interlock, and that of the emergency stop, is closed."""
        return self.is_shut, not self.is_pressed

    def status(self) -> dict[str, bool]:
        """Return what can be seen from outside."""
        return {"interlock_closed": self.is_shut, "emergency_stop_pressed": self.is_pressed}
