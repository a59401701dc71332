"""Is each unit, at the end, the one that was scanned, set up as its variant?"""

from __future__ import annotations

import allure

from rig.procedures.end_of_line.golden import prove_positions
from rig.procedures.end_of_line.line import Line
from rig.procedures.end_of_line.shipping import Shipping, note_bench_time

pytestmark = [allure.epic("End of line"), allure.feature("Read-back")]


def test_unit_is_shipped_as_it_should_be(line: Line, shipping: Shipping) -> None:
    """Serial number and AV2 to AV11 once more; how it is shipped is recorded."""
    try:
        shipping.read_back()
        prove_positions(line)
    finally:
        note_bench_time(line)
