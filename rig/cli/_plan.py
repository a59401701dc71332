"""``rig plan``: what a suite would do: points, highest volts, duration. No I/O."""

from __future__ import annotations

import json
from typing import Any

import click

from rig.cli._output import echo
from rig.cli._types import HOURS


@click.command()
@click.argument("suite", type=click.Choice(["certify", "eol", "regress"]), default="certify")
@click.option("--bench", default="emulated", show_default=True, metavar="NAME|PATH", help="Bench file.")
@click.option("--position", default=None, metavar="NAME", help="The position, where the bench has several.")
@click.option("-k", "select", default="", metavar="EXPRESSION", help="Questions that match (regress), as pytest's -k.")
@click.option(
    "--longest", "longest_h", type=HOURS, default=1.0, show_default=True, help="Hours of a question (regress)."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def plan(suite: str, bench: str, position: str | None, select: str, longest_h: float, as_json: bool) -> None:
    """Show what SUITE (certify, eol, regress) would do on a bench, checked against limits; nothing is switched on."""
    if suite == "regress":
        from rig.cli._plan_regress import plan_regress

        plan_regress(bench, position, select, longest_h, as_json)
        return
    from rig.bench import load_bench, one_position
    from rig.procedures import certification_plan, end_of_line_plan

    bench_file = one_position(load_bench(bench), position)
    made = {"certify": certification_plan, "eol": end_of_line_plan}[suite](bench_file)
    rows: list[dict[str, Any]] = [
        {
            "place": place,
            "point": point.label,
            "voltage_v": point.voltage_v,
            "voltages_pct": point.voltages_pct,
            "voltage_shift_deg": point.voltage_shift_deg,
            "current_pct": point.current_pct,
            "angle_deg": point.angle_deg,
            "phases": point.phases,
            "frequency_hz": point.frequency_hz,
            "judged": {f"AI{item.instance}": item.row.limit_pct for item in made.judged(point)},
        }
        for place, point in enumerate(made.points, start=1)
    ]
    energy = [{"point": point.label, "register": f"AI{item.instance}"} for point, item in made.energy]
    if as_json:
        answer = {
            "bench": bench_file.name,
            "suite": suite,
            "points": rows,
            "energy": energy,
            "highest_voltage_ln_v": made.highest_voltage_v,
            "duration_s": made.duration_s,
            "limit_tables": {table.name: table.status for table in made.tables},
        }
        echo(json.dumps(answer, indent=2))
        return
    echo(f"{suite} on bench {bench_file.name}: {len(rows)} load points")
    for row in rows:
        limits = "  ".join(f"{name} ±{limit:g}%" for name, limit in row["judged"].items())
        echo(f"{row['place']:>4}  {row['point']:<26} {limits}")
    for entry in energy:
        echo(f"      {entry['point']:<26} {entry['register']} gated against the analyzer's integrator")
    if made.why_no_energy is not None:
        echo(f"energy registers are not judged: {made.why_no_energy}")
    minutes = made.duration_s / 60
    echo(f"highest voltage {made.highest_voltage_v:g} V line to neutral; about {minutes:.0f} min of bench time")
    for table in made.tables:
        echo(f"limits: {table.name}: {table.status}")
