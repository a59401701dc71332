"""The sections of a document about production: yield, Pareto, capability and control charts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from rig.products.failure_classes import FailureClass
from rig.quality.process.capability import LEAST, Capability, capability
from rig.quality.process.charts import LEAST as LEAST_BASELINE
from rig.quality.process.charts import Chart, ewma, individuals, means_and_deviations
from rig.quality.process.rules import NELSON, WESTERN_ELECTRIC
from rig.quality.series import Series, subgroups_of
from rig.quality.yields import Unit, Yield, group_key, pareto, shift_name, yield_of, yields_by
from rig.reports.quality.document import Block, Document, Note, Plot, Section, Table
from rig.reports.quality.figures import chart_plot, histogram_plot, indices_plot, normal_plot, pareto_plot, yield_plot

_RULE_NAMES = {WESTERN_ELECTRIC: "Western Electric rules 1 to 4", NELSON: "Nelson rules 1 to 8"}
_SHOWN_CHARTS = 6
_MOST_BARS = 60


@dataclass(frozen=True, slots=True)
class Ways:
    """How charts and shifts are made. ``baseline``: values that make the limits, None for 25; ``draws``: with plots."""

    zone: tzinfo = UTC
    shift_starts: tuple[int, ...] = (6, 14, 22)
    rules: str = WESTERN_ELECTRIC
    baseline: int | None = None
    draws: bool = True


@dataclass(frozen=True, slots=True)
class Judged:
    """A series with its capability; ``why_not`` says why there is none."""

    series: Series
    found: Capability | None
    why_not: str = ""


def whole_document(title: str, what: str, units: Sequence[Unit], sections: Iterable[Section]) -> Document:
    """Put sections about ``units`` together."""
    tests = [test for unit in units for test in unit.tests]
    times = [test.started_utc for test in tests]
    facts = [("Units", str(len(units))), ("Complete tests", str(len(tests)))]
    if times:
        facts.append(("First and last test", f"{min(times):%Y-%m-%d %H:%M} to {max(times):%Y-%m-%d %H:%M} UTC"))
    for name in ("product", "station", "lot"):
        said = sorted({getattr(test, name) or "(not stated)" for test in tests})
        facts.append(
            (f"{name.capitalize()}s", ", ".join(said[:8]) + (f" and {len(said) - 8} more" if said[8:] else ""))
        )
    return Document(title, what, tuple(facts), tuple(sections), any(test.simulated for test in tests))


def yield_section(units: Sequence[Unit], groups: Sequence[str], ways: Ways) -> Section:
    """Return first-pass and final yield, in all and by each of ``groups``."""
    if not units:
        return Section("Yield", (Note("no complete test of a unit is recorded here"),))
    whole = yield_of(units)
    blocks: list[Block] = [
        f"First-pass yield {whole.first_pass.text}.",
        f"Final yield {whole.final.text}.",
        f"{whole.tests} complete tests of {len(units)} units; {whole.retested} units were tested more than once. "
        f"{whole.incomplete} tests were stopped, or the bench failed in them: they count for no unit.",
    ]
    for group in groups:
        found = yields_by(units, group_key(group, ways.zone, ways.shift_starts))
        blocks.append(_yield_table(found, group))
        if ways.draws and 1 < len(found) <= _MOST_BARS:
            blocks.append(yield_plot(found, group))
    return Section("Yield", tuple(blocks))


def _yield_table(groups: Sequence[Yield], by: str) -> Table:
    rows = []
    for group in groups:
        low, high = group.first_pass.interval
        rows.append(
            (
                group.name, str(group.first_pass.of), _percent(group.first_pass.value),
                f"{100 * low:.1f} to {100 * high:.1f}", _percent(group.final.value), str(group.retested),
                str(group.incomplete),
            )
        )  # fmt: skip
    heads = (by, "units", "first pass %", "95 % interval", "final %", "retested", "incomplete tests")
    return Table(heads, tuple(rows), (1, 2, 3, 4, 5, 6), f"A unit counts in the {by} of its first complete test.")


def pareto_section(units: Sequence[Unit], ways: Ways) -> Section:
    """Return the failed units by failure class."""
    lines = pareto(units)
    if not lines:
        return Section("Failures", ("No unit failed.",))
    words = {str(each): each.words for each in FailureClass}
    rows = tuple(
        (
            words[line.failure_class],
            line.failure_class,
            str(line.units),
            _percent(line.share),
            _percent(line.cumulative),
        )
        for line in lines
    )
    table = Table(("failure", "class", "units", "share %", "cumulative %"), rows, (2, 3, 4))
    said = "Each unit that failed counts once: by the first class of the first test that it failed."
    plots = (pareto_plot(lines, [words[line.failure_class] for line in lines]),) if ways.draws else ()
    return Section("Failures", (said, table, *plots))


def judged_series(
    series: Iterable[Series], subgroup: Callable[[Series], Sequence[str]] | None = None
) -> tuple[Judged, ...]:
    """Return the capability of each series against ±limit; ``subgroup`` names the subgroup of each value."""
    return tuple(_judged(each, subgroup(each) if subgroup else None) for each in series)


def _judged(series: Series, names: Sequence[str] | None) -> Judged:
    if series.limit_pct is None:
        return Judged(series, None, "no limit was applied")
    if len(series.values) < LEAST:
        return Judged(series, None, f"{len(series.values)} values, {LEAST} is the least")
    groups = subgroups_of(series, names)[1] if names else None
    try:
        return Judged(series, capability(series.values, -series.limit_pct, series.limit_pct, groups))
    except ValueError as error:
        return Judged(series, None, str(error))


def shift_names(ways: Ways) -> Callable[[Series], Sequence[str]]:
    """Return what names the shift of each value of a series."""
    return lambda series: [shift_name(time, ways.zone, ways.shift_starts) for time in series.times]


def capability_section(judged: Sequence[Judged], ways: Ways, detail: int = 4) -> Section:
    """Return the table of indices, the lowest Ppk first, and plots of the ``detail`` lowest."""
    have = [(each, each.found) for each in judged if each.found is not None]
    have.sort(key=lambda pair: pair[1].ppk.value)
    if not have:
        why = "; ".join(sorted({each.why_not for each in judged})) or "nothing was measured"
        return Section("Capability", (Note(f"no measurement has a capability: {why}"),))
    rows = tuple(
        (
            each.series.measurement.name, each.series.place, str(found.n), f"{found.mean:+.4f}",
            f"{found.within.sigma:.4f}", f"{found.overall.sigma:.4f}", f"±{found.upper:g}", found.cp.text,
            found.cpk.text, found.pp.text, found.ppk.text, str(found.outside), f"{1e6 * found.expected_outside:.0f}",
            "–" if found.normality.p_value is None else f"{found.normality.p_value:.3f}",
        )
        for each, found in have
    )  # fmt: skip
    heads = (
        "measurement", "position", "n", "mean %", "s short %", "s all %", "limit %", "Cp", "Cpk", "Pp", "Ppk",
        "outside", "ppm normal", "p normal",
    )  # fmt: skip
    blocks: list[Block] = [
        "The first complete test of each unit counts, failed ones too. Cp and Cpk rest on the short-term spread, Pp "
        'and Ppk on the overall one; in parentheses: 95 % interval. "ppm normal": expected outside if normal.',
        Table(heads, rows, tuple(range(2, len(heads)))),
    ]
    left_out = len(judged) - len(have)
    if left_out:
        blocks.append(f"{left_out} more have no index: {'; '.join(sorted({e.why_not for e in judged if e.why_not}))}.")
    if any(each.series.limit_changed for each, _ in have):
        blocks.append(Note("Some results were judged by another limit than the newest, which is used for all values."))
    odd = sum(found.normality.p_value is not None and found.normality.p_value < 0.05 for _, found in have)
    if odd:
        blocks.append(
            Note(f"{odd} of {len(have)} are not normal (p below 0.05): their ppm do not follow from the indices.")
        )
    if ways.draws:
        short = [(f"{each.series.measurement.name}, {each.series.place}", found) for each, found in have[:40]]
        blocks.append(indices_plot(short))
        for number, (each, found) in enumerate(have[:detail]):
            name = f"{each.series.measurement.name}, {each.series.place}"
            blocks += [histogram_plot(each.series.values, found, f"histogram-{number}", name),
                       normal_plot(each.series.values, found, f"normal-{number}")]  # fmt: skip
    return Section("Capability", tuple(blocks))


def charts_of(series: Series, kind: str, ways: Ways) -> tuple[tuple[Chart, ...], tuple[str, ...]]:
    """Return the charts of a series and the label of each place. Raises ValueError where there are too few values.

    ``kind``: "i-mr", "ewma", or "xbar-s" (subgroups are shifts; a shift with one value is left out).
    """
    if kind == "xbar-s":
        names, groups = subgroups_of(series, shift_names(ways)(series))
        useful = [(name, group) for name, group in zip(names, groups, strict=True) if len(group) > 1]
        if not useful:
            raise ValueError("no shift has two values")
        charts = means_and_deviations([group for _, group in useful], ways.baseline, ways.rules)
        return charts, tuple(name for name, _ in useful)
    labels = tuple(series.serial_numbers)
    if kind == "ewma":
        return (ewma(series.values, ways.baseline),), labels
    return individuals(series.values, ways.baseline, ways.rules), labels


def chart_section(series: Sequence[Series], kind: str, ways: Ways) -> Section:
    """Return one line for each series, and the charts of those that signal or, of a single one, its charts."""
    rows: list[tuple[str, ...]] = []
    blocks: list[Plot] = []
    too_few = 0
    for number, each in enumerate(series):
        try:
            charts, labels = charts_of(each, kind, ways)
        except ValueError:
            too_few += 1
            continue
        name = f"{each.measurement.name}, {each.place}"
        first = charts[0]
        found = [signal for chart in charts for signal in chart.signals]
        rows.append(
            (
                each.measurement.name, each.place, str(len(first.values)), str(first.baseline), f"{first.centre:+.4f}",
                f"{first.lower[-1]:+.4f}", f"{first.upper[-1]:+.4f}", str(len({signal.place for signal in found})),
                ", ".join(sorted({signal.rule.name for signal in found})) or "in control",
            )
        )  # fmt: skip
        if ways.draws and (found or len(series) == 1) and len(blocks) < 2 * _SHOWN_CHARTS:
            blocks += [
                chart_plot(chart, f"chart-{kind}-{number}-{place}", _places(labels, chart), "error, %", name)
                for place, chart in enumerate(charts)
            ]
    if not rows:
        return Section("Control charts", (Note(f"too few values: a baseline needs {LEAST_BASELINE}"),))
    heads = ("measurement", "position", "values", "baseline", "centre %", "LCL %", "UCL %", "signals", "rules")
    rules = "limits only" if kind == "ewma" else _RULE_NAMES[ways.rules]
    lead = f"Charts: {kind.upper()}; {rules}; limits from the first {ways.baseline or 25} values (the baseline)."
    more = [f"{too_few} more series have fewer than {LEAST_BASELINE} values."] if too_few else []
    signalling = sum(row[-1] != "in control" for row in rows)
    hint = [
        Note(f"{signalling} of {len(rows)} charts signal. With {len(rows)} charts some signal by chance: look at the "
             "rule, at neighbours, and at what changed then.")
    ] if signalling else []  # fmt: skip
    table = Table(heads, tuple(rows), (2, 3, 4, 5, 6, 7))
    return Section("Control charts", (lead, table, *more, *hint, *blocks[: 2 * _SHOWN_CHARTS]))


def _places(labels: Sequence[str], chart: Chart) -> Sequence[str]:
    return labels[len(labels) - len(chart.values) :]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.2f}"
