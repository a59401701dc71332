"""The report of a run as one self-contained HTML file, drawn from its record and nothing else."""

from __future__ import annotations

import importlib.resources
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from meter_model.objects.points import OBJECTS
from rig.records.data import ObjectValue, RunRecord
from rig.reports import _summary, _words
from rig.reports.attention import attention_lines
from rig.reports.conditions import condition_lines
from rig.reports.coverage import coverage_text
from rig.reports.extra_packages import need
from rig.reports.plots import inline_svgs
from rig.reports.resumptions import resumptions
from rig.reports.units import unit_verdicts

if TYPE_CHECKING:
    from jinja2 import Template


@dataclass(frozen=True, slots=True)
class ValueLine:
    """One object before and after the run. ``after`` is a dash where it was not read again."""

    name: str
    description: str
    before: str
    after: str
    differs: bool


def write_html(run: RunRecord, path: Path | str) -> None:
    """Write the report of ``run``: styles and plots inside, no reference to anything outside the file.

    The same record gives the same file: no time but the run's own, no random id. Raises ``ReportsNotInstalled``.
    """
    Path(path).write_text(render_html(run), encoding="utf-8")


def render_html(run: RunRecord) -> str:
    """Give what ``write_html`` writes."""
    need("jinja2", "matplotlib")
    from markupsafe import Markup

    package = importlib.resources.files("rig.reports")
    limit_lines = _summary.limit_lines(run)
    unverified = (_words.edition_of(line.limit) for line in limit_lines if not line.limit.is_verified)
    return _template((package / "report.html").read_text(encoding="utf-8")).render(
        run=run,
        header=run.header,
        style=Markup((package / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        plots=[(panel, Markup(svg)) for panel, svg in inline_svgs(run)],  # noqa: S704 - text escaped by matplotlib
        counts=_summary.counts(run),
        totals=_summary.total_counts(run),
        outcomes=_summary.ordered(_summary.total_counts(run)),
        attention=attention_lines(run),
        coverage=coverage_text(run),
        resumptions=resumptions(run),
        units=unit_verdicts(run),
        conditions=condition_lines(run),
        limit_lines=limit_lines,
        unverified=list(dict.fromkeys(unverified)),
        limits=_summary.limits_in_use(run),
        configuration=_lines(run.configuration_before, run.configuration_after),
        registers=_lines(run.registers_before, ()),
        worst_of=_summary.worst_of,
        words=_words,
    )


def _template(text: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["words_limit_statement"] = _words.limit_statement
    environment.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    return environment.from_string(text)


def _lines(before: tuple[ObjectValue, ...], after: tuple[ObjectValue, ...]) -> list[ValueLine]:
    """Put what was saved before and after side by side, by unit and object."""
    first = {(value.unit_number, value.name): value.value for value in before}
    last = {(value.unit_number, value.name): value.value for value in after}
    several_units = len({unit for unit, _ in (*first, *last)}) > 1
    return [
        ValueLine(
            name=f"{name} (unit {unit})" if several_units else name,
            description=_DESCRIPTIONS.get(name, ""),
            before=_shown(first.get((unit, name))),
            after=_shown(last.get((unit, name))),
            differs=bool(after) and not _same(first.get((unit, name)), last.get((unit, name))),
        )
        for unit, name in dict.fromkeys((*first, *last))
    ]


def _shown(value: float | None) -> str:
    if value is None:
        return _words.DASH
    return "QNAN" if math.isnan(value) else _words.number(value, 9)


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other or (math.isnan(one) and math.isnan(other))


_DESCRIPTIONS = {f"{point.kind}{point.instance}": point.description for point in OBJECTS}
