"""A console that shows control characters of texts as escapes; apart, since rich takes long to load."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from rig.printable import printable


class HarmlessConsole(Console):
    """A console that shows control characters of texts as escapes; those that rich itself makes pass."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render as rich does, with what is not printable in texts as escapes."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable() or segment.text == "\n":
                yield segment
            else:
                yield Segment(printable(segment.text), segment.style)
