"""What the analyzer sees against what was meant to be there, phase by phase, on the way up."""

from dataclasses import replace

import pytest

from drivers.analyzer.base import AnalyzerReading, ElementReading
from rig.bench.wiring import Wiring
from rig.load_point import LoadPoint
from rig.safety.errors import OutputWrong
from rig.safety.watch import comparison

WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)
WITHOUT_B = WIRING.terminals(LoadPoint(277.0, 5.0, 0.0, voltages_pct=(100.0, 0.0, 70.0)))
WITHOUT_A = WIRING.terminals(LoadPoint(277.0, 5.0, 0.0, voltages_pct=(0.0, 100.0, 100.0)))
TURNED = WIRING.terminals(LoadPoint(277.0, 5.0, 0.0, voltage_shift_deg=(0.0, 0.0, 40.0)))


def seen(target, **changes):
    """What an ideal analyzer gives for a target; ``changes`` by phase."""
    has_reference = bool(target.voltages[0])
    elements = []
    for name, spectrum in zip("abc", target.voltages, strict=True):
        fed = bool(spectrum)
        element = ElementReading(
            u_v=spectrum[0].rms if fed else 0.0,
            i=0.05,
            p=0.0,
            q=0.0,
            s=0.0,
            frequency_hz=60.0 if fed else None,
            u_phase_deg=spectrum[0].phase_deg if fed and has_reference else None,
            i_phase_deg=None,
        )
        elements.append(replace(element, **changes.get(name, {})))
    return AnalyzerReading(0.0, tuple(elements))


@pytest.mark.parametrize("target", [WITHOUT_A, WITHOUT_B, TURNED])
def test_unequal_phases_that_are_as_they_were_meant_to_be_are_accepted(target):
    reading = seen(target)
    comparison.check_not_above(reading, [target], 347.0)
    comparison.check_still_there(reading, target)
    comparison.check_sequence_and_frequency(reading, target)
    assert comparison.has_arrived(reading, target)


def test_a_phase_that_was_meant_to_be_missing_and_is_there_is_wrong():
    with pytest.raises(OutputWrong, match="voltage B"):
        comparison.check_not_above(seen(WITHOUT_B, b={"u_v": 277.0}), [WITHOUT_B], 347.0)
    assert not comparison.has_arrived(seen(WITHOUT_B, b={"u_v": 20.0}), WITHOUT_B)


def test_a_phase_that_was_meant_to_be_low_and_is_not_is_wrong():
    with pytest.raises(OutputWrong, match="voltage C"):
        comparison.check_not_above(seen(WITHOUT_B, c={"u_v": 277.0}), [WITHOUT_B], 347.0)


def test_a_phase_that_is_not_turned_as_it_was_meant_to_be_is_wrong():
    with pytest.raises(OutputWrong, match="angle of voltage C"):
        comparison.check_sequence_and_frequency(seen(TURNED, c={"u_phase_deg": 120.0}), TURNED)


def test_without_phase_a_the_frequency_is_that_of_the_next_phase():
    with pytest.raises(OutputWrong, match="frequency"):
        comparison.check_sequence_and_frequency(seen(WITHOUT_A, b={"frequency_hz": 50.0}), WITHOUT_A)


def test_without_any_voltage_there_is_nothing_to_confirm():
    nothing = WIRING.terminals(LoadPoint(0.0, 5.0, 0.0))
    comparison.check_sequence_and_frequency(seen(nothing), nothing)
