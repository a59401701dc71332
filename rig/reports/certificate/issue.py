"""Issue a certificate: its number, its document, its PDF, and its entry in the list of issued certificates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rig.errors import UsageRefused
from rig.records.data import CertificateRecord, RunRecord
from rig.records.issued.judgements import JudgementRecord
from rig.records.plain_json import stored_time
from rig.records.store import RunStore
from rig.reports.certificate.measured import measured, refuse_unfit
from rig.reports.certificate.parties import Customer, Laboratory, number_of, plain
from rig.reports.certificate.raw_data import raw_data_forms, raw_data_of, sha256_of
from rig.reports.certificate.render import (
    DCC,
    FORMAT,
    RAW,
    RESULTS,
    LayoutRefused,
    Rendered,
    layout_sha256,
    own_layout,
    render,
)
from rig.reports.certificate.structure import Check, sound, what_is_wrong
from rig.reports.certificate.xsd import DccRefused, check_xsd
from rig.version import software_version

_VERSION = 1
_MOST_NAMED = 4


class OtherwiseIssued(UsageRefused):
    """The run has a certificate of other content (exit 11); ``number`` is that certificate's."""

    def __init__(self, number: str, issued_on: dt.date, differences: Sequence[str]) -> None:
        more = f" and {len(differences) - _MOST_NAMED} more" if len(differences) > _MOST_NAMED else ""
        super().__init__(
            f"certificate {number} of {issued_on} has been issued for this run with another "
            f"{', '.join(differences[:_MOST_NAMED])}{more}; an issued certificate is not changed: issue an amendment "
            f"with --amends {number} --reason TEXT"
        )
        self.number = number


class NotAmendable(UsageRefused):
    """A certificate that cannot be amended so (exit 11); ``number`` is its number."""

    def __init__(self, number: str, why: str) -> None:
        super().__init__(f"certificate {number} cannot be amended: {why}")
        self.number = number


class ImpossibleDate(UsageRefused):
    """A meter that was measured before it was received (exit 11); ``received_on`` and ``measured_on`` are the days."""

    def __init__(self, received_on: dt.date, measured_on: dt.date) -> None:
        super().__init__(
            f"item.received_on of the customer file is {received_on}, and the run measured the meter before that, on "
            f"{measured_on}; correct the date, or name another run"
        )
        self.received_on = received_on
        self.measured_on = measured_on


class RecordsChanged(UsageRefused):
    """The records do not have any more what an issued certificate states (exit 11); ``number`` is its number."""

    def __init__(self, number: str, issued_on: dt.date, what: str, now: str, then: str) -> None:
        super().__init__(
            f"the {what} differ from those of the issued certificate {number} of {issued_on} (SHA-256 {now[:16]}… now, "
            f"{then[:16]}… then): these records were changed; 'rig certificate verify FILE --records' says what "
            "differs from the issued file"
        )
        self.number = number


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a certificate is asked for: parties, unit and judgement of the run, layout, what it amends and why.

    ``xsd``: a schema that the DCC has to be valid against.
    """

    laboratory: Laboratory
    customer: Customer
    unit_number: int = 1
    judgement: JudgementRecord | None = None
    layout: Path | None = None
    amends: str | None = None
    reason: str = ""
    xsd: Path | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate as it was made. ``is_new``: it was entered now; ``differs``: its PDF is not the one of then.

    ``structure`` and ``xsd`` are the checks of its PDF and of its DCC.
    """

    number: str
    rendered: Rendered
    structure: tuple[Check, ...]
    xsd: Check
    is_new: bool = False
    differs: bool = False


def draft(run: RunRecord, order: Order, today: dt.date) -> Issued:
    """Make a draft: without a number, marked on each page, entered nowhere; what is wrong is in its checks."""
    _refuse_impossible_dates(run, order)
    certificate = _certificate("DRAFT", today, None, order, draft=True)
    return _checked("DRAFT", _render(run, order, certificate), order)


