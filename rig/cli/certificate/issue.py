"""``rig certificate RUN``: make the PDF of a recorded run, check it, enter it."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import COUNT, LINE, AnyPath
from rig.errors import UsageRefused
from rig.records import RECORDS

if TYPE_CHECKING:
    from rig.records.issued.judgements import JudgementRecord
    from rig.records.store import RunStore
    from rig.reports.certificate.issue import Issued, Order
    from rig.reports.certificate.parties import Customer, Laboratory

_TEMPLATES = {"laboratory": "laboratory.yaml", "customer": "customer.yaml", "layout": "certificate.typ"}


@click.command("issue")
@click.argument("run", default="last")
@click.option("--laboratory", type=AnyPath(), default=None, metavar="FILE", help="The laboratory file (YAML).")
@click.option("--customer", type=AnyPath(), default=None, metavar="FILE", help="The customer file (YAML).")
@click.option("--records", default=RECORDS, show_default=True, metavar="URL|PATH", help="Database of runs.")
@click.option("--out", type=AnyPath(), default=None, metavar="PATH", help="File or folder  [default: NUMBER.pdf here]")
@click.option("--unit", type=COUNT, default=None, metavar="N", help="Which meter, where the run has several.")
@click.option(
    "--judgement",
    type=COUNT,
    default=None,
    metavar="N",
    help="With the results of the run's Nth later judgement ('rig judge'), not with its own.",
)
@click.option("--amends", type=LINE, default=None, metavar="NUMBER", help="The certificate that this one replaces.")
@click.option("--reason", type=LINE, default=None, metavar="TEXT", help="Why it is replaced.")
@click.option("--draft", is_flag=True, help="Without a number, marked on each page; enters nothing.")
@click.option("--layout", type=AnyPath(), default=None, metavar="FILE.typ", help="A Typst layout of your own.")
@click.option("--xsd", type=AnyPath(), default=None, metavar="FILE", help="XSD of DCC 3.3.0 to validate with.")
@click.option(
    "--template",
    type=click.Choice(sorted(_TEMPLATES)),
    default=None,
    help="Write a file to fill in or to edit, and end.",
)
def issue_command(run: str, template: str | None, out: Path | None, **options: Any) -> None:  # Any: click's options
    """Issue the certificate of RUN (an id, its first letters, or "last") as PDF/A-3b with DCC, JSON and raw data.

    The same run, files and layout give the same certificate again, byte for byte.
    """
    if template is not None:
        _write_template(template, out)
        return
    if (options["amends"] is None) != (options["reason"] is None):
        raise click.UsageError("--amends NUMBER and --reason TEXT are given together")
    from rig.reports.certificate.extra import need_certificates
    from rig.reports.certificate.structure import summary

    need_certificates("typst", "pikepdf")
    _need_folder(out)
    made, order = _made(run, **options)
    target = _target(out, made.number)
    _write(target, made)
    _say(made, order, target)
    checked = made.xsd
    echo(f"  {summary(list(made.structure))}")
    said = checked.what if checked.holds is None else f"{checked.what}: {'valid' if checked.holds else checked.detail}"
    echo(f"  DCC 3.3.0: {said}")
    if any(check.holds is False for check in (*made.structure, checked)):
        raise click.exceptions.Exit(1)


def _made(
    run: str, *, laboratory: Path | None, customer: Path | None, records: str, unit: int | None, **options: Any
) -> tuple[Issued, Order]:
    """Issue a certificate, or make a draft; returns it with what was asked for."""
    from rig.records.store import RunStore
    from rig.reports.certificate import issue

    parties = _parties(laboratory, customer)
    today = dt.datetime.now().astimezone().date()
    draft = options["draft"]
    with (RunStore.open_to_read if draft else _open_existing)(records) as store:
        recorded = store.run(run)
        order = issue.Order(
            laboratory=parties[0],
            customer=parties[1],
            unit_number=_unit(unit, len(recorded.units), recorded.run_id),
            judgement=_judgement(store, recorded.run_id, options["judgement"]),
            layout=options["layout"],
            amends=options["amends"],
            reason=options["reason"] or "",
            xsd=options["xsd"],
        )
        made = issue.draft(recorded, order, today) if draft else issue.issue(store, recorded, order, today)
    return made, order


def _say(made: Issued, order: Order, target: Path) -> None:
    from rig.reports.certificate.render import RESULTS
    from rig.reports.certificate.wording import not_specified

    if made.number == "DRAFT":
        echo(f"draft: {target}")
    elif made.is_new:
        echo(f"issued: certificate {made.number}: {target}")
    else:
        echo(f"written again: certificate {made.number}, issued before: {target}")
    if made.differs:
        echo("  its octets differ from those issued: another version of the rig or of Typst made them then")
    measured = json.loads(made.rendered.attachments[RESULTS])["measured"]
    if other := not_specified(measured["results"], order.customer.agreed.specification):
        echo(f"  WARNING: judged by {', '.join(other)}: agreed.specification of the customer file does not name it")
    if order.laboratory.example:
        echo("  the laboratory file is an example; each page is marked")


def _parties(laboratory: Path | None, customer: Path | None) -> tuple[Laboratory, Customer]:
    from rig.reports.certificate.parties import NoPartyFile, load_customer, load_laboratory

    if laboratory is None:
        raise NoPartyFile("laboratory")
    if customer is None:
        raise NoPartyFile("customer")
    return load_laboratory(laboratory), load_customer(customer)


def _open_existing(records: str) -> RunStore:
    """Open the records to write, and make none where there are none."""
    from rig.records.store import RunStore

    RunStore.open_to_read(records).close()
    return RunStore.open(records)


def _unit(unit: int | None, count: int, run_id: str) -> int:
    if unit is None and count > 1:
        raise UsageRefused(f"run {run_id[:8]} has {count} meters; name one with --unit 1 to --unit {count}")
    return unit or 1


def _judgement(store: RunStore, run_id: str, number: int | None) -> JudgementRecord | None:
    if number is None:
        return None
    found = store.judgements(run_id)
    if number > len(found):
        count = f"{len(found)} later judgement{'s' if len(found) != 1 else ''}"
        raise UsageRefused(f"run {run_id[:8]} has {count}, and no number {number}; make one with 'rig judge'")
    return found[number - 1]


def _need_folder(out: Path | None) -> None:
    """Refuse a place to write that is not there, before a number is taken."""
    if out is None or out.exists():
        return
    folder = out.parent if out.suffix else out
    if not folder.is_dir():
        raise UsageRefused(f"--out {out}: there is no folder {folder}; make it, or name a file in another one")


def _target(out: Path | None, number: str) -> Path:
    if out is not None and not out.is_dir():
        return out
    return (out or Path()) / f"{number}.pdf"


def _write(target: Path, made: Issued) -> None:
    """Write a whole file or none; one of other content, such as a signed certificate, is replaced by a draft only."""
    content = made.rendered.pdf
    if target.exists() and made.number != "DRAFT":
        if target.is_file() and target.read_bytes() == content:
            return
        raise UsageRefused(
            f"{target} is there already with other content; certificate {made.number} is issued: run the command again "
            "with another name, --out PATH"
        )
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _write_template(which: str, out: Path | None) -> None:
    from importlib.resources import files

    text = (files("rig.reports.certificate") / "template" / _TEMPLATES[which]).read_text(encoding="utf-8")
    _need_folder(out)
    target = _template_target(out, _TEMPLATES[which])
    try:
        with target.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageRefused(f"{target} is there already; choose another name with --out") from None
    echo(f"written: {target}")


def _template_target(out: Path | None, name: str) -> Path:
    return Path(name) if out is None else out / name if out.is_dir() else out
