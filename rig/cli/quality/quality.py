"""``rig quality``: yield, failures, capability and control charts of recorded end-of-line tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rig.cli.quality.golden import golden
from rig.cli.quality.holds import affected, holds
from rig.cli.quality.lot import lot
from rig.cli.quality.options import by_shifts, selecting, selection, show, showing
from rig.cli.shared.types import COUNT, LINE

if TYPE_CHECKING:
    from rig.quality.series import Series
    from rig.quality.yields import Unit
    from rig.records.production.selection import Selection
    from rig.reports.quality.production import Ways

_BY = click.Choice(("product", "station", "position", "lot", "operator", "day", "shift"))


@click.group()
def quality() -> None:
    """Statistics of production, from the records alone; nothing is measured."""


quality.add_command(affected)
quality.add_command(golden)
quality.add_command(holds)
quality.add_command(lot)


@quality.command(name="yield")
@selecting
@click.option("--by", type=_BY, multiple=True, help="List it by this as well; may be given several times.")
@by_shifts
@showing
def yields(records: str, by: tuple[str, ...], shifts: tuple[int, ...], time_zone: Any, **options: Any) -> None:
    """First-pass and final yield; a retest is no new unit, a test that the bench spoiled is none of the unit."""
    from rig.quality.yields import group_key, yield_of, yields_by
    from rig.reports.quality.production import whole_document, yield_section

    chosen = selection(options)
    ways = _ways(shifts, time_zone, options)
    units = _units(records, chosen)
    section = yield_section(units, by, ways)
    data = {
        "yield": _yield_data(yield_of(units)),
        "by": {
            group: [_yield_data(each) for each in yields_by(units, group_key(group, ways.zone, ways.shift_starts))]
            for group in by
        },
    }
    show(whole_document("Yield", chosen.words, units, [section]), data, **options)


@quality.command()
@selecting
@showing
def pareto(records: str, **options: Any) -> None:
    """Failed units by failure class, each unit once."""
    from rig.quality.yields import pareto as lines_of
    from rig.reports.quality.production import pareto_section, whole_document

    chosen = selection(options)
    units = _units(records, chosen)
    document = whole_document("Failures", chosen.words, units, [pareto_section(units, _ways((6,), None, options))])
    show(document, {"pareto": list(lines_of(units))}, **options)


@quality.command()
@selecting
@click.option("--quantity", type=LINE, default="", help="Only this one, such as active_power.")
@click.option("--passed-only", is_flag=True, help="Leave failed units out; the indices are then too good.")
@click.option("--subgroups", type=click.Choice(("none", "shift")), default="none", show_default=True)
@by_shifts
@showing
def capability(records: str, quantity: str, passed_only: bool, subgroups: str, **options: Any) -> None:
    """Cp, Cpk, Pp and Ppk of each measurement and position, with 95 % intervals.

    The spread in the short term is that of the moving ranges, or with --subgroups that within each shift.
    """
    from rig.reports.quality.production import capability_section, judged_series, shift_names, whole_document

    chosen = selection(options)
    ways = _ways(options.pop("shifts"), options.pop("time_zone"), options)
    units, series = _series(records, chosen, quantity, only_passed=passed_only)
    judged = judged_series(series, shift_names(ways) if subgroups == "shift" else None)
    document = whole_document("Capability", chosen.words, units, [capability_section(judged, ways)])
    data = {
        "capability": [
            {"measurement": each.series.measurement, "station": each.series.station, "position": each.series.position,
             "found": each.found, "why_not": each.why_not}
            for each in judged
        ]
    }  # fmt: skip
    show(document, data, **options)


@quality.command()
@selecting
@click.option("--quantity", type=LINE, default="", help="Only this one, such as active_power.")
@click.option("--kind", type=click.Choice(("i-mr", "xbar-s", "ewma")), default="i-mr", show_default=True)
@click.option(
    "--rules", type=click.Choice(("western-electric", "nelson")), default="western-electric", show_default=True
)
@click.option("--baseline", type=COUNT, default=25, show_default=True, help="Values that the limits are made of.")
@by_shifts
@showing
def chart(records: str, quantity: str, kind: str, rules: str, baseline: int, **options: Any) -> None:
    """Control charts of each measurement and position, with limits from a baseline.

    Individuals and moving ranges, means and standard deviations of shifts, or EWMA, which finds small lasting shifts.
    """
    from rig.reports.quality.production import chart_section, charts_of, whole_document

    chosen = selection(options)
    ways = _ways(options.pop("shifts"), options.pop("time_zone"), options, rules=rules, baseline=baseline)
    units, series = _series(records, chosen, quantity)
    document = whole_document("Control charts", chosen.words, units, [chart_section(series, kind, ways)])
    found = []
    for each in series if options["as_json"] else ():
        try:
            charts, _ = charts_of(each, kind, ways)
        except ValueError:
            continue
        found.append(
            {"measurement": each.measurement, "station": each.station, "position": each.position,
             "charts": [_chart_data(one) for one in charts]}
        )  # fmt: skip
    show(document, {"charts": found}, **options)


@quality.command()
@selecting
@click.option(
    "--rules", type=click.Choice(("western-electric", "nelson")), default="western-electric", show_default=True
)
@click.option("--baseline", type=COUNT, default=25, show_default=True, help="Values that the limits are made of.")
@by_shifts
@showing
def report(records: str, rules: str, baseline: int, **options: Any) -> None:
    """All of it in one document: yield, failures, capability and control charts."""
    from rig.quality.yields import pareto as lines_of
    from rig.quality.yields import yield_of
    from rig.reports.quality.production import (
        capability_section,
        chart_section,
        judged_series,
        pareto_section,
        whole_document,
        yield_section,
    )

    chosen = selection(options)
    ways = _ways(options.pop("shifts"), options.pop("time_zone"), options, rules=rules, baseline=baseline)
    units, series = _series(records, chosen, "")
    sections = [
        yield_section(units, ("product", "station", "position", "lot", "shift"), ways),
        pareto_section(units, ways),
        capability_section(judged_series(series), ways),
        chart_section(series, "i-mr", ways),
    ]
    data = {"yield": _yield_data(yield_of(units)), "pareto": list(lines_of(units))}
    show(whole_document("Quality report", chosen.words, units, sections), data, **options)


def _units(records: str, chosen: Selection) -> tuple[Unit, ...]:
    from rig.quality.yields import units_of
    from rig.records.store import RunStore

    with RunStore.open_to_read(records) as store:
        return units_of(store.unit_tests(chosen, whole_units=True), chosen)


def _series(
    records: str, chosen: Selection, quantity: str, *, only_passed: bool = False
) -> tuple[tuple[Unit, ...], tuple[Series, ...]]:
    from rig.quality.series import first_tests, series_of
    from rig.quality.yields import units_of
    from rig.records.store import RunStore

    with RunStore.open_to_read(records) as store:
        units = units_of(store.unit_tests(chosen, whole_units=True), chosen)
        values = store.values(chosen, quantity)
    return units, series_of(values, first_tests(units, only_passed=only_passed))


def _ways(shifts: tuple[int, ...], zone: Any, options: dict[str, Any], **more: Any) -> Ways:
    from datetime import UTC

    from rig.reports.quality.production import Ways

    draws = options["html"] is not None or options["pdf"] is not None
    return Ways(zone=zone or UTC, shift_starts=shifts, draws=draws, **more)


def _yield_data(each: Any) -> dict[str, Any]:
    return {
        "name": each.name,
        "units": each.first_pass.of,
        "first_pass": each.first_pass.count,
        "first_pass_interval": list(each.first_pass.interval) if each.first_pass.of else None,
        "final": each.final.count,
        "tests": each.tests,
        "retested": each.retested,
        "incomplete_tests": each.incomplete,
    }


def _chart_data(chart: Any) -> dict[str, Any]:
    return {
        "name": chart.name,
        "values": list(chart.values),
        "centre": chart.centre,
        "lower": list(chart.lower),
        "upper": list(chart.upper),
        "baseline": chart.baseline,
        "signals": [
            {"place": signal.place, "rule": signal.rule.name, "words": signal.rule.words} for signal in chart.signals
        ],
    }
