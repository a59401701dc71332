"""``rig eol``: test units at the end of the line, by the sequence of their product variant."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from rig.cli.shared.types import LINE
from rig.cli.suites import Chosen, bench_with, run_suite, with_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rig.operator import Operator
    from rig.plans.end_of_line.product_plan import ProductPlan
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
    type=click.Choice(["console", "station", "panel", "none"]),
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
    from rig.plans.end_of_line.product_plan import admit_units, missing_parts, product_plan
    from rig.products import load_product

    scanned = list(serial_numbers)
    with _noting_attempt(options, product, scanned):
        variant = load_product(product)
        bench_file = bench_with(JUDGING, options, several=True)
        plan = product_plan(bench_file, variant, masked)
        missing_parts(plan.bench, variant)
        positions = [position.name for position in plan.bench.parts.positions]
        by = operator_by or ("console" if os.isatty(0) and os.isatty(1) else "none")
        operator = _operator(by)
        scanned[:] = _scanned(serial_numbers, positions, variant, operator)
        # Before pytest begins: refused in one sentence.
        kind = _admitted(admit_units(plan, scanned, masked).scanned, plan, options)
    extra = [f"--product={_lasting(product)}", f"--lot={lot}", f"--operator-by={by}"]
    extra += [*(f"--serial-number={each}" for each in scanned), *(f"--mask={each}" for each in masked)]
    what = f"{variant.name}, {len(positions)} {'position' if len(positions) == 1 else 'positions'}"
    return run_suite(
        kind,
        "end_of_line",
        plan.bench,
        None,
        extra,
        Chosen(**options),
        what=what,
        plugins=(_Answers(operator),),
    )


class _Answers:
    """The pytest plugin that has who answers prompts (tests_hil/end_of_line/conftest.py)."""

    __name__ = "rig-operator"

    def __init__(self, operator: Operator | None) -> None:
        self.operator = operator


@contextmanager
def _noting_attempt(options: Mapping[str, Any], product: str, scanned: Sequence[str]) -> Iterator[None]:
    """Record an attempt that ends before a run can begin: refused, or stopped before the units were known."""
    from drivers.errors import RigError

    try:
        yield
    except (RigError, KeyboardInterrupt) as error:
        from rig.records import RECORDS
        from rig.records.attempts.attempts import AttemptRecord
        from rig.records.store import RunStore

        attempt = AttemptRecord(
            kind="eol",
            station=options["station"],
            operator=options["operator"],
            product=product,
            scanned=", ".join(scanned),
            reason=str(error) or "stopped by the operator before the units were known",
        )
        with RunStore.open(options["records"] or RECORDS) as store:
            store.note_attempt(attempt)
        raise


def _admitted(scanned: Mapping[str, str], plan: ProductPlan, options: Mapping[str, Any]) -> str:
    """Return the kind of the run, eol or golden; raises where station or units may not be tested now."""
    from rig.cli.shared.output import echo
    from rig.quality.at_the_line import kind_of, refuse_units
    from rig.records import RECORDS
    from rig.records.store import RunStore

    golden = plan.bench_as_it_is.parts.golden
    with RunStore.open(options["records"] or RECORDS) as store:
        for on_hold in refuse_units(store, options["station"], scanned, plan.product, golden):
            echo(on_hold)
    return kind_of(scanned, golden)


def _refuse_without_product(**options: object) -> None:
    from rig.errors import UsageRefused

    for name, value in options.items():
        if value:
            raise UsageRefused(f"--{name.replace('_', '-').rstrip('s')} is about a product; say which with --product")


def _lasting(product: str) -> str:
    """Return what names a product from any folder."""
    from pathlib import Path

    return str(Path(product).resolve()) if product.endswith((".yaml", ".yml")) or "/" in product else product


def _operator(by: str) -> Operator | None:
    """Return the operator at the terminal, on descriptors of its own, since pytest takes the usual ones; else None."""
    from rig.operator import ConsoleOperator

    if by != "console":  # a station has scanned by now, and answers once the run listens
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
