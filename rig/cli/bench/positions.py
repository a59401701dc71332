"""``rig bench positions``: each position with its port, its proof, its lock and its mask."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich.table import Table

from rig.bench import BenchFile
from rig.bench.positions.masks import masked
from rig.cli.shared.output import echo, make_console
from rig.golden.state import position_state


def show_positions(file: BenchFile, as_json: bool) -> None:
    """Print what is known of the positions of a bench, without opening it."""
    masks = masked(file)
    rows = []
    for part in file.parts.positions:
        bus = file.parts.bus_of(part)
        mask = masks.get(part.name)
        state = position_state(file, part.name)
        rows.append((part.name, bus.port if bus is not None else "", state, mask))
    if as_json:
        echo(
            json.dumps(
                {
                    name: {"port": port, **asdict(state), "mask": asdict(mask) if mask else None}
                    for name, port, state, mask in rows
                }
            )
        )
        return
    table = Table("position", "port", "state")
    for name, port, state, mask in rows:
        said = [mask.text] if mask is not None else []
        said += [f"locked at {state.locked_utc}"] if state.locked_utc else []
        said.append(
            state.why_not_ready
            or f"proven by golden unit {state.proven_by} at {state.proven_utc}, last unit "
            f"{state.last_unit or 'none'} {state.last_picture}".rstrip()
        )
        table.add_row(name, port, "\n".join(said))
    make_console().print(table)
