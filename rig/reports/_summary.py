"""Summary of a run beyond its rows: counts, the worst of each, largest U/L, and the error curves."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rig.records.data import LimitProvenance, PointRecord, ResultRecord, RunRecord
from rig.records.verdicts import OUTCOMES, SEVERITY, Judgement, count_verdicts
from rig.reports._words import load_name, load_title, procedure_name, quantity_name

_LOAD_MATTERS = ("power", "energy")


@dataclass(frozen=True, slots=True)
class Judged:
    """One result with the load point it belongs to."""

    point: PointRecord
    result: ResultRecord


@dataclass(frozen=True, slots=True)
class CountLine:
    """How many verdicts of one procedure and quantity came out how, and the number of results behind them."""

    procedure: str
    quantity: str
    counts: Counter[str]
    results: int


@dataclass(frozen=True, slots=True)
class LimitLine:
    """One limit row in use: how many results it judged, and the one with the largest U/L."""

    limit: LimitProvenance
    quantity: str
    limit_pct: float
    judged: int
    worst: Judged


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a plot: results in order of current. ``name`` is empty where a plot has one line only."""

    name: str
    points: tuple[Judged, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One plot of error against current. ``key`` serves as file name and is unique in the run."""

    key: str
    title: str
    curves: tuple[Curve, ...]

    @property
    def limits(self) -> tuple[tuple[float, float, float], ...]:
        """Current in percent, limit and acceptance limit in percent of reading, ordered by current.

        Where results at one current differ in their acceptance limit the narrowest is given.
        """
        found: dict[float, tuple[float, float]] = {}
        for curve in self.curves:
            for judged in curve.points:
                limit = judged.result.limit_pct
                if limit is None:
                    continue
                accepted = limit - (judged.result.guard_band_pct or 0.0)
                current = judged.point.load_point.current_pct
                known = found.get(current, (limit, accepted))
                found[current] = (min(limit, known[0]), min(accepted, known[1]))
        return tuple((current, *pair) for current, pair in sorted(found.items()))


def all_results(run: RunRecord) -> Iterator[Judged]:
    """Every result in the order in which it was recorded."""
    for point in run.points:
        for result in point.results:
            yield Judged(point, result)


def severity(judged: Judged) -> tuple[int, float]:
    """Order results, the worst first: by outcome, then by how much of the limit the error takes."""
    result = judged.result
    share = abs(result.error_pct) / result.limit_pct if result.error_pct is not None and result.limit_pct else 0.0
    return OUTCOMES.index(result.outcome), -share


def worst_of(point: PointRecord) -> ResultRecord | None:
    """The result that decides over a load point."""
    judged = [Judged(point, result) for result in point.results]
    return min(judged, key=severity).result if judged else None


def counts(run: RunRecord) -> list[CountLine]:
    """Verdicts by procedure and quantity, and how many results they rest on."""
    lines: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    for judged in all_results(run):
        lines[judged.result.procedure, judged.result.quantity].append(judged)
    return [CountLine(*key, verdicts_of(group), len(group)) for key, group in lines.items()]


def total_counts(run: RunRecord) -> Counter[str]:
    """Verdicts and findings by outcome, the most severe first; results that repeat one fact count once."""
    found = quantity_counts(run) + question_counts(run)
    return Counter({outcome: found[outcome] for outcome in OUTCOMES if found[outcome]})


def quantity_counts(run: RunRecord) -> Counter[str]:
    """Verdicts on quantities by outcome; results that repeat one fact count once."""
    return verdicts_of(all_results(run))


def question_counts(run: RunRecord) -> Counter[str]:
    """Findings by outcome."""
    return Counter(finding.outcome for finding in run.findings)


def verdicts_of(results: Iterable[Judged]) -> Counter[str]:
    """Verdicts by outcome; results that repeat one fact count once."""
    return count_verdicts((_judgement(judged) for judged in results), SEVERITY)


def _judgement(judged: Judged) -> Judgement:
    point, result = judged.point.load_point, judged.result
    return Judgement(
        result.procedure,
        result.quantity,
        result.instance,
        result.unit_number,
        result.limit_pct,
        judged.point.label,
        (point.voltage_v, point.voltages_pct, point.voltage_shift_deg),
        point.current_pct,
        point.frequency_hz,
        result.outcome,
        result.condition,
    )


def limit_lines(run: RunRecord) -> list[LimitLine]:
    """The largest U/L of each limit row in use."""
    groups: dict[tuple[LimitProvenance, str, float], list[Judged]] = defaultdict(list)
    for judged in all_results(run):
        result = judged.result
        if result.limit is not None and result.limit_pct is not None:
            groups[result.limit, result.quantity, result.limit_pct].append(judged)
    return [
        LimitLine(*key, len(group), max(group, key=lambda judged: judged.result.uncertainty_ratio or 0.0))
        for key, group in sorted(
            groups.items(), key=lambda item: (item[0][0].standard, item[0][1], item[0][0].table, item[0][2])
        )
    ]


def limits_in_use(run: RunRecord) -> list[LimitProvenance]:
    """Every limit table row's provenance, once."""
    return list(dict.fromkeys(line.limit for line in limit_lines(run)))


def panels(run: RunRecord) -> list[Panel]:
    """All plots of a run: one for each quantity, power factor and kind of load; judged quantities only.

    Variations under a changed condition are no curve over the current, and are left out; so are points without current.
    """
    groups: dict[tuple[str, str, str, bool], dict[str, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    for judged in all_results(run):
        result, point = judged.result, judged.point
        if result.limit_pct is None or result.error_pct is None or result.condition:
            continue
        if not point.load_point.current_pct:
            continue
        follows_load = any(word in result.quantity for word in _LOAD_MATTERS)
        balanced = point.load_point.is_balanced or not follows_load
        load = load_name(point) if follows_load else ""
        curve = f"{result.phase} of meter {result.unit_number}" if len(run.units) > 1 else result.phase
        groups[result.procedure, result.quantity, load, balanced][curve].append(judged)
    return [_panel(number, key, curves) for number, (key, curves) in enumerate(sorted(groups.items(), key=_order), 1)]


def _panel(number: int, key: tuple[str, str, str, bool], curves: dict[str, list[Judged]]) -> Panel:
    procedure, quantity, load, balanced = key
    kind = "" if balanced else ", one phase alone"
    any_point = next(iter(curves.values()))[0].point
    where = f", {load_title(any_point)}" if load else ", all load points"
    name = "-".join(
        _safe(word) for word in (f"{number:02}", procedure, quantity, load, "" if balanced else "single") if word
    )
    return Panel(
        key=name,
        title=f"{quantity_name(quantity).capitalize()}{where}{kind}"
        + (" (registers)" if "energy" in procedure else _other_than_errors(procedure)),
        curves=tuple(
            Curve(
                name="" if phase == "ABC" and len(curves) == 1 else f"phase {phase}" if len(phase) == 1 else phase,
                points=tuple(sorted(points, key=lambda judged: judged.point.load_point.current_pct)),
            )
            for phase, points in sorted(curves.items())
        ),
    )


def _other_than_errors(procedure: str) -> str:
    return "" if procedure == "power_comparison" else f" ({procedure_name(procedure)})"


def _order(item: tuple[tuple[str, str, str, bool], object]) -> tuple[bool, str, str, bool, str]:
    """Powers before registers; balanced before single-phase; PF 1 first among its kind."""
    procedure, quantity, load, balanced = item[0]
    return "energy" in procedure, procedure, quantity, not balanced, load.replace("PF1", "PF 1")


def _safe(word: str) -> str:
    """Make any word fit for a file name."""
    return "".join(letter if letter.isalnum() or letter in "._" else "_" for letter in word)[:60]


def ordered(outcomes: Iterable[str]) -> list[str]:
    """Outcomes without repetition, the most severe first."""
    present = set(outcomes)
    return [outcome for outcome in OUTCOMES if outcome in present]
