"""A pytest plugin that writes down which transitions each test takes.

Every receiver is mirrored by the clause's (see ``mirrored_receiver``), so octet-wise transitions are recorded as well.
What fixtures do before a test begins does not count as the test's.
"""

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from drivers.mstp.codec import receive
from drivers.mstp.node import node
from tests.drivers.mstp.codec import clause_receiver
from tests.drivers.mstp.codec.mirrored_receiver import MirroredReceiver

_taken = Counter()
_by_test = defaultdict(Counter)
_count_of_node = node.Node._count
_take_of_clause = clause_receiver.ClauseReceiver.take


def _count(self, transition):
    _taken[transition] += 1
    _count_of_node(self, transition)


def _take(self, name, state):
    _taken[f"{self.state}.{name}"] += 1
    _take_of_clause(self, name, state)


def pytest_addoption(parser):
    parser.addoption("--transitions-to", type=Path, help="JSON file: transitions with their counts, by test")


def pytest_configure():
    """Before any test module is imported, so that all of them get the mirrored receiver."""
    receive.FrameReceiver = node.FrameReceiver = MirroredReceiver
    node.Node._count = _count
    clause_receiver.ClauseReceiver.take = _take


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    _taken.clear()
    result = yield
    _by_test[item.nodeid.partition("[")[0]].update(_taken)
    return result


def pytest_sessionfinish(session):
    session.config.getoption("--transitions-to").write_text(json.dumps(_by_test))
