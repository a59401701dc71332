"""``rig judge``: judge a recorded run once more from its stored readings; the run's own results stay."""

from __future__ import annotations

import json
from pathlib import Path

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import LINE, RULE, AnyPath
from rig.records import RECORDS


@click.command()
@click.argument("run", default="last")
@click.option("--standard", default=None, metavar="NAME|PATH", help="Limit table  [default: limits as in the run]")
@click.option("--rule", type=RULE, default=None, help="Decision rule  [default: as in the run]")
@click.option("--correction", type=AnyPath(), default=None, help="File of corrections, in the place of the run's.")
@click.option("--operator", type=LINE, default="", help="Who judges; goes into the record.")
@click.option("--records", default=RECORDS, show_default=True, metavar="URL|PATH")
@click.option("--all", "show_all", is_flag=True, help="Print every result, not only what changed or did not pass.")
@click.option("--monte-carlo", is_flag=True, help="Print U beside what draws of the same budgets tell.")
@click.option("--json", "as_json", is_flag=True, help="Print the judgement as one JSON object.")
def judge(
    run: str,
    standard: str | None,
    rule: str | None,
    correction: Path | None,
    operator: str,
    records: str,
    show_all: bool,
    monte_carlo: bool,
    as_json: bool,
) -> int:
    """Judge RUN (an id, its first letters, or "last") once more, from what was read in it.

    The judgement is recorded beside the run, which stays as it is; the exit code is that of its outcome.
    """
    from rig.exit_codes import exit_code_of_outcome
    from rig.metrology.decision import DecisionRule
    from rig.metrology.limit_files import load_limit_table
    from rig.metrology.outcome import Outcome
    from rig.procedures.rejudging.rejudge import Choice, CorrectionFile, rejudge
    from rig.procedures.rejudging.stored import RunCannotBeRejudged
    from rig.records.plain_json import to_json
    from rig.records.store import RunStore
    from rig.reports.judgements import judgement_lines, monte_carlo_lines
    from rig.safety.state import run_in_progress, state_path
    from rig.version import software_version

    choice = Choice(
        standard=None if standard is None else load_limit_table(standard),
        rule=None if rule is None else DecisionRule(rule),
        correction=None if correction is None else CorrectionFile.read(correction),
    )
    with RunStore.open_to_read(records) as found:
        recorded = found.run(run)
    if recorded.finished_utc is None and state_path().is_dir() and run_in_progress(recorded.run_id):
        raise RunCannotBeRejudged(recorded.run_id, "it is still being recorded", "judge it when it has ended")
    judgement = rejudge(recorded, choice, software_version=software_version(), operator=operator)
    with RunStore.open(records) as store:
        store.enter_judgement(recorded.run_id, judgement)
    if as_json:
        whole = to_json(judgement)
        assert isinstance(whole, dict)
        echo(json.dumps({"run_id": recorded.run_id, "simulated": recorded.header.simulated} | whole, indent=2))
    else:
        for line in judgement_lines(recorded, judgement, show_all=show_all):
            echo(line)
        for line in monte_carlo_lines(judgement) if monte_carlo else ():
            echo(line)
    return exit_code_of_outcome(Outcome(judgement.outcome))
