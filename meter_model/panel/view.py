"""What the display shows at one moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """The display: ``name`` with its ``mark`` (D, MAX, 3PHASE) and ``phase``, the ``value`` and its ``unit``.

    ``icons``: those that are on, of ``heart``, ``alert`` and ``wrench``. ``blinking``: place of the blinking digit in
    ``value``. ``is_on``: without control power all is dark.
    """

    name: str = ""
    value: str = ""
    unit: str = ""
    mark: str = ""
    phase: str = ""
    icons: tuple[str, ...] = ()
    blinking: int | None = None
    is_on: bool = True

    @property
    def label(self) -> str:
        """Mark, name and phase as they are read: what tells one screen from another."""
        return " ".join(each for each in (self.mark, self.name, self.phase) if each)

    @property
    def lines(self) -> tuple[str, str, str]:
        """The three lines of the display: label, value, unit."""
        return self.label, self.value, self.unit

    def as_json(self) -> dict[str, object]:
        """Return it as plain JSON."""
        return {
            "lines": list(self.lines),
            "icons": list(self.icons),
            "name": self.name,
            "mark": self.mark,
            "phase": self.phase,
            "value": self.value,
            "unit": self.unit,
            "blinking": self.blinking,
            "is_on": self.is_on,
        }
