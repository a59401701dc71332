"""When a register moved: the bounds hold the true moment, however long a read takes."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.procedures.end_of_line.registers import at_an_update

UNIT: Any = SimpleNamespace(number=1, out="")


class Clock:
    def __init__(self):
        self.s = 100.0

    def now_s(self):
        return self.s


class Slow:
    """A line of one unit whose registers move once a second; a read takes ``reads_s``, and samples at a part of it."""

    def __init__(self, first_update_s, reads_s, sampled_at):
        self.clock = Clock()
        self.run = SimpleNamespace(bench=SimpleNamespace(clock=self.clock), let_pass=self.let_pass)
        self.first_s = 100.0 + first_update_s
        self.reads_s, self.sampled_at = reads_s, sampled_at

    def let_pass(self, dt_s):
        self.clock.s += dt_s

    def ask_each(self, _work, units):
        begun_s = self.clock.s
        self.clock.s += self.reads_s
        updates = int(begun_s + self.sampled_at * self.reads_s - self.first_s + 10.0)
        return {unit.number: {2: float(updates), 3: 0.0} for unit in units}


@given(st.floats(0.0, 0.99), st.floats(0.01, 0.7), st.floats(0.0, 1.0))
def test_the_update_lies_within_what_is_said_of_it(first_update_s, reads_s, sampled_at):
    line: Any = Slow(first_update_s, reads_s, sampled_at)
    (found,) = at_an_update(line, [UNIT]).values()
    truth_s = line.first_s + found.values[2] - 10.0
    assert abs(found.at_s - truth_s) <= found.known_s + 1e-9


def test_a_quick_read_tells_the_moment_well():
    line: Any = Slow(0.5, 0.03, 0.5)
    (found,) = at_an_update(line, [UNIT]).values()
    assert found.known_s == pytest.approx(0.055)
