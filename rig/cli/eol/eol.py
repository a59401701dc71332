"""``rig eol``: test units at the end of the line, by the sequence of their product variant."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from rig.cli.shared.types import LINE
from rig.cli.suites import Chosen, bench_with, run_suite, with_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rig.operator import Operator
    from rig.products import Product


@click.command()
@with_options
@click.option("--product", default="", type=LINE, metavar="NAME|PATH", help="Product variant: the whole sequence.")
@click.option(
    "--serial-number",
    "serial_numbers",
    multiple=True,
    metavar="POSITION=SN",
    help="What was scanned at a position; scanned at the terminal where it is left out.",
)
@click.option(
    "--operator-by",
    type=click.Choice(["console", "station", "none"]),
    default=None,
    help="Who answers prompts  [default: console on a terminal]",
)
@click.option("--mask", "masked", multiple=True, metavar="POSITION", help="Leave a position out.")
@click.option("--lot", type=LINE, default="", help="The lot of the units; goes into the record.")
def eol(
    product: str,
    serial_numbers: tuple[str, ...],
    operator_by: str | None,
    masked: tuple[str, ...],
    lot: str,
    **options: Any,  # Any: click's options
) -> int:
    """Test units at the end of the line.

    With --product: scan, route, identity, configuration, load points, energy, alarm contact, pulse input, panel, clock
    and shipping state, at all positions of the bench in one run. Without: identity, configuration, and each phase of
    one meter in both directions.
    """
    from rig.procedures.needs import JUDGING

    if not product:
        _refuse_without_product(serial_numbers=serial_numbers, operator_by=operator_by, mask=masked, lot=lot)
        from rig.plans import end_of_line_plan

        bench_file = bench_with(JUDGING, options)
        return run_suite("eol", "end_of_line", bench_file, end_of_line_plan(bench_file), [], Chosen(**options))
    from rig.plans.end_of_line.product_plan import missing_parts, product_plan
    from rig.products import load_product

    variant = load_product(product)
    bench_file = bench_with(JUDGING, options, several=True)
    plan = product_plan(bench_file, variant, masked)
    missing_parts(plan.bench, variant)
    positions = [position.name for position in plan.bench.parts.positions]
    operator = _operator(operator_by)
    scanned = _scanned(serial_numbers, positions, variant, operator)
    extra = [f"--product={_lasting(product)}", f"--lot={lot}"]
    extra += [*(f"--serial-number={each}" for each in scanned), *(f"--mask={each}" for each in masked)]
    what = f"{variant.name}, {len(positions)} {'position' if len(positions) == 1 else 'positions'}"
    return run_suite(
        "eol",
        "end_of_line",
        plan.bench,
        None,
        extra,
        Chosen(**options),
        what=what,
        plugins=(_Answers(operator, operator_by),),
    )


class _Answers:
    """The pytest plugin that has who answers prompts (tests_hil/end_of_line/conftest.py)."""

    __name__ = "rig-operator"

    def __init__(self, operator: Operator | None, by: str | None) -> None:
        self.operator = operator
        self.is_station = by == "station"


def _refuse_without_product(**options: object) -> None:
    from rig.errors import UsageRefused

    for name, value in options.items():
        if value:
            raise UsageRefused(f"--{name.replace('_', '-').rstrip('s')} is about a product; say which with --product")


def _lasting(product: str) -> str:
    """Return what names a product from any folder."""
    from pathlib import Path

    return str(Path(product).resolve()) if product.endswith((".yaml", ".yml")) or "/" in product else product


def _operator(operator_by: str | None) -> Operator | None:
    """Return who answers prompts: the terminal has descriptors of its own, since pytest takes the usual ones."""
    from rig.operator import ConsoleOperator

    by = operator_by or ("console" if os.isatty(0) and os.isatty(1) else "none")
    if by in ("none", "station"):  # a station has scanned by now, and answers once the run listens
        return None
    return ConsoleOperator(os.dup(0), os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace"))


def _scanned(given: Sequence[str], positions: Sequence[str], product: Product, operator: Operator | None) -> list[str]:
    """Return the scans as POSITION=SN, those that are missing asked of the operator; a refused one is asked again."""
    from rig.cli.shared.output import echo
    from rig.operator import Prompt, PromptKind
    from rig.products import ScanRefused, serial_number_of

    texts = [each if "=" in each or len(positions) != 1 else f"{positions[0]}={each}" for each in given]
    there = {each.partition("=")[0] for each in texts}
    for position in positions if operator is not None else ():
        while position not in there:
            prompt = Prompt(f"scan.{position}", PromptKind.SCAN, "Scan the label of the unit.", position=position)
            assert operator is not None
            try:
                texts.append(f"{position}={serial_number_of(operator.ask(prompt).text, product)}")
                there.add(position)
            except ScanRefused as refused:
                echo(str(refused), err=True)
    return texts
