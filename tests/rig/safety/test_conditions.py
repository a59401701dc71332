"""Reference conditions as data: what deviates is named with its amount, what is not fed is left out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_model.stimulus import Phasor
from rig.bench.wiring import Wiring
from rig.load_point import LoadPoint
from rig.metrology.limit_files import load_limit_table
from rig.safety.conditions import climate_deviations, deviations, unmet

WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)
NOMINAL = WIRING.terminals(LoadPoint(277.0, 100.0, -60.0))


def scaled(spectra, *factors, turn_deg=(0.0, 0.0, 0.0)):
    return tuple(
        tuple(Phasor(p.order, p.rms * factor, p.phase_deg + turn) for p in spectrum)
        for spectrum, factor, turn in zip(spectra, factors, turn_deg, strict=True)
    )


def test_the_nominal_point_meets_every_condition():
    assert unmet(deviations(NOMINAL, NOMINAL)) == ""


def test_half_a_percent_too_much_everywhere_meets_every_condition():
    measured = replace(
        NOMINAL,
        voltages=scaled(NOMINAL.voltages, 1.005, 1.005, 1.005),
        ct_inputs=scaled(NOMINAL.ct_inputs, 1.005, 1.005, 1.005),
    )
    assert unmet(deviations(measured, NOMINAL)) == ""


@pytest.mark.parametrize(
    ("measured", "named"),
    [
        (replace(NOMINAL, frequency_hz=60.2), "frequency deviates by +0.333 % of nominal"),
        (replace(NOMINAL, voltages=scaled(NOMINAL.voltages, 1, 1.011, 1)), "voltage B deviates by +1.1 % of nominal"),
        (replace(NOMINAL, ct_inputs=scaled(NOMINAL.ct_inputs, 1, 1, 0.98)), "balance of current C deviates by -1.34"),
        (
            replace(NOMINAL, ct_inputs=scaled(NOMINAL.ct_inputs, 1, 1, 1, turn_deg=(0, 3, 0))),
            "displacement of current B deviates by +3 deg",
        ),
        (replace(NOMINAL, voltages=NOMINAL.voltages[::2] + NOMINAL.voltages[1:2]), "angle of voltage B deviates"),
    ],
)
def test_what_deviates_is_named_with_its_amount(measured, named):
    assert named in unmet(deviations(measured, NOMINAL))


def test_a_phase_without_current_has_no_current_conditions():
    nominal = WIRING.terminals(LoadPoint(277.0, 100.0, 0.0, phases="B"))
    names = [deviation.quantity for deviation in deviations(nominal, nominal)]
    assert "current B" in names
    assert not any("current A" in name or "balance of current" in name for name in names)


def test_a_limit_table_sets_the_reference_conditions_that_are_judged():
    stated = load_limit_table("iec62053-22-2003-class-0.2S").reference_conditions
    limits = stated.model_copy(update={"voltage_pct": 0.25, "phase_spread_deg": 0.5})
    assert limits.voltage_pct == 0.25
    assert limits.phase_spread_deg == 0.5
    assert limits.frequency_pct == stated.frequency_pct


@given(st.floats(-40.0, 70.0))
def test_air_over_two_kelvins_from_23_c_is_outside_reference_conditions(temperature_c):
    (one,) = climate_deviations(temperature_c)
    assert one.met == (21.0 <= temperature_c <= 25.0)
    assert (unmet((one,)) == "") == one.met


def test_the_reference_temperature_is_the_limit_tables():
    stated = load_limit_table("iec62053-22-2003-class-0.2S").reference_conditions
    limits = stated.model_copy(update={"temperature_c": 20.0, "temperature_k": 1.0})
    said = unmet(climate_deviations(23.0, limits))
    assert said == "ambient temperature deviates by +3 K, more than 1"


def test_phases_meant_to_differ_are_compared_with_their_own_targets():
    nominal = WIRING.terminals(LoadPoint(277.0, 100.0, 0.0, voltages_pct=(100.0, 80.0, 0.0)))
    assert unmet(deviations(nominal, nominal)) == ""
    off = replace(nominal, voltages=scaled(nominal.voltages, 1.0, 1.03, 1.0))
    said = unmet(deviations(off, nominal))
    assert "voltage B deviates by +3 % of nominal" in said
    assert "balance of voltage B deviates by +1.48 % of the mean" in said
    assert not any("C" in one.quantity for one in deviations(nominal, nominal) if "voltage" in one.quantity)
