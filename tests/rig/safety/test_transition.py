"""What the watch expects while currents go off and come back in the same range of the analyzer."""

from types import SimpleNamespace
from typing import Any

import pytest

from rig.bench.schema.bench import PathPart
from rig.bench.wiring import Wiring
from rig.load_point import LoadPoint
from rig.safety.limits import rms
from rig.safety.transition import Present, Transition

WIRING = Wiring(100.0, 1.0, current_divider=PathPart(ratio=8.0))


def present(current_pct):
    point = LoadPoint(277.0, current_pct, 0.0)
    terminals = WIRING.terminals(point)
    return Present(point, WIRING.setting_for(terminals), terminals)


class Watching:
    """Keeps what is expected, and what was when a reading was first waited for."""

    def __init__(self):
        self.expected, self.when_read = (), []

    def expect(self, *highest, ceiling, settled=False):
        self.expected = highest

    def have_selected(self, targets):
        return True

    def confirm_inputs(self, target, ceiling):
        self.when_read.append(max(rms(each.ct_inputs[0]) for each in self.expected))
        return "seen"


@pytest.fixture
def watching():
    return Watching()


def go(watching, before_pct, wanted_pct):
    source = SimpleNamespace(
        capabilities=SimpleNamespace(current_ranges=(), low_level=None),
        set_point=lambda _setting: None,
        select_ranges=lambda _setting: None,
    )
    transition: Any = Transition(
        source=source,
        watching=watching,
        clock=SimpleNamespace(sleep=lambda _dt: None),
        now_present=lambda _present: None,
        ceiling=None,
        rise_v_per_s=100.0,
    )
    transition._current_ranges = lambda _setting: ()
    transition.between(present(before_pct), present(wanted_pct))


def test_a_data_set_that_holds_a_part_of_the_earlier_current_is_no_fault(watching):
    go(watching, 2.0, 5.0)
    # At a tenth of 5 % the data set that is passed over may still have the 2 % of before in it.
    assert watching.when_read == [pytest.approx(0.02), pytest.approx(0.05)]


def test_current_that_rises_little_goes_straight_and_is_expected_between(watching):
    go(watching, 100.0, 120.0)
    assert watching.when_read == [pytest.approx(1.2)]
