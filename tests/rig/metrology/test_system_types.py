"""Load points of the five system types: what is fed, loaded and judged exists in the meter's system (manual page 8)."""

from __future__ import annotations

import cmath
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_model.configuration import Configuration
from meter_model.prediction.prediction import predict
from meter_model.system_type import SYSTEM_TYPES
from rig.bench.wiring import Wiring
from rig.errors import UsageRefused
from rig.load_point import LoadPoint
from rig.metrology.certification_points import certification_points, judged_at, judged_energy_at
from rig.metrology.limit_files import load_limit_table

TABLES = tuple(
    load_limit_table(name)
    for name in ("iec62053-22-2003-class-0.2S", "iec62053-23-2003-class-2", "s4100-manual-voltage-current")
)
WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)
FED = {10: "A", 11: "AB", 12: "AB", 31: "ABC", 40: "ABC"}
LINE_TO_LINE = {11: 2.0, 12: 2.0, 31: math.sqrt(3.0), 40: math.sqrt(3.0)}


@pytest.mark.parametrize("number", SYSTEM_TYPES)
def test_only_the_lines_of_a_system_are_fed(number: int) -> None:
    volts = LoadPoint(120.0, 50.0, -30.0, system_type=number).phase_voltages_v
    assert volts == tuple(120.0 if name in FED[number] else 0.0 for name in "ABC")


@pytest.mark.parametrize("number", LINE_TO_LINE)
def test_line_voltages_are_those_of_the_system(number: int) -> None:
    fed = WIRING.terminals(LoadPoint(120.0, 50.0, 0.0, system_type=number)).voltages
    a, b = (cmath.rect(spectrum[0].rms, math.radians(spectrum[0].phase_deg)) for spectrum in fed[:2])
    assert abs(a - b) == pytest.approx(120.0 * LINE_TO_LINE[number])


@pytest.mark.parametrize("number", SYSTEM_TYPES)
def test_every_judged_input_has_a_value_in_its_system(number: int) -> None:
    configuration = Configuration(system_type=number)
    points = certification_points(TABLES, 120.0, system_type=number)
    assert points
    for point in points:
        expected = predict(WIRING.terminals(point), configuration)
        judged = [*judged_at(point, TABLES), *judged_energy_at(point, TABLES)]
        assert {item.instance for item in judged} & {11, 12}
        for item in judged:
            assert not expected[item.instance].is_qnan, (point.label, item)


@pytest.mark.parametrize("number", [10, 11])
def test_a_system_with_one_ct_is_balanced_and_has_no_single_phase_rows(number: int) -> None:
    point = LoadPoint(120.0, 100.0, 0.0, system_type=number)
    assert point.is_balanced
    total = next(item for item in judged_at(point, TABLES) if item.instance == 11)
    assert total.row.limit_pct == 0.2
    assert {p.phases for p in certification_points(TABLES, 120.0, system_type=number)} == {"A"}


@pytest.mark.parametrize(("number", "stranger"), [(10, "B"), (11, "B"), (12, "C"), (10, "ABC")])
def test_current_on_a_phase_without_a_ct_is_refused(number: int, stranger: str) -> None:
    with pytest.raises(UsageRefused, match=rf"phase [BC] carries no current in system type {number}"):
        LoadPoint(120.0, 100.0, 0.0, stranger, system_type=number)


@given(st.integers().filter(lambda number: number not in SYSTEM_TYPES))
def test_a_system_type_that_does_not_exist_is_refused(number: int) -> None:
    with pytest.raises(UsageRefused, match="there is no system type"):
        LoadPoint(120.0, 100.0, 0.0, system_type=number)
