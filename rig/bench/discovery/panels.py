"""Where the panels of a bench's emulated meters are: the control endpoint of a bench in use, or of one started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rig.bench.config.files import BenchFile
from rig.bench.launch import launched
from rig.bench.lock import hold_bench
from rig.errors import UsageRefused
from rig.safety.state import ENDPOINTS, openings_of


def panel_endpoint(file: BenchFile) -> str | None:
    """Return the control endpoint of an emulated bench that is in use now, None where it is not in use or has none.

    Of several openings of a private bench it is that of the one that began last.
    """
    open_now = [opening for opening in openings_of(file.name) if opening.note(ENDPOINTS) and opening.rig_lives]
    return open_now[-1].note(ENDPOINTS)["endpoints"].get("control") if open_now else None


@contextmanager
def open_panels(file: BenchFile, command: str) -> Iterator[tuple[str, bool]]:
    """Give the control endpoint, and whether the bench was started for it (it ends with this context then).

    Raises UsageRefused for a bench whose meters are not emulated, BenchBusy and BenchFault.
    """
    if not file.is_launched:
        raise UsageRefused(
            f"the meters of bench {file.name} are not emulated: their panels can be read on the meters only"
        )
    endpoint = panel_endpoint(file)
    if endpoint is not None:
        yield endpoint, False
        return
    with hold_bench(file, command, only_bus=True) as hold, launched(file, hold) as (_, process):
        if "control" not in process.endpoints:
            raise UsageRefused(f"the process that bench {file.name} starts has no control endpoint")
        yield process.endpoints["control"], True


def meter_number(file: BenchFile, position: str | None) -> int:
    """Return which meter of the emulated bench is at a position, 0 the first; raises UsageRefused."""
    names = [each.name for each in file.parts.positions]
    if position is None:
        return 0
    if position not in names:
        raise UsageRefused(f"bench {file.name} has no position {position}; it has {', '.join(names) or 'none'}")
    return names.index(position)
