"""Wrong wires of the emulated bench: what they are told, what they do to a stimulus, and that each is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.stimulus import Phasor
from meter_model.system_type import SYSTEM_TYPES
from rig.bench.wiring import Wiring
from rig.emulation.world.miswiring import MiswiredMeter, MiswiringRefused, miswired, parse_miswiring
from rig.load_point import LoadPoint
from rig.procedures.wiring_check.diagnosis import diagnose
from rig.procedures.wiring_check.look import CURRENTS_PCT, picture_of

WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)
TERMINALS = {10: "AN", 11: "AB", 12: "ABN", 31: "ABC", 40: "ABCN"}
NAMED = {
    "ct-exchanged=AB": "ct_exchanged AB",
    "ct-rotated=ABC": "ct_rotated ABC",
    "ct-reversed=B": "ct_reversed B",
    "ct-missing=C": "ct_missing C",
    "ct-ratio=3": "ct_ratio ",
    "ct-ratio=A:0.5": "ct_ratio A",
    "voltage-exchanged=BC": "voltage_exchanged BC",
    "voltage-exchanged=AN": "voltage_exchanged AN",
    "voltage-missing=A": "voltage_missing A",
    "pt-ratio=0.5": "voltage_ratio ",
    "rotation=AC": "phases_exchanged AC",
}


def read_by_a_sampled_meter(system_type: int, faults: list[str]) -> set[str]:
    """Have a meter of the sampled road live behind wrong wires, and name what a wiring check makes of it."""
    setup = Configuration(system_type=system_type, system_voltage_v=480.0)
    meter = S4100(serial_number="1", device_instance=1, configuration=setup)
    point = LoadPoint(200.0, 30.0, 0.0, system_type=system_type, currents_pct=CURRENTS_PCT)
    stimulus = WIRING.terminals(point)
    wires = MiswiredMeter(meter, lambda: TERMINALS[system_type], map(parse_miswiring, faults))
    wires.advance(3.0, stimulus)
    read = {
        instance: float(meter.read("AI", instance, "present-value")) for instance in (*range(11, 19), *range(55, 76))
    }
    diagnosis = diagnose([picture_of(stimulus, setup, read)], SYSTEM_TYPES[system_type])
    return {"; ".join(f"{fault.kind} {fault.where}" for fault in each) for each in diagnosis.alternatives}


@pytest.mark.parametrize(("fault", "name"), NAMED.items())
def test_each_wiring_fault_of_the_emulated_bench_is_named(fault, name):
    assert read_by_a_sampled_meter(40, [fault]) == {name}


@pytest.mark.parametrize("system_type", SYSTEM_TYPES)
def test_right_wires_and_one_that_is_reversed_in_every_system_type(system_type):
    assert read_by_a_sampled_meter(system_type, []) == {""}
    assert "ct_reversed A" in read_by_a_sampled_meter(system_type, ["ct-reversed=A"])


def test_a_terminal_that_is_off_floats_to_the_others_without_a_neutral():
    assert read_by_a_sampled_meter(31, ["voltage-missing=B"]) == {"voltage_missing B"}


def test_two_faults_of_one_meter_are_both_named():
    assert read_by_a_sampled_meter(40, ["ct-exchanged=AB", "voltage-missing=C"]) == {
        "voltage_missing C; ct_exchanged AB"
    }


def test_harmonics_follow_their_wire():
    stimulus = WIRING.terminals(LoadPoint(200.0, 30.0, 0.0))
    with_fifth = (*stimulus.ct_inputs[0], Phasor(5, 0.1, 30.0))
    seen = miswired(
        replace(stimulus, ct_inputs=(with_fifth, *stimulus.ct_inputs[1:])), [parse_miswiring("rotation=AB")]
    )
    assert [part.order for part in seen.ct_inputs[1]] == [1, 5]
    assert seen.ct_inputs[1][1].rms == pytest.approx(0.1)


@pytest.mark.parametrize("text", [*NAMED, "ct-missing@2=AC", "voltage-rotated=ABN"])
def test_a_fault_is_written_as_it_was_read(text):
    assert str(parse_miswiring(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "ct-exchanged", "ct-exchanged=A", "ct-exchanged=AA", "ct-reversed=N", "ct-ratio=A", "pt-ratio=A:2",
     "rotation=ABC", "voltage-missing=N", "ct-ratio=0", "ct-ratio=1.2.3", "loose=A"],
)  # fmt: skip
def test_what_is_no_fault_is_refused_with_a_list(text):
    with pytest.raises(MiswiringRefused, match="known are ct-exchanged=<two CT inputs, such as AB>"):
        parse_miswiring(text)
