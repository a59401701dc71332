"""``rig characterise``: discriminating tests on a bench, and a proposed behaviour profile for a person to review."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import LINE, AnyPath
from rig.records import RECORDS

if TYPE_CHECKING:
    from rig.procedures.characterise.evidence import Evidence


@click.command()
@click.option("--bench", "bench_name", default="emulated", show_default=True, metavar="NAME|PATH", help="Bench file.")
@click.option("--position", default=None, metavar="NAME", help="The position, where the bench has several.")
@click.option(
    "--out",
    type=AnyPath(),
    default=Path("proposed-behaviour.yaml"),
    show_default=True,
    metavar="FILE",
    help="The proposed profile.",
)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.option("--allow-reset", is_flag=True, help="Also make tests that clear the meter's energies, demand and logs.")
@click.option("--accept-wiring", is_flag=True, help="Go on though the wiring check finds it wrong.")
@click.option("--records", default=RECORDS, show_default=True, metavar="URL|PATH", help="Database of runs.")
@click.option("--operator", type=LINE, default="", help="Who runs this; goes into the record.")
@click.option("--unprotected", is_flag=True, help="Energise though neither a source watchdog nor a contactor is there.")
def characterise(
    bench_name: str,
    position: str | None,
    out: Path,
    force: bool,
    allow_reset: bool,
    accept_wiring: bool,
    records: str,
    operator: str,
    unprotected: bool,
) -> int:
    """Find out what a meter does where its manual leaves a choice, and propose a behaviour profile.

    Each test applies a load at which the choices read differently. The profile is written with its evidence; a person
    reviews it and puts it into the meter type's file for a firmware version. Nothing is judged.
    """
    from rig.bench import load_bench, one_position
    from rig.cli.on_bench import run_on_bench
    from rig.errors import BenchFault, UsageRefused
    from rig.plans import end_of_line_plan
    from rig.procedures.behaviour.inquiry import Inquiry
    from rig.procedures.characterise.characterise import characterise as make_tests
    from rig.procedures.characterise.figures import figures
    from rig.procedures.characterise.proposal import Characterised, proposal_text
    from rig.procedures.characterise.subject import BenchSubject

    if out.exists() and not force:
        raise UsageRefused(f"{out} is there already", "name another file with --out, or overwrite it with --force")
    bench_file = one_position(load_bench(bench_name), position)
    with run_on_bench(
        bench_file,
        "characterise",
        records=records,
        operator=operator,
        unprotected=unprotected,
        allow_reset=allow_reset,
    ) as run:
        nominal = bench_file.parts.nominal
        assert nominal is not None  # a bench file with a source has one
        run.configure(end_of_line_plan(bench_file).configuration)
        run.check_wiring(accept=accept_wiring)

        def done(evidence: Evidence) -> None:
            run.note(evidence.choice, evidence.applied, evidence.text, "NOT_JUDGED")
            echo(f"{evidence.key} {evidence.text}")

        subject = BenchSubject(Inquiry(run, allow_reset=allow_reset), nominal)
        found = make_tests(subject, done)
        measured = figures(subject)
        for figure in measured:
            run.note(figure.what, "", figure.found, "NOT_JUDGED")
            echo(f"{figure.key} {figure.text}")
        identity = run.position.identity
        of = Characterised(
            run.position.meter_type.name,
            identity.firmware_revision,
            identity.serial_number,
            bench_file.name,
            run.bench.simulated,
            run.record.run_id,
            dt.datetime.now(dt.UTC).date(),
        )
    try:
        out.write_text(proposal_text(of, found, measured), encoding="utf-8")
    except OSError as error:
        raise BenchFault(f"{out} cannot be written ({error.strerror}); the evidence is in {records}") from None
    echo(f"{out}: {_counted(found)}; review it before a suite loads it (docs/how-to/characterise-a-meter.md)")
    return 0


def _counted(found: Sequence[Evidence]) -> str:
    counts = Counter(str(each.sureness) for each in found)
    changed = sum(each.proposed is not None and not each.is_default for each in found)
    return ", ".join([*(f"{count} {what}" for what, count in counts.items()), f"{changed} other than the default"])
