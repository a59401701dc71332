"""Which wiring faults fit what a meter reads: single faults are named, two are seen, an inaccurate meter is none."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from meter_model.behaviour.profile import DEFAULT, BehaviourProfile, Type31PhaseValues
from meter_model.system_type import SYSTEM_TYPES
from rig.procedures.wiring_check.diagnosis import diagnose
from rig.procedures.wiring_check.faults import Diagnosis, FaultKind
from tests.rig.procedures.wiring_check.wired import Leads, picture

CT_TYPES = {10: "A", 11: "A", 12: "AB", 31: "ABC", 40: "ABC"}
VOLTAGE_TYPES = {10: "AN", 11: "AB", 12: "ABN", 31: "ABC", 40: "ABCN"}


def exchanged(one: str, two: str) -> dict[str, str]:
    return {one: two, two: one}


def single_faults(system_type: int) -> dict[str, Leads]:
    """Every single fault that a system type can have, by the name that a diagnosis gives it."""
    cts, terminals = CT_TYPES[system_type], VOLTAGE_TYPES[system_type]
    found = {}
    for place, one in enumerate(cts):
        found[f"ct_reversed {one}"] = Leads(reversed_at=one)
        found[f"ct_missing {one}"] = Leads(ct={one: ""})
        found[f"ct_ratio {one}"] = Leads(ct_factor={one: 2.0})
        for two in cts[place + 1 :]:
            found[f"ct_exchanged {one}{two}"] = Leads(ct=exchanged(one, two))
            both = exchanged(one, two)
            found[f"phases_exchanged {one}{two}"] = Leads(voltage=both, ct=both)
    for place, one in enumerate(terminals):
        if one != "N":
            found[f"voltage_missing {one}"] = Leads(voltage={one: ""})
        for two in terminals[place + 1 :]:
            found[f"voltage_exchanged {one}{two}"] = Leads(voltage=exchanged(one, two))
    if len(cts) > 1:
        found["ct_ratio "] = Leads(ct_factor=dict.fromkeys(cts, 3.0))
    if len(cts) == 3:
        turned = dict(zip("ABC", "BCA", strict=True))
        found["ct_rotated ABC"] = Leads(ct=turned)
        found["voltage_rotated ABC"] = Leads(voltage=turned)
        found["phases_rotated ABC"] = Leads(voltage=turned, ct=turned)
    found["voltage_ratio " + ("A" if system_type == 10 else "")] = Leads(voltage_factor=1.732)
    return found


CASES = [(number, name) for number in SYSTEM_TYPES for name in single_faults(number)]

CANNOT_TELL = {
    10: [{"ct_reversed A", "voltage_exchanged AN"}],
    11: [{"ct_reversed A", "voltage_exchanged AB"}, {"voltage_missing A", "voltage_missing B"}],
}
"""Faults that give the same readings: of a single-phase system reversed leads on either side."""


def names(diagnosis: Diagnosis) -> set[str]:
    return {"; ".join(f"{fault.kind} {fault.where}" for fault in each) for each in diagnosis.alternatives}


def pictures(system_type: int, leads: Leads, profile: BehaviourProfile = DEFAULT) -> list:
    """One load with unequal currents; one phase after the other too where the meter has no powers by phase."""
    found = [picture(system_type, leads, profile=profile)]
    if profile != DEFAULT:
        found += [picture(system_type, leads, profile=profile, phases=name) for name in CT_TYPES[system_type]]
    return found


@pytest.mark.parametrize(("system_type", "name"), CASES)
def test_every_single_fault_is_named_or_one_of_those_that_read_alike(system_type, name):
    leads = single_faults(system_type)[name]
    found = names(diagnose(pictures(system_type, leads), SYSTEM_TYPES[system_type]))
    alike = next((each for each in CANNOT_TELL.get(system_type, []) if name in each), {name})
    assert found == alike


@pytest.mark.parametrize("name", sorted(single_faults(31)))
def test_a_meter_without_powers_by_phase_needs_one_phase_after_the_other(name):
    profile = replace(DEFAULT, type_31_phase_values=Type31PhaseValues.QNAN)
    found = names(diagnose(pictures(31, single_faults(31)[name], profile), SYSTEM_TYPES[31]))
    assert name in found
    assert len(found) <= 3


@pytest.mark.parametrize("system_type", SYSTEM_TYPES)
def test_right_wiring_is_right_in_every_system_type(system_type):
    diagnosis = diagnose(pictures(system_type, Leads()), SYSTEM_TYPES[system_type])
    assert diagnosis.is_right
    assert diagnosis.wires == ()


@given(
    system_type=st.sampled_from(list(SYSTEM_TYPES)),
    gains=st.lists(st.floats(0.94, 1.06), min_size=6, max_size=6),
    turns_deg=st.lists(st.floats(-8.0, 8.0), min_size=3, max_size=3),
)
def test_an_inaccurate_meter_is_not_taken_for_a_wiring_fault(system_type, gains, turns_deg):
    leads = Leads(gains=gains, turns_deg=turns_deg)
    assert diagnose(pictures(system_type, leads), SYSTEM_TYPES[system_type]).is_right


@given(
    case=st.sampled_from(CASES),
    gains=st.lists(st.floats(0.98, 1.02), min_size=6, max_size=6),
    turns_deg=st.lists(st.floats(-3.0, 3.0), min_size=3, max_size=3),
)
def test_a_fault_of_an_inaccurate_meter_is_named(case, gains, turns_deg):
    system_type, name = case
    leads = replace(single_faults(system_type)[name], gains=gains, turns_deg=turns_deg)
    assert name in names(diagnose(pictures(system_type, leads), SYSTEM_TYPES[system_type]))


@given(system_type=st.sampled_from([12, 31, 40]), data=st.data())
def test_two_faults_at_once_are_at_least_seen(system_type, data):
    faults = single_faults(system_type)
    one, two = (faults[data.draw(st.sampled_from(sorted(faults)))] for _ in range(2))
    both = Leads(
        voltage={**one.voltage, **two.voltage},
        ct={**one.ct, **two.ct},
        reversed_at="".join(sorted(set(one.reversed_at) ^ set(two.reversed_at))),
        ct_factor={**one.ct_factor, **two.ct_factor},
        voltage_factor=max(one.voltage_factor, two.voltage_factor),
    )
    seen, right = pictures(system_type, both)[0].read, pictures(system_type, Leads())[0].read
    alike = all(math.isnan(seen[n]) or abs(seen[n] - right[n]) <= 0.05 * abs(right[n]) + 0.05 for n in range(55, 76))
    assume(not alike)
    assert not diagnose(pictures(system_type, both), SYSTEM_TYPES[system_type]).is_right


def test_a_finding_names_the_two_wires_to_look_at():
    found = diagnose(pictures(40, single_faults(40)["ct_exchanged AC"]), SYSTEM_TYPES[40])
    assert found.wires == ("CT input A", "CT input C")
    assert found.text == "the leads of CT inputs A and C look exchanged"
    (fault,) = found.alternatives[0]
    assert fault.kind is FaultKind.CT_EXCHANGED


def test_leads_that_are_wrong_alike_are_one_clause():
    found = diagnose(pictures(40, Leads(reversed_at="ABC")), SYSTEM_TYPES[40])
    assert found.text == "the lead of CT input A, B and C looks reversed (white and black wire)"


def test_readings_that_fit_nothing_are_wrong_without_a_name():
    one = pictures(40, Leads())[0]
    garbled = replace(one, read={**one.read, 55: 0.0, 58: 0.0, 56: -1.0, 59: 40.0})
    diagnosis = diagnose([garbled], SYSTEM_TYPES[40])
    assert not diagnosis.is_right
    assert diagnosis.alternatives == ()
    assert "more than one thing is wrong" in diagnosis.text
