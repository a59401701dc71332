"""Fabricated runs, read back from a store: what reports are drawn from."""

import pytest

from rig.records.store import RunStore
from tests.rig.records.fabricated_run import fabricate

HOSTILE = "<script>alert('x')</script>&\"=1 $x$ [bold]é"


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    with RunStore.open(tmp_path_factory.mktemp("reports") / "records.sqlite") as store:
        yield store


@pytest.fixture(scope="session")
def good(store):
    return fabricate(store)


@pytest.fixture(scope="session")
def bad(store):
    return fabricate(store, phase_b_gain_pct=1.0)


@pytest.fixture(scope="session")
def small(store):
    return fabricate(store, points=8)


@pytest.fixture(scope="session")
def hostile(store):
    return fabricate(store, points=3, hostile=HOSTILE, phase_b_gain_pct=1.0)
