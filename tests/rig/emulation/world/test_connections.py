"""What a faulty meter takes from the whole bench while it is connected, and from nothing once its leads are off."""

import pytest

from meter_model.stimulus import Phasor, Stimulus
from rig.emulation.defects.library import disturbance_of, parse_defect
from rig.emulation.world.connections import Connections

SEEN = Stimulus(
    60.0,
    tuple((Phasor(1, 277.0, a),) for a in (0.0, -120.0, 120.0)),
    tuple((Phasor(1, 1.0, a),) for a in (0.0, 1.0, 2.0)),
)


def connections(*defects, meters=3):
    found = [parse_defect(text) for text in defects]
    return Connections([disturbance_of(found, number) for number in range(1, meters + 1)])


def seen(made):
    found = made.seen(SEEN)
    return found.voltages[0][0].rms / 277.0, found.ct_inputs[2][0].rms


def test_good_meters_leave_everything_as_it_is():
    assert connections("phase-a-current-gain@1=+1%").seen(SEEN) is SEEN


def test_a_short_circuit_takes_the_signal_of_all_until_it_is_taken_out():
    made = connections("ct-input-short@2=100%")
    assert seen(made) == (1.0, 0.0)
    made.work(0, on=False)
    assert seen(made) == (1.0, 0.0)
    made.work(1, on=False)
    assert seen(made) == (1.0, 1.0)
    made.work(1, on=True)
    assert seen(made) == (1.0, 0.0)


def test_what_two_meters_take_adds_up():
    assert seen(connections("voltage-dip@1=10%", "voltage-dip@3=20%")) == pytest.approx((0.72, 1.0))
