"""``rig msa``: gauge repeatability and reproducibility of a crossed study, from a CSV file or recorded tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rig.cli.quality.options import selecting, selection, show, showing
from rig.cli.shared.types import LINE, Number

if TYPE_CHECKING:
    from rig.quality.gauge.anova import GaugeResult
    from rig.quality.gauge.readings import Reading

_DETAILED = 4


@click.command()
@click.argument("sources", nargs=-1, metavar="[CSV | RUN ...]")
@selecting
@click.option("--appraiser", type=click.Choice(("operator", "position", "station", "day")), default="operator",
              show_default=True, help="Of recorded tests: what stands for the operators.")  # fmt: skip
@click.option("--quantity", type=LINE, default="", help="Of recorded tests: only this one, such as active_power.")
@click.option(
    "--tolerance", type=Number(1e-12, 1e12), default=None, help="Upper less lower limit  [default: 2 × limit]."
)
@click.option("--alpha", type=Number(0.0, 1.0), default=0.25, show_default=True,
              help="The interaction is pooled where its p-value is above this.")  # fmt: skip
@click.option("--unit", type=LINE, default="", help="Of the values of a CSV file, for tables and plots.")
@showing
def msa(
    sources: tuple[str, ...],
    records: str,
    appraiser: str,
    quantity: str,
    tolerance: float | None,
    alpha: float,
    unit: str,
    **options: Any,
) -> None:
    """Gauge R&R: how much of what is seen is the gauge (crossed study, analysis of variance).

    CSV: a file with the columns part, operator and value. RUN ...: recorded tests of the same units, by their ids;
    without any the tests that --lot, --since and the like choose. Each operator measures each part equally often.
    """
    from rig.quality.gauge.anova import StudyRefused, gauge_result, study_of
    from rig.reports.quality.document import Document
    from rig.reports.quality.gauge import result_section, summary_section

    chosen = selection(options)
    if len(sources) == 1 and (sources[0].lower().endswith(".csv") or Path(sources[0]).is_file()):
        from rig.quality.gauge.readings import read_csv

        of: dict[str, tuple[list[Reading], float | None]] = {Path(sources[0]).stem: (read_csv(Path(sources[0])), None)}
        simulated, what = False, sources[0]
    else:
        of, simulated = _recorded(records, chosen, sources, appraiser, quantity)
        unit, what = "%", f"{appraiser}s of {' '.join(sources) or chosen.words}"
    results: list[tuple[str, GaugeResult]] = []
    refused: list[tuple[str, str]] = []
    for name, (readings, from_limit) in of.items():
        try:
            results.append((name, gauge_result(study_of(readings), tolerance or from_limit, alpha)))
        except StudyRefused as refusal:
            refused.append((name, str(refusal)))
    if not results:
        raise StudyRefused(refused[0][1] if refused else "no measured value is recorded of these tests")
    results.sort(key=lambda pair: -pair[1].components["gauge R&R"].study_pct)
    draws = options["html"] is not None or options["pdf"] is not None
    sections = [summary_section(results, refused)] if len(of) > 1 else []
    sections += [
        result_section(name, result, f"msa-{place}", unit, draws=draws)
        for place, (name, result) in enumerate(results[:_DETAILED])
    ]
    facts = (("Method", "AIAG MSA, 4th edition: crossed, ANOVA"), ("Measurements", str(len(results))))
    document = Document("Gauge R&R", what, facts, tuple(sections), simulated)
    show(document, {"studies": [_data(name, result) for name, result in results], "refused": dict(refused)}, **options)


def _recorded(
    records: str, chosen: Any, sources: tuple[str, ...], appraiser: str, quantity: str
) -> tuple[dict[str, tuple[list[Reading], float | None]], bool]:
    from rig.quality.gauge.readings import readings_by_measurement
    from rig.records.store import RunStore

    with RunStore.open_to_read(records) as store:
        if sources:
            chosen = replace(chosen, kind="", run_ids=tuple(store.run_id(each) for each in sources))
        tests = store.unit_tests(chosen)
        found = readings_by_measurement(store.values(chosen, quantity), tests, appraiser)
    return {each.name: readings for each, readings in found.items()}, any(test.simulated for test in tests)


def _data(name: str, result: GaugeResult) -> dict[str, Any]:
    return {
        "name": name,
        "parts": list(result.study.parts),
        "operators": list(result.study.operators),
        "replicates": result.study.replicates,
        "anova": list(result.lines),
        "anova_pooled": list(result.pooled_lines),
        "pooled": result.pooled,
        "interaction_p": result.interaction_p,
        "components": [{"sigma": each.sigma} | _fields(each) for each in result.components.values()],
        "negative": list(result.negative),
        "ndc": result.ndc,
        "tolerance": result.tolerance,
        "verdict": result.verdict,
    }


def _fields(component: Any) -> dict[str, Any]:
    names = ("name", "variance", "contribution_pct", "study_pct", "tolerance_pct")
    return {name: getattr(component, name) for name in names}
