"""How late a process was: spells kept, and by how much they may have lengthened a silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.mstp.process.lateness import LateSpells, late_at_the_ends


def test_spells_of_a_millisecond_or_more_are_kept_from_a_moment_on():
    spells = LateSpells()
    for now_s, late_s in ((1.0, 0.0005), (2.0, 0.001), (3.0, 0.5)):
        spells.note(now_s, late_s)
    assert spells.since(0.0) == [(1.999, 2.0), (2.5, 3.0)]
    assert spells.since(2.0) == [(2.5, 3.0)]


@pytest.mark.parametrize(
    ("spells", "late_s"),
    [
        ([], 0.0),
        ([(0.9, 1.02)], 0.02),  # the request was handed over late
        ([(1.08, 1.2)], 0.02),  # the answer was read late
        ([(1.0, 1.01), (1.012, 1.022)], 0.02),  # one process after the other
        ([(1.04, 1.06)], 0.0),  # in between: it delayed nothing
        ([(1.0, 1.02), (1.01, 1.02), (1.0, 1.015)], 0.02),  # several at once
        ([(0.5, 2.0)], 0.1),
        ([(0.5, 0.9), (1.2, 1.3)], 0.0),
    ],
)
def test_what_counts_of_a_silence_is_late_at_its_beginning_or_its_end(spells, late_s):
    assert late_at_the_ends(spells, 1.0, 1.1) == pytest.approx(late_s)


_MOMENT = st.floats(0.0, 1.0)


@given(st.lists(st.tuples(_MOMENT, _MOMENT).map(sorted).map(tuple), max_size=6), _MOMENT, _MOMENT)
def test_the_lateness_is_never_more_than_the_silence_nor_negative(spells, one_s, other_s):
    from_s, to_s = min(one_s, other_s), max(one_s, other_s)
    assert 0.0 <= late_at_the_ends(spells, from_s, to_s) <= to_s - from_s + 1e-12
