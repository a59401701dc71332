"""Choose the one position of a bench for a command, by name; refuse a bench with several where no name is given."""

from __future__ import annotations

from rig.bench.config.files import BenchFile
from rig.errors import UsageRefused


def one_position(bench: BenchFile, name: str | None) -> BenchFile:
    """Return ``bench`` with the position called ``name`` alone; without a name, the bench's only one, or none.

    Raises UsageRefused where the bench has no position of that name, or several and ``name`` is None.
    """
    positions = bench.parts.positions
    known = ", ".join(position.name for position in positions)
    if name is None:
        if len(positions) > 1:
            raise UsageRefused(
                f"bench {bench.name} has {len(positions)} positions ({known}) and this command is about one meter; "
                "say which with --position NAME"
            )
        return bench
    if name not in {position.name for position in positions}:
        raise UsageRefused(f"bench {bench.name} has no position {name!r}; it has {known or 'none'}")
    return bench.at_position(name)
