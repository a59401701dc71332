"""The closed-form accounts agree with the sampled meter, whose load varies, flows both ways and is unbalanced."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_model.behaviour.profile import (
    BehaviourProfile,
    MaximumReactiveDirection,
    PowerRange,
    ReactivePower,
    RollingStart,
    TotalApparent,
    TotalImportExport,
)
from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.prediction.energy_and_demand import accounts
from meter_model.stimulus import Phasor, Stimulus
from tests.meter_model.loads import sine, three_phase

AGREEMENT = 1e-5
DAY_S = 86_400
Schedule = Sequence[tuple[float, Stimulus]]

PROFILES = [
    BehaviourProfile(),
    BehaviourProfile(total_import_export=TotalImportExport.ARITHMETIC, total_apparent=TotalApparent.SIGNED),
    BehaviourProfile(
        reactive_power=ReactivePower.FUNDAMENTAL,
        total_apparent=TotalApparent.VECTOR,
        maximum_reactive_direction=MaximumReactiveDirection.SIGN_OF_P,
        rolling_start=RollingStart.FULL_INTERVAL,
        power_range=PowerRange.MAGNITUDE,
    ),
]


def varying_load(rng: random.Random, configuration: Configuration, length_s: int, longest_s: int) -> Schedule:
    """Each phase its own current, direction and angle; distorted now and then; none at all at times."""
    schedule: list[tuple[float, Stimulus]] = []
    left_s = length_s
    angles = (0.0, -120.0, 120.0)
    while left_s:
        duration_s = min(left_s, rng.randint(max(2, longest_s // 3), longest_s))
        left_s -= duration_s
        sizes = [rng.choice((0.0, 1.0, 1.0, 1.0)) * rng.uniform(1.0, 110.0) for _ in angles]
        turns = [rng.choice((0.0, 180.0)) + rng.uniform(-80.0, 80.0) for _ in angles]
        spectra = [sine(size, angle + turn) for size, angle, turn in zip(sizes, angles, turns, strict=True)]
        if rng.random() < 0.4:
            spectra = [(*one, Phasor(5, 4.0, rng.uniform(0.0, 360.0))) if one else one for one in spectra]
        voltages = [(Phasor(1, rng.uniform(250.0, 290.0), angle), Phasor(5, 6.0, 7.0)) for angle in angles]
        frequency_hz = rng.choice((60.0, 60.0, 50.0, 59.97, 60.031))
        schedule.append((float(duration_s), configuration.stimulus_from_primary(frequency_hz, voltages, spectra)))
    return schedule


def compare(meter: S4100, schedule: Schedule, profile: BehaviourProfile) -> None:
    """Compare what the wire carries: 1e-5 of the value and a float32 step."""
    expected = accounts(schedule, meter.configuration, profile).analog_inputs()
    sizes = {net: max(abs(expected[net + 1]), abs(expected[net + 2])) for net in (1, 8)}
    wrong = {}
    for instance, value in expected.items():
        read = meter.read("AI", instance, "present-value")
        assert isinstance(read, float)
        if math.isnan(read):
            assert value == 0.0, f"AI{instance} is QNAN and should be {value}"
            continue
        allowed = AGREEMENT * sizes.get(instance, abs(value)) + float(np.spacing(np.float32(abs(value)))) + 1e-12
        if abs(read - value) > allowed:
            wrong[instance] = (read, value)
    assert not wrong


@pytest.mark.parametrize("profile", PROFILES, ids=["default", "arithmetic", "vector"])
@pytest.mark.parametrize("system_type", [40, 31, 12])
def test_twelve_minutes_of_varying_load_agree_with_the_sampled_meter(
    system_type: int, profile: BehaviourProfile
) -> None:
    """At whole cycles a second; three rolling sub-intervals of 70 s."""
    configuration = Configuration(system_type, system_voltage_v=480.0, subintervals=3, subinterval_cs=7000)
    whole_cycles = [
        (duration_s, Stimulus(60.0, each.voltages, each.ct_inputs))
        for duration_s, each in varying_load(random.Random(system_type), configuration, 720, 60)
    ]
    meter = S4100(configuration=configuration, profile=profile)
    for duration_s, stimulus in whole_cycles:
        for _ in range(round(duration_s)):
            meter.advance(1.0, stimulus)
    compare(meter, whole_cycles, profile)


def test_a_day_of_varying_load_agrees_with_the_meter_that_skips_seconds() -> None:
    """Any frequency, 8 to 25 minutes each, rolling demand of six sub-intervals of 5 minutes."""
    configuration = Configuration(system_voltage_v=480.0, subintervals=6, subinterval_cs=30000)
    schedule = varying_load(random.Random(1), configuration, DAY_S, 1500)
    meter = S4100(configuration=configuration)
    for duration_s, stimulus in schedule:
        meter.advance(duration_s, stimulus)
    compare(meter, schedule, BehaviourProfile())


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_day_of_varying_load_agrees_with_the_sampled_meter() -> None:
    """Second by second: nothing is skipped when a second at a time is asked for."""
    configuration = Configuration(system_voltage_v=480.0, subintervals=3, subinterval_cs=30000)
    schedule = varying_load(random.Random(24), configuration, DAY_S, 600)
    meter = S4100(configuration=configuration)
    for duration_s, stimulus in schedule:
        for _ in range(round(duration_s)):
            meter.advance(1.0, stimulus)
    compare(meter, schedule, BehaviourProfile())


WYE = Configuration(system_voltage_v=480.0, subintervals=2, subinterval_cs=6000)
KW = 3 * 277.0 * 50.0 / 1000.0


def balanced(angle_deg: float) -> Stimulus:
    return three_phase(WYE, 277.0, (50.0,) * 3, angle_deg)


def test_an_hour_each_way_is_known_by_hand() -> None:
    found = accounts([(3600.0, balanced(-60.0)), (1800.0, balanced(180.0))], WYE)
    assert found.total.import_kwh == pytest.approx(0.5 * KW)
    assert found.total.export_kwh == pytest.approx(0.5 * KW)
    assert found.total.quadrants_kvarh == pytest.approx((KW * math.sqrt(0.75), 0.0, 0.0, 0.0), abs=1e-9)
    assert (found.total.import_kvah, found.total.export_kvah) == pytest.approx((KW, 0.5 * KW))
    assert len(found.demands) == 90
    assert found.present_demand == pytest.approx((-KW, 0.0, KW), abs=1e-9)
    assert found.maximum_demand == pytest.approx((KW / 2, KW * math.sqrt(0.75), KW, KW, 0.0, KW), abs=1e-9)


@given(
    st.lists(st.tuples(st.integers(1, 500), st.sampled_from((-150, -90, -30, 30, 90, 150))), min_size=1, max_size=6),
    st.integers(0, 5),
    st.data(),
)
def test_cutting_a_load_in_two_changes_no_account(
    parts: list[tuple[int, int]], where: int, data: st.DataObject
) -> None:
    schedule = [(float(duration_s), balanced(float(angle))) for duration_s, angle in parts]
    where %= len(schedule)
    duration_s, stimulus = schedule[where]
    first_s = data.draw(st.floats(0.0, duration_s))
    cut = [*schedule[:where], (first_s, stimulus), (duration_s - first_s, stimulus), *schedule[where + 1 :]]
    whole, parted = (accounts(each, WYE).analog_inputs() for each in (schedule, cut))
    assert parted == pytest.approx(whole, rel=1e-12, abs=1e-12)


def test_demands_that_cancel_are_import_however_they_are_added_up() -> None:
    loads = [(56.0, -30.0), (60.0, -150.0), (4.0, -30.0)]
    cut = [(56.0, -30.0), (1.0, -150.0), (59.0, -150.0), (4.0, -30.0)]
    whole, parted = (accounts([(t, balanced(angle)) for t, angle in each], WYE).maximum_demand for each in (loads, cut))
    assert parted == pytest.approx(whole)
    assert whole[5] == 0.0


def test_sync_to_comms_has_no_demand_of_its_own() -> None:
    found = accounts([(600.0, balanced(0.0))], Configuration(system_voltage_v=480.0, subinterval_cs=0))
    assert found.demands == ()
    assert found.maximum_demand == (0.0,) * 6
