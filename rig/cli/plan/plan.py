"""``rig plan``: print what a suite would do: points, highest volts, duration. No I/O."""

from __future__ import annotations

import json
import math
from typing import Any

import click

from rig.cli.shared.output import echo, picked
from rig.cli.shared.types import HOURS, KILOWATT_HOURS


@click.command()
@click.argument("suite", type=click.Choice(["certify", "eol", "regress"]), default="certify")
@click.option("--bench", default="emulated", show_default=True, metavar="NAME|PATH", help="Bench file.")
@click.option("--position", default=None, metavar="NAME", help="The position, where the bench has several.")
@click.option("-k", "select", default="", metavar="EXPRESSION", help="Questions that match (regress), as pytest's -k.")
@click.option(
    "--longest", "longest_h", type=HOURS, default=1.0, show_default=True, help="Hours of a question (regress)."
)
@click.option("--register-kwh", type=KILOWATT_HOURS, default=None, help="What the energy registers read (certify).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def plan(
    suite: str,
    bench: str,
    position: str | None,
    select: str,
    longest_h: float,
    register_kwh: float | None,
    as_json: bool,
) -> None:
    """Show what SUITE (certify, eol, regress) would do on a bench, checked against limits; nothing is switched on."""
    if suite == "regress":
        from rig.cli.plan.regress import plan_regress

        plan_regress(bench, position, select, longest_h, as_json)
        return
    from rig.bench import load_bench, one_position
    from rig.cli.plan.forecast import as_data, by_point, forecast_of, lines
    from rig.plans import certification_plan, end_of_line_plan
    from rig.procedures.accuracy.energy_register import LONGEST_GATE_S

    bench_file = one_position(load_bench(bench), position)
    made = {"certify": certification_plan, "eol": end_of_line_plan}[suite](bench_file)
    found, gates = forecast_of(bench_file, made, register_kwh)
    ratios = by_point(found)
    rows: list[dict[str, Any]] = [
        {
            "place": place,
            "point": point.label,
            **picked(point, "voltage_v", "voltages_pct", "voltage_shift_deg", "current_pct"),
            **picked(point, "angle_deg", "phases", "frequency_hz"),
            "judged": {f"AI{item.instance}": item.row.limit_pct for item in made.judged(point)},
            "uncertainty_to_limit": {name: _json_number(ratio) for name, ratio in ratios.get(point, {}).items()},
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
            "energy_from_sampled_power": made.why_sampled,
            "highest_voltage_ln_v": made.highest_voltage_v,
            "duration_s": made.duration_s,
            "limit_tables": {table.name: table.status for table in made.tables},
            "forecast": as_data(found, gates),
        }
        echo(json.dumps(answer, indent=2))
        return
    echo(f"{suite} on bench {bench_file.name}: {len(rows)} load points")
    for row in rows:
        of_limit = row["uncertainty_to_limit"]
        limits = "  ".join(f"{name} ±{limit:g}%{_u_of(of_limit, name)}" for name, limit in row["judged"].items())
        echo(f"{row['place']:>4}  {row['point']:<26} {limits}")
    against = "the analyzer's integrator" if made.why_sampled is None else "the analyzer's sampled power"
    for entry in energy:
        echo(f"      {entry['point']:<26} {entry['register']} gated against {against}")
    if made.why_sampled is not None:
        echo(f"energy is made from sampled power, in one long gate: {made.why_sampled}")
    for line in lines(found, gates, LONGEST_GATE_S) if found else ():
        echo(line)
    takes = f"{made.duration_s / 60:.0f} min" if made.duration_s >= 120 else f"{made.duration_s:.0f} s"
    echo(f"highest voltage {made.highest_voltage_v:g} V line to neutral; about {takes} of bench time")
    for table in made.tables:
        echo(f"limits: {table.name}: {table.status}")


def _json_number(ratio: float) -> float | None:
    return round(ratio, 5) if math.isfinite(ratio) else None


def _u_of(ratios: dict[str, float | None], name: str) -> str:
    """Write U/L behind a limit; an exclamation mark where it is more than a third."""
    if name not in ratios:
        return ""
    ratio = ratios[name]
    return "(U/L ?!)" if ratio is None else f"({ratio:.2f}{'!' if ratio > 1.0 / 3.0 else ''})"
