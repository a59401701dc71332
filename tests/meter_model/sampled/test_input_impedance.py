"""The inputs load what is connected to them as their impedances say."""

from __future__ import annotations

import pytest

from meter_model.sampled.input_impedance import CT_OHM, VOLTAGE_LL_OHM, VOLTAGE_LN_OHM, at_terminals, loading_error_pct


def test_two_terminals_against_neutral_in_series_are_line_to_line() -> None:
    assert VOLTAGE_LL_OHM == 2 * VOLTAGE_LN_OHM


def test_a_ct_of_100_ohm_loses_more_in_the_third_of_a_volt_mode() -> None:
    assert loading_error_pct(100.0, CT_OHM[1]) == pytest.approx(-0.3106, abs=1e-4)
    assert loading_error_pct(100.0, CT_OHM[3]) == pytest.approx(-0.9346, abs=1e-4)


def test_a_source_as_high_as_the_input_is_halved_and_a_stiff_one_is_not() -> None:
    assert at_terminals(120.0, VOLTAGE_LN_OHM, VOLTAGE_LN_OHM) == 60.0
    assert at_terminals(120.0, 0.0, VOLTAGE_LN_OHM) == 120.0
    with pytest.raises(ValueError, match="voltage divider"):
        at_terminals(1.0, -1.0, VOLTAGE_LN_OHM)
