"""Self-heating and temperature coefficient, of good and seeded meters in this process."""

from dataclasses import replace

import pytest

from meter_model.sampled.unit_errors import UnitErrors
from rig.metrology.certification_points import total_input
from rig.metrology.decision import DecisionRule
from rig.metrology.limits import Quantity
from rig.procedures.accuracy.variations.compared import Limit
from rig.procedures.accuracy.variations.self_heating import (
    Heating,
    HeatingBench,
    judge_self_heating,
    measure_self_heating,
)
from rig.procedures.accuracy.variations.temperature import judge_coefficient, measure_at_temperatures
from rig.records.data import LimitProvenance
from tests.rig.procedures.accuracy.variations.in_process_meter import AT_IN, InProcess, accuracy, meter

RULE = DecisionRule.ILAC_G8_NON_BINARY
ROW = LimitProvenance(standard="IEC 62053-22 class 0.2S", table="influence quantities")
ITEM = total_input(Quantity.ACTIVE_POWER)
AT_IMAX = replace(AT_IN, current_pct=120.0)
HEATING_LIMIT = Limit(0.1, ROW)
COEFFICIENT = Limit(0.01, ROW)


class Heated:
    """A meter that is heated in this process; ``measured`` keeps its measurements."""

    def __init__(self, one, wavers_at=None):
        self.on, self.time_s, self.applied, self.wavers_at = InProcess(one), 0.0, AT_IN, wavers_at
        self.measured = []

    @property
    def bench(self):
        return HeatingBench(self.apply, self.measure, self.let_pass, lambda: self.time_s)

    def apply(self, point):
        self.applied = point

    def let_pass(self, dt_s):
        self.on.idle(dt_s, self.applied)
        self.time_s += dt_s

    def measure(self, point):
        self.applied = point
        self.time_s += 8.0
        invalid = "the source wavers" if len(self.measured) == self.wavers_at else ""
        self.measured.append(self.on.measure(point, invalid=invalid))
        return self.measured[-1]


def self_heating(one, heating=Heating(), wavers_at=None):
    heated = Heated(one, wavers_at)
    course = measure_self_heating(heated.bench, AT_IMAX, ITEM, HEATING_LIMIT, accuracy(), heating)
    return heated, course, judge_self_heating(course, ITEM, HEATING_LIMIT, accuracy(), RULE)


def test_good_meter_keeps_its_error_for_an_hour_of_its_largest_current():
    heated, course, (_, result) = self_heating(meter(errors=UnitErrors.drawn_from(4), seed=4))
    assert result.outcome == "PASS"
    assert (result.procedure, result.basis) == ("self_heating", "277V-120pct-PF1-ABC")
    assert course.settled
    assert course.course[0][0] == 0.0
    assert 3600.0 <= course.course[-1][0] < 3700.0
    assert heated.time_s >= 2 * 3600.0


def test_meter_that_follows_its_own_heat_fails_by_its_last_errors():
    _, course, (_, result) = self_heating(meter("power-follows-own-heat"))
    assert result.outcome == "FAIL"
    assert result.error_pct == pytest.approx(0.16 * 1.44, abs=0.01)
    assert result.condition.startswith("rated load for ")
    assert course.settled


@pytest.mark.parametrize("place", [0, 3])
def test_a_fault_of_the_bench_makes_self_heating_invalid_never_fail(place):
    _, _, (_, result) = self_heating(meter("power-follows-own-heat"), wavers_at=place)
    assert result.outcome == "INVALID"
    assert "the source wavers" in result.reason


def test_an_error_that_has_not_settled_in_time_concludes_nothing():
    slow = replace(Heating(), every_s=60.0, least_s=120.0, settled_over_s=120.0, longest_s=240.0)
    _, course, (_, result) = self_heating(meter("power-follows-own-heat"), slow)
    assert not course.settled
    assert course.course[-1][0] >= 240.0
    assert result.outcome == "INCONCLUSIVE"
    assert "the error had not settled after 4 min" in result.reason


class Chamber:
    """A meter in a chamber in this process: inside it is 2 K warmer than the air."""

    def __init__(self, one, air_off_k=0.0):
        self.on, self.air_c, self.air_off_k, self.soaked = InProcess(one), 23.0, air_off_k, []

    def soak(self, temperature_c):
        self.soaked.append(temperature_c)
        self.air_c = temperature_c + self.air_off_k
        self.on.temperature_c = self.air_c + 2.0

    def measure(self, point, temperature_c):
        off = self.air_c - temperature_c
        invalid = f"ambient temperature deviates by {off:+.3g} K, more than 2" if abs(off) > 2.0 else ""
        return replace(self.on.measure(point, invalid=invalid), temperature_c=self.air_c)


def coefficients(chamber, temperatures=(-10.0, 45.0)):
    points = [AT_IN, replace(AT_IN, angle_deg=-60.0)]
    at = measure_at_temperatures(chamber.soak, chamber.measure, points, 23.0, temperatures)
    return [judge_coefficient(at, AT_IN, each, ITEM, COEFFICIENT, accuracy(), RULE) for each in temperatures]


def test_coefficient_is_the_variation_for_each_kelvin():
    chamber = Chamber(meter("power-follows-temperature"))
    found = coefficients(chamber)
    assert chamber.soaked == [23.0, -10.0, 45.0, 23.0]
    assert [result.error_pct for result in found] == [pytest.approx(0.03, abs=1e-4)] * 2
    assert [result.outcome for result in found] == ["FAIL", "FAIL"]
    assert [result.condition for result in found] == ["temperature 23 to -10 °C", "temperature 23 to 45 °C"]
    for result in found:
        assert "size of the change" in {line.name for line in result.components}
        assert result.expanded_uncertainty_pct < 0.002


@pytest.mark.parametrize("seed", [1, 2])
def test_good_meters_pass_on_both_sides(seed):
    found = coefficients(Chamber(meter(errors=UnitErrors.drawn_from(seed), seed=seed)))
    assert {result.outcome for result in found} == {"PASS"}


def test_air_that_is_not_where_it_should_be_is_invalid_never_fail():
    found = coefficients(Chamber(meter("power-follows-temperature"), air_off_k=3.0))
    assert {result.outcome for result in found} == {"INVALID"}
    assert "ambient temperature deviates by +3 K" in found[0].reason


def test_temperatures_too_near_to_the_reference_are_refused():
    with pytest.raises(ValueError, match="25 and 23 °C are too near"):
        coefficients(Chamber(meter()), (25.0,))
