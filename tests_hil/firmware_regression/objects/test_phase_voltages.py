"""Do the alerts about single phases (loss, imbalance, range) come on for the right phase in every system type?"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator
from contextlib import contextmanager

import allure
import pytest

from meter_model.device.alarms import AlarmInputs, alarm_states
from rig.errors import LimitExceeded, UsageRefused
from rig.load_point import LoadPoint
from rig.procedures import Inquiry

pytestmark = [allure.epic("Firmware regression"), allure.feature("Phase voltages")]

_ABOUT_VOLTAGE = frozenset({1, 2, 3, 9, 10, 11})
_TOLERANT_PCT = 50.0
_ANY_DIFFERENCE_PCT = 99.0
_OVER_RANGE_LL_V = 721.0
_UNRELIABLE_OTHER = 7

_LOW_B, _LOW_C, _NO_C = (100.0, 70.0, 100.0), (100.0, 100.0, 70.0), (100.0, 100.0, 0.0)
_TURNED_B = (0.0, 40.0, 0.0)
"""B comes 40 degrees nearer to A: only voltages between lines change."""


def _expected(asked: Inquiry, point: LoadPoint) -> list[int]:
    """BI1 to BI3 and BI9 to BI11 that the point makes by the manual, as the profile reads it."""
    configuration = asked.configuration()
    volts = _volts(point)
    between = {"AB": volts["A"] - volts["B"], "BC": volts["B"] - volts["C"], "CA": volts["C"] - volts["A"]}
    system = configuration.system
    inputs = AlarmInputs(
        {phase: abs(volts[phase]) for phase in system.line_to_neutral},
        {pair: abs(between[pair]) for pair in system.line_to_line},
        {},
    )
    states = alarm_states(inputs, configuration, asked.profile)
    return [number for number, is_on in enumerate(states, 1) if is_on and number in _ABOUT_VOLTAGE]


def _volts(point: LoadPoint) -> dict[str, complex]:
    pairs = zip("ABC", point.phase_voltages_v, point.voltage_angles_deg, strict=True)
    return {phase: cmath.rect(volts, math.radians(angle)) for phase, volts, angle in pairs}


def _found(asked: Inquiry) -> list[int]:
    return sorted(asked.alarms() & _ABOUT_VOLTAGE)


@contextmanager
def _load(asked: Inquiry, **voltages: object) -> Iterator[LoadPoint]:
    try:
        point = asked.load(0.0, 10.0, **voltages)
    except (LimitExceeded, UsageRefused) as refused:
        asked.skip("phase voltages", str(refused))
        pytest.skip(str(refused))
    yield point


@pytest.mark.bench_time(120)
@pytest.mark.parametrize("percents", [_LOW_B, _LOW_C], ids=["B", "C"])
def test_imbalance_is_told_by_phase(loaded: Inquiry, percents: tuple[float, float, float]) -> None:
    """BI9 to BI11 for voltages that differ by more than AV9 percent (manual pages 17, 24), both sides of it."""
    with _load(loaded, voltages_pct=percents) as point:
        for limit_pct in (20.0, 40.0):
            with loaded.configured({8: _TOLERANT_PCT, 9: limit_pct}):
                loaded.updates(2)
                loaded.check(f"alerts at {percents} %, AV9 = {limit_pct:g}", _expected(loaded, point), _found(loaded))


@pytest.mark.bench_time(120)
def test_imbalance_is_of_the_highest_or_the_mean_as_the_profile_says(loaded: Inquiry) -> None:
    """AV9 percent of the highest voltage or of the mean (manual pages 17 and 24): 70 % on B, AV9 = 25."""
    with _load(loaded, voltages_pct=_LOW_B) as point, loaded.configured({8: _TOLERANT_PCT, 9: 25.0}):
        loaded.updates(2)
        loaded.check("alerts at 70 % on B", _expected(loaded, point), _found(loaded))


@pytest.mark.bench_time(120)
def test_missing_phase_is_told(loaded: Inquiry) -> None:
    """BI11 for phase C without voltage (manual pages 17, 24 and 29), gone when it is back."""
    with _load(loaded, voltages_pct=_NO_C) as point:
        expected = _expected(loaded, point)
        loaded.check("alerts without C, phase C among them", expected, _found(loaded), expected == _found(loaded))
        loaded.check("BI11 is one of them", True, 11 in expected)
    loaded.load(0.0, 10.0)
    loaded.check("alerts with all phases", [], _found(loaded))


@pytest.mark.bench_time(180)
@pytest.mark.parametrize("system_type", [10, 11, 12, 31])
def test_phase_alerts_follow_the_system_type(loaded: Inquiry, system_type: int) -> None:
    """Imbalance for the system types that have it, phases that a type lacks never (manual pages 8 and 24)."""
    voltage_v = loaded.run.bench_file.parts.nominal.voltage_v
    line_v = voltage_v if system_type == 10 else voltage_v * math.sqrt(3.0)
    with _load(loaded, voltages_pct=_LOW_B) as point, _as_type(loaded, system_type, line_v):
        loaded.updates(2)
        loaded.check(f"alerts at 70 % on B in type {system_type}", _expected(loaded, point), _found(loaded))


def _as_type(asked: Inquiry, system_type: int, line_v: float):
    return asked.configured({2: float(system_type), 6: round(line_v, 1), 8: 30.0, 9: 12.0})


@pytest.mark.bench_time(120)
def test_voltage_between_lines_is_told_for_a_phase_as_the_profile_says(loaded: Inquiry) -> None:
    """A voltage between two lines sets one phase's bit or both phases' (manual pages 24 and 29)."""
    with _load(loaded, voltage_shift_deg=_TURNED_B) as point, loaded.configured({8: 20.0, 9: _ANY_DIFFERENCE_PCT}):
        loaded.updates(2)
        loaded.check("alerts with B turned towards A", _expected(loaded, point), _found(loaded))


@pytest.mark.bench_time(120)
def test_voltage_beyond_the_range_between_two_lines_is_told_for_them(loaded: Inquiry) -> None:
    """BI1 to BI3 by phase (manual pages 1 and 29): only A to B beyond 600 V + 20 %; reliability of AI67."""
    # 30 degrees further apart: 1.932 times the line-to-neutral voltage between A and B
    between = abs(1.0 - cmath.rect(1.0, math.radians(150.0)))
    ratio = loaded.configuration().pt_ratio
    with loaded.configured({6: 660.0 * ratio}):
        try:
            with loaded.beyond_measuring():
                voltage_v = _OVER_RANGE_LL_V / between * ratio
                point = loaded.load(0.0, 10.0, voltage_v=voltage_v, voltage_shift_deg=(0.0, -30.0, 0.0))
                expected, found = _expected(loaded, point), _found(loaded)
                reliability = [loaded.reliability("AI", n) for n in (67, 68)]
        except (LimitExceeded, UsageRefused) as refused:
            loaded.skip("voltage out of range between two lines", str(refused))
            pytest.skip(str(refused))
    loaded.check(f"alerts at {_OVER_RANGE_LL_V:g} V from A to B", expected, found)
    loaded.check("reliability of AI67, AI68", [_UNRELIABLE_OTHER, 0], reliability)
