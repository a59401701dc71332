"""Is the meter within the limits of its accuracy classes, at every load point that has one?"""

from __future__ import annotations

import allure
import pytest

from rig.metrology.limits import Quantity
from rig.procedures import PointMeasurement

pytestmark = allure.epic("Certification")


@allure.feature("Active power")
@pytest.mark.judges("active_power")
def test_active_power_is_within_class_0_2s(measured: PointMeasurement, judge) -> None:
    """IEC 62053-22 class 0.2S limits, balanced and single-phase load (manual page 2)."""
    judge(measured, Quantity.ACTIVE_POWER)


@allure.feature("Reactive power")
@pytest.mark.judges("reactive_power")
def test_reactive_power_is_within_class_2(measured: PointMeasurement, judge) -> None:
    """IEC 62053-23 class 2 limits, balanced and single-phase load (manual page 2)."""
    judge(measured, Quantity.REACTIVE_POWER)


@allure.feature("Voltage")
@pytest.mark.judges("voltage")
def test_voltage_is_within_the_manuals_accuracy(measured: PointMeasurement, judge) -> None:
    """0.1 % from 90 V line to neutral to 600 V line to line (manual page 2)."""
    judge(measured, Quantity.VOLTAGE)


@allure.feature("Current")
@pytest.mark.judges("current")
def test_current_is_within_the_manuals_accuracy(measured: PointMeasurement, judge) -> None:
    """0.2 % from 1 % to 5 % of range, 0.1 % from 5 % to 100 % of range (manual page 2)."""
    judge(measured, Quantity.CURRENT)


@allure.feature("Other quantities")
@pytest.mark.judges("voltage")
def test_frequency_apparent_power_and_power_factor_are_reported(measured: PointMeasurement, judge) -> None:
    """No table states a limit for them: reported with error and uncertainty, NOT_JUDGED."""
    judge.reported(measured)
