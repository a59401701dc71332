"""Does the meter do, where its manual leaves a choice, what was reviewed for its firmware, and nothing else?"""

from __future__ import annotations

import math

import allure
import pytest

from meter_model.behaviour.operation_choices import CommandSpacing
from meter_model.behaviour.profile import (
    AlarmBitmapAt,
    LowPowerFactor,
    LowVoltage,
    MaximumPowerAt,
    MaximumReactiveDirection,
    PowerRange,
    RollingStart,
    ZeroPowerFactor,
)
from rig.errors import LimitExceeded, UsageRefused
from rig.procedures import Inquiry
from rig.procedures.behaviour.same_values import same

pytestmark = [allure.epic("Firmware regression"), allure.feature("Choices the manual leaves")]

_NEW_SUBINTERVAL, _RESET_MAXIMUM = 21211, 21212
_LENGTH_S = 10.0
_SHORTEST_CS = 1000.0
_POWER_FACTORS = (14, 64, 65, 66)
_LOW_V = 70.0
_ZERO_POWER = {ZeroPowerFactor.ONE: 1.0, ZeroPowerFactor.ZERO: 0.0, ZeroPowerFactor.QNAN: math.nan}


def test_power_factor_without_load_is_as_the_profile_says(loaded: Inquiry) -> None:
    """AI14 and AI64 to AI66 without apparent power (manual pages 25 and 27): 1, 0 or QNAN; no alert (page 29)."""
    loaded.load(0.0, 0.0)
    expected = _ZERO_POWER[loaded.profile.zero_power_pf]
    found = loaded.inputs(_POWER_FACTORS)
    good = all(same(value, expected) for value in found.values())
    loaded.check("power factors without load", f"{expected:g}", found, good)
    loaded.check("BI12 to BI14", [], sorted(loaded.alarms() & {12, 13, 14}))


def test_export_at_a_good_power_factor_is_as_the_profile_says(loaded: Inquiry) -> None:
    """BI12 to BI14, power factor less than 50 % (manual page 29): of its magnitude, or of its value."""
    loaded.load(180.0, 50.0)
    expected = [] if loaded.profile.low_power_factor is LowPowerFactor.MAGNITUDE else [12, 13, 14]
    loaded.check("alerts at PF -1", expected, sorted(loaded.alarms() & {12, 13, 14}))


def test_low_voltage_is_as_the_profile_says(loaded: Inquiry) -> None:
    """BI1 to BI3 below the smallest voltage for which accuracy is stated (manual pages 1, 25 and 29)."""
    try:
        beyond = loaded.beyond_measuring()
        with beyond:
            loaded.load(0.0, 10.0, voltage_v=_LOW_V * loaded.configuration().pt_ratio)
            found = sorted(loaded.alarms() & {1, 2, 3})
    except (LimitExceeded, UsageRefused) as refused:
        loaded.skip("low voltage", str(refused))
        pytest.skip(str(refused))
    expected = [1, 2, 3] if loaded.profile.low_voltage is LowVoltage.ERROR else []
    loaded.check(f"alerts at {_LOW_V:g} V", expected, found)


def test_bitmap_and_maximum_power_are_where_the_profile_says(loaded: Inquiry) -> None:
    """AI83 or AI52 too (manual pages 20 and 28), AI76 or AI45 too (pages 19 and 28)."""
    loaded.load(-75.0, 50.0)
    read = loaded.inputs((45, 52, 76, 83))
    there = loaded.profile.alarm_bitmap_at is AlarmBitmapAt.AI52_TOO
    loaded.check("AI52 is the bitmap", there, read[52] == read[83])
    there = loaded.profile.maximum_power_at is MaximumPowerAt.AI45_TOO
    loaded.check("AI45 is the maximum power", there, read[45] == read[76])


def test_command_repeated_at_once_is_as_the_profile_says(clearing: Inquiry) -> None:
    """21211 and 21212 no more often than every 10 seconds (manual page 23): advice, or refused."""
    refused = clearing.profile.command_spacing is CommandSpacing.REFUSED
    for code in (_RESET_MAXIMUM, _NEW_SUBINTERVAL):
        clearing.updates(_LENGTH_S + 1.0)
        found, first = clearing.timed(lambda code=code: clearing.write_refusal(1, code))
        clearing.check(f"{code} for the first time", "accepted", found)
        expected = "property, value-out-of-range" if refused else "accepted"
        found, again = clearing.timed(lambda code=code: clearing.write_refusal(1, code))
        if refused:
            clearing.in_time(f"{code} at once again", again.since(first), _LENGTH_S)
        clearing.check(f"{code} at once again", expected, found)


def test_rolling_demand_begins_as_the_profile_says(clearing: Inquiry, loaded: Inquiry) -> None:
    """AI19 after the first of three sub-intervals (manual pages 17 and 24): its mean, or a third. Clears logs."""
    loaded.load(0.0, 100.0)
    with clearing.configured({10: 3.0, 11: _SHORTEST_CS}):
        _, begun = clearing.timed(lambda: clearing.set_value(10, 3.0))
        loaded.updates(1.3 * _LENGTH_S)
        (demand, power), read = loaded.timed(lambda: loaded.inputs((19, 11)).values())
        loaded.in_time("AI19 after one sub-interval", read.since(begun), 1.9 * _LENGTH_S)
        share = 1.0 if loaded.profile.rolling_start is RollingStart.MEAN_OF_COMPLETED else 1.0 / 3.0
        expected = f"{share * power:.5g}"
        loaded.check("AI19 after one sub-interval", expected, f"{demand:.5g}", same(demand, share * power, 1e-2))


def test_maximum_reactive_demand_is_as_the_profile_says(clearing: Inquiry, loaded: Inquiry) -> None:
    """Lagging export counts for AI23 or AI26 (manual page 26): by its own sign, or by that of real power."""
    with clearing.configured({10: 1.0, 11: _SHORTEST_CS}):
        loaded.load(-135.0, 100.0)
        clearing.updates(2.2 * _LENGTH_S)
        clearing.meter.command(_RESET_MAXIMUM)
        clearing.updates(2)
        imported, exported, demand = loaded.inputs((23, 26, 20)).values()
        by_own = loaded.profile.maximum_reactive_direction is MaximumReactiveDirection.SIGN_OF_Q
        expected = (abs(demand), 0.0) if by_own else (0.0, abs(demand))
        good = same(imported, expected[0], 5e-3) and same(exported, expected[1], 5e-3)
        text = f"{expected[0]:.5g}, {expected[1]:.5g}"
        loaded.check("AI23, AI26 in Q2", text, f"{imported:.5g}, {exported:.5g}", good)


def test_powers_are_signed_as_the_profile_says(loaded: Inquiry) -> None:
    """AI11 and AI55 to AI57 under export (manual pages 25 to 27): negative, or by their printed range from 0."""
    loaded.load(180.0, 50.0)
    read = loaded.inputs((11, 55, 56, 57))
    sign = -1.0 if loaded.profile.power_range is PowerRange.SIGNED else 1.0
    loaded.check("sign of real power under export", [sign] * 4, [math.copysign(1.0, value) for value in read.values()])
