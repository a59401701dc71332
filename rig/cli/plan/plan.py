"""``rig plan``: print what a suite would do, in its order, with volts, amperes and duration. No I/O."""

from __future__ import annotations

import json

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import HOURS, KILOWATT_HOURS, LINE, REPEATS


@click.command()
@click.argument("suite", type=click.Choice(["certify", "eol", "regress"]), default="certify")
@click.option("--bench", default="emulated", show_default=True, metavar="NAME|PATH", help="Bench file.")
@click.option("--position", default=None, metavar="NAME", help="The position, where the bench has several.")
@click.option("-k", "select", default="", metavar="EXPRESSION", help="What matches only, as pytest's -k.")
@click.option(
    "--longest", "longest_h", type=HOURS, default=1.0, show_default=True, help="Hours of a question (regress)."
)
@click.option("--register-kwh", type=KILOWATT_HOURS, default=None, help="What the energy registers read (certify).")
@click.option(
    "--programme",
    "programme_name",
    type=LINE,
    default="intrinsic",
    show_default=True,
    metavar="intrinsic|short|full|FILE",
    help="What is certified (certify).",
)
@click.option("--strict", is_flag=True, help="Refuse a bench that cannot do all of the programme (certify).")
@click.option("--repeat", type=REPEATS, default=1, metavar="N", help="Passes over the programme (certify).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def plan(
    suite: str,
    bench: str,
    position: str | None,
    select: str,
    longest_h: float,
    register_kwh: float | None,
    programme_name: str,
    strict: bool,
    repeat: int,
    as_json: bool,
) -> None:
    """Show what SUITE (certify, eol, regress) would do on a bench, checked against limits; nothing is switched on."""
    if suite == "regress":
        from rig.cli.plan.regress import plan_regress

        plan_regress(bench, position, select, longest_h, as_json)
        return
    from rig.bench import load_bench, one_position
    from rig.bench.positions.masks import present_positions
    from rig.cli.plan.suite_view import SuiteView
    from rig.plans import certification_plan, end_of_line_plan, load_programme

    chosen = load_programme(programme_name)
    bench_file = (present_positions if suite == "certify" else one_position)(load_bench(bench), position)
    if suite == "eol":
        made = end_of_line_plan(bench_file)
    else:
        made = certification_plan(bench_file, programme=chosen, strict=strict)
    parts = None
    if select:
        from rig.plans.made_plan import MadePlan
        from rig.run.questions import selected_parts

        folder = {"certify": "certification", "eol": "end_of_line"}[suite]
        options = [f"--bench={bench}", *([f"--position={position}"] if position else []), "--unprotected"]
        options += [f"--programme={programme_name}"]
        listed_by = f"'rig plan {suite}{f' --programme {programme_name}' if suite == 'certify' else ''}'"
        impossible = {each.key: each.why for each in made.not_possible}
        parts = selected_parts(MadePlan(folder, bench_file, made), select, options, listed_by, impossible)
    view = SuiteView(bench_file, suite, made, parts, register_kwh, repeat)
    echo(json.dumps(view.as_data(), indent=2)) if as_json else view.print()