def issue(store: RunStore, run: RunRecord, order: Order, today: dt.date) -> Issued:
    """Issue a certificate of a run and enter it; the same order of the same run gives the same certificate again.

    A number is taken when the PDF has been made and checked. Raises OtherwiseIssued where one of other content has been
    issued, RecordsChanged, ImpossibleDate, NotAmendable, NoCertificate, NoGlyph; LayoutRefused and DccRefused for what
    the checks find.
    """
    refuse_unfit(run, order.unit_number)
    entered = store.certificates()
    amended = _amended(entered, run, order)
    known = [
        each
        for each in entered
        if (each.run_id, each.unit_number, each.amends) == (run.run_id, order.unit_number, order.amends)
    ]
    if known:
        return _again(known[-1], run, order, entered)
    if amended is None and (of_run := [each for each in entered if _is_of(each, run, order)]):
        raise OtherwiseIssued(of_run[-1].number, of_run[-1].issued_on, ["reason or predecessor"])
    if amended is not None and _is_of(amended, run, order):
        _refuse_changed_readings(amended, run, order)
    _refuse_impossible_dates(run, order)
    sequence = next_sequence(entered, today.year)
    serial_number = serial_number_of(run, order.unit_number)
    number = number_of(order.laboratory.number, year=today.year, sequence=sequence, serial=serial_number)
    certificate = _certificate(number, today, amended, order)
    made = _checked(number, _render(run, order, certificate), order)
    _refuse_unsound(made, order)
    store.enter_certificate(
        CertificateRecord(
            run_id=run.run_id,
            unit_number=order.unit_number,
            serial_number=serial_number,
            number=number,
            sequence=sequence,
            issued_on=today,
            amends=order.amends,
            reason=order.reason,
            parties=_parties(order) | {"certificate": certificate},
            issued_utc=dt.datetime.now(dt.UTC),
            pdf_sha256=sha256_of(made.rendered.pdf),
            results_sha256=sha256_of(made.rendered.attachments[RESULTS]),
            raw_data_sha256=sha256_of(made.rendered.attachments[RAW]),
        )
    )
    return replace(made, is_new=True)


def next_sequence(entered: Sequence[CertificateRecord], year: int) -> int:
    """Return the number that follows on those of a year."""
    return 1 + max((each.sequence for each in entered if each.issued_on.year == year), default=0)


def document_of(
    run: RunRecord, unit_number: int, parties: dict[str, Any], judgement: JudgementRecord | None = None
) -> dict[str, Any]:
    """Return the document of a certificate: what is attached as results.json, and all that the PDF is made of."""
    return {"format": FORMAT, "version": _VERSION, **parties, "measured": measured(run, unit_number, judgement)}


def _again(known: CertificateRecord, run: RunRecord, order: Order, entered: Sequence[CertificateRecord]) -> Issued:
    """Make an issued certificate once more, as it was; refuse where it would be another one."""
    parties = {name: known.parties[name] for name in ("laboratory", "customer")}
    differences = list(_differences(parties, _parties(order), ""))
    if known.reason != order.reason:
        differences.append("reason")
    if known.parties["certificate"]["layout_sha256"] != layout_sha256(order.layout):
        differences.append("layout")
    if known.parties["certificate"].get("judgement") != _judgement_of(order):
        differences.append("judgement")
    if differences:
        newest = next(reversed([each for each in entered if _is_of(each, run, order)]), known)
        raise OtherwiseIssued(newest.number, newest.issued_on, differences)
    _refuse_changed_readings(known, run, order)
    certificate = dict(known.parties["certificate"])
    made = _checked(known.number, _render(run, order, certificate), order)
    results = sha256_of(made.rendered.attachments[RESULTS])
    if results != known.results_sha256 and certificate["software_version"] == software_version():
        what = f"results of run {run.run_id[:8]} in these records"
        raise RecordsChanged(known.number, known.issued_on, what, results, known.results_sha256)
    return replace(made, differs=sha256_of(made.rendered.pdf) != known.pdf_sha256)


