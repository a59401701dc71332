"""Serial number, position and port: what was scanned is what answers, or nothing is written."""

from types import SimpleNamespace

import pytest

from rig.bench.positions.matching import UnitMismatch, mismatches, refuse_mismatch
from rig.errors import UsageRefused


def bench(**serial_by_position):
    return tuple(
        SimpleNamespace(
            name=name,
            identity=SimpleNamespace(serial_number=serial),
            bus=SimpleNamespace(settings=SimpleNamespace(device=f"/dev/tty{name}")),
        )
        for name, serial in serial_by_position.items()
    )


def test_units_at_their_positions_match():
    assert mismatches(bench(a="007", b="1E5"), {"a": "007", "b": "1E5"}) == []
    assert mismatches(bench(a="007", b="1E5"), {"b": "1E5"}) == [], "a position that was not scanned is not compared"


@pytest.mark.parametrize(
    ("there", "scanned", "said"),
    [
        ({"a": "1", "b": "2"}, {"a": "2", "b": "1"}, "unit 1 answers on its port /dev/ttya; 2 answers at position b"),
        ({"a": "7"}, {"a": "007"}, "position a: unit 007 was scanned for it, and unit 7 answers on its port /dev/ttya"),
        ({"a": "100000"}, {"a": "1E5"}, "unit 1E5 was scanned for it, and unit 100000 answers"),
        ({"b": "1"}, {"a": "1"}, "scanned for it, and no meter answers there; 1 answers at position b"),
        ({"a": "1", "b": "1"}, {"a": "1"}, "unit 1 answers on its port /dev/ttya; 1 answers at position b"),
    ],
)  # fmt: skip
def test_what_does_not_match_is_said_before_anything_is_written(there, scanned, said):
    with pytest.raises(UnitMismatch) as refused:
        refuse_mismatch(bench(**there), scanned)
    assert said in str(refused.value)
    assert "nothing was written to any meter; put each unit where it was scanned" in str(refused.value)


def test_one_serial_number_for_two_positions_is_refused():
    with pytest.raises(UsageRefused, match="unit 1 was scanned for positions a and b"):
        refuse_mismatch(bench(a="1", b="2"), {"a": "1", "b": "1"})
