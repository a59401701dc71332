"""Runs to make certificates of, and the example files of laboratory and customer."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from rig.records.store import RunStore
from rig.reports.certificate.issue import Order, document_of, issue
from rig.reports.certificate.parties import load_customer, load_laboratory, plain
from tests.rig.records.fabricated_run import fabricate

EXAMPLES = Path(__file__).parents[4] / "fixtures" / "certificates"
DAY = dt.date(2026, 11, 30)


@pytest.fixture(scope="session")
def order():
    laboratory = load_laboratory(EXAMPLES / "example-laboratory.yaml")
    return Order(laboratory=laboratory, customer=load_customer(EXAMPLES / "example-customer.yaml"))


@pytest.fixture(scope="session")
def real_order(order):
    """Return an order of a laboratory that is not marked as an example."""
    return replace(order, laboratory=order.laboratory.model_copy(update={"example": False}))


@pytest.fixture(scope="session")
def database(tmp_path_factory):
    return tmp_path_factory.mktemp("certificates") / "records.sqlite"


@pytest.fixture(scope="session")
def store(database):
    with RunStore.open(database) as store:
        yield store


@pytest.fixture(scope="session")
def run(store):
    return fabricate(store, points=4)


@pytest.fixture(scope="session")
def failed(store):
    return fabricate(store, points=8, phase_b_gain_pct=1.0, simulated=False)


@pytest.fixture(scope="session")
def issued(store, run, order):
    """Issue one certificate that most tests look at."""
    return issue(store, run, order, DAY)


def document(run, order, *, is_draft=False):
    head = {"number": "N-1", "issued_on": "2026-11-30", "draft": is_draft, "amends": None, "software_version": "1.2"}
    head |= {"judgement": None}
    parties = {"laboratory": plain(order.laboratory), "customer": plain(order.customer), "certificate": head}
    return document_of(run, 1, parties)


@pytest.fixture(scope="session")
def good(run, order):
    return document(run, order)


@pytest.fixture(scope="session")
def bad(failed, real_order):
    return document(failed, real_order)


@pytest.fixture
def pdf_file(issued, tmp_path):
    path = tmp_path / "certificate.pdf"
    path.write_bytes(issued.rendered.pdf)
    return path