def _refuse_changed_readings(known: CertificateRecord, run: RunRecord, order: Order) -> None:
    """Raise RecordsChanged where no form of the raw data is the one that was issued."""
    now = [sha256_of(raw) for raw in raw_data_forms(run, order.unit_number)]
    if known.raw_data_sha256 not in now:
        what = f"raw data of run {run.run_id[:8]} in these records"
        raise RecordsChanged(known.number, known.issued_on, what, now[0], known.raw_data_sha256)


def _refuse_impossible_dates(run: RunRecord, order: Order) -> None:
    """Refuse a receipt after the first day of the run, as UTC and as the calendar here have it."""
    days = (run.started_utc.date(), run.started_utc.astimezone().date())
    received_on = order.customer.item.received_on
    if received_on > max(days):
        raise ImpossibleDate(received_on, days[0])


def _checked(number: str, rendered: Rendered, order: Order) -> Issued:
    return Issued(number, rendered, sound(rendered, number), check_xsd(rendered.attachments[DCC], order.xsd))


def _refuse_unsound(made: Issued, order: Order) -> None:
    if wrong := what_is_wrong(made.structure):
        raise LayoutRefused(order.layout or own_layout(), wrong)
    if made.xsd.holds is False:
        raise DccRefused(made.xsd.detail)


def _amended(entered: Sequence[CertificateRecord], run: RunRecord, order: Order) -> CertificateRecord | None:
    if order.amends is None:
        return None
    found = next((each for each in entered if each.number == order.amends), None)
    if found is None:
        numbers = ", ".join(each.number for each in entered[-_MOST_NAMED:]) or "none"
        raise NotAmendable(order.amends, f"these records have no certificate of that number (the last: {numbers})")
    successor = next((each for each in entered if each.amends == found.number), None)
    if successor is not None and (successor.run_id, successor.unit_number) != (run.run_id, order.unit_number):
        raise NotAmendable(order.amends, f"it was replaced by {successor.number}; amend that one")
    amended_unit, unit = found.serial_number, serial_number_of(run, order.unit_number)
    if amended_unit != unit:
        raise NotAmendable(order.amends, f"it is of the meter {amended_unit}, and this run of {unit}")
    return found


def serial_number_of(run: RunRecord, unit_number: int) -> str:
    """Return the serial number of a unit of a run."""
    return run.units[unit_number - 1].serial_number


def _is_of(entry: CertificateRecord, run: RunRecord, order: Order) -> bool:
    return (entry.run_id, entry.unit_number) == (run.run_id, order.unit_number)


def _certificate(
    number: str, today: dt.date, amended: CertificateRecord | None, order: Order, *, draft: bool = False
) -> dict[str, Any]:
    return {
        "number": number,
        "issued_on": today.isoformat(),
        "draft": draft,
        "amends": None
        if amended is None
        else {"number": amended.number, "issued_on": amended.issued_on.isoformat(), "reason": order.reason},
        "software_version": software_version(),
        "layout_sha256": layout_sha256(order.layout),
        "judgement": _judgement_of(order),
    }


def _judgement_of(order: Order) -> str | None:
    """Return by when a judgement was made: what names it in its run; None for that of the run itself."""
    return None if order.judgement is None else stored_time(order.judgement.made_utc)


def _parties(order: Order) -> dict[str, Any]:
    return {"laboratory": plain(order.laboratory), "customer": plain(order.customer)}


def _render(run: RunRecord, order: Order, certificate: dict[str, Any]) -> Rendered:
    document = document_of(run, order.unit_number, _parties(order) | {"certificate": certificate}, order.judgement)
    return render(document, raw_data_of(run, order.unit_number), order.layout)


def _differences(before: Any, now: Any, where: str) -> Iterator[str]:  # Any: JSON
    if isinstance(before, dict) and isinstance(now, dict):
        for name in {**before, **now}:
            yield from _differences(before.get(name), now.get(name), f"{where}.{name}" if where else name)
    elif before != now:
        yield where
