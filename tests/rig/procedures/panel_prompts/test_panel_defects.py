"""Every seeded defect of the panel is caught by the prompts, and a good panel passes them all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meter_model.behaviour.panel_choices import (
    PanelBusNames,
    PanelDigitKeys,
    PanelEnergyNames,
    PanelEnergyRegisters,
    PanelRefusedEntry,
    PanelResetConfirmation,
    PanelRounding,
    PanelScreenOrder,
    PanelSerialNumber,
    PanelUnitChange,
    PanelWrench,
    PanelWrongPassword,
)
from meter_model.behaviour.profile import BehaviourProfile
from meter_model.configuration import Configuration
from rig.emulation.defects.panel import PANEL_DEFECTS
from tests.meter_model.loads import three_phase
from tests.rig.procedures.panel_prompts.asked_meter import WYE, Unit, failed

CAUGHT_BY = {
    "panel-alert-icon-stuck": "panel.icons",
    "panel-alert-screens-blank": "panel.value-PLOSS",
    "panel-dark": "panel.start",
    "panel-energy-value-wrong": "panel.value-KWh",
    "panel-energy-unit-wrong": "panel.value-KVARh",
    "panel-heart-missing": "panel.icons",
    "panel-key-back-dead": "panel.back",
    "panel-key-enter-dead": "panel.keys",
    "panel-key-back-dead-in-entries": "panel.entry-back",
    "panel-key-enter-bounces": "panel.keys",
    "panel-key-minus-bounces": "panel.keys",
    "panel-key-minus-dead-in-entries": "panel.setting-back",
    "panel-key-plus-bounces": "panel.keys",
    "panel-key-plus-dead-in-entries": "panel.reset-password-wrong",
    "panel-keys-exchanged": "panel.keys",
    "panel-key-minus-dead": "panel.keys",
    "panel-key-plus-dead": "panel.keys",
    "panel-other-notation": "panel.start",
    "panel-password-ignored": "panel.reset-password-wrong",
    "panel-phases-exchanged": "panel.value-A-B",
    "panel-reset-password-ignored": "panel.reset-password-wrong",
    "panel-serial-number-wrong": "panel.value-SN",
    "panel-setting-not-stored": "panel.setting",
    "panel-setup-password-ignored": "panel.setup-password-wrong",
    "panel-setup-value-wrong": "panel.setup-CT-SZ",
    "panel-sign-missing": "panel.value-W-A",
    "panel-unit-wrong": "panel.value-VLN-A",
    "panel-value-frozen": "panel.value-W-B",
    "panel-value-wrong": "panel.value-3PHASE-HZ",
    "panel-voltage-value-wrong": "panel.value-VAB",
    "panel-wrench-stuck": "panel.icons",
}
"""A step that catches each defect; others may catch it too."""


def test_every_defect_of_the_panel_is_asked_for():
    assert set(CAUGHT_BY) == set(PANEL_DEFECTS)


@pytest.mark.parametrize("name", sorted(PANEL_DEFECTS))
def test_defect_is_caught_by_the_prompts(name):
    found = Unit([name]).asked()
    assert CAUGHT_BY[name] in failed(found)
    assert all(each.detail for each in found if not each.passed)


@pytest.mark.parametrize("name", sorted(set(PANEL_DEFECTS) - {"panel-sign-missing"}))
def test_defect_is_caught_in_iec_notation_of_another_type_too(name):
    configuration = Configuration(31, system_voltage_v=480.0, display_units=0)
    load = three_phase(configuration, 277.0, (80.0, 90.0, 100.0), 20.0)
    assert failed(Unit([name], configuration, load=load).asked())


CHOSEN = [
    {"panel_digits": 6.0},
    {"panel_screen_order": PanelScreenOrder.DATA_OUTPUTS},
    {"panel_digit_keys": PanelDigitKeys.MINUS_MOVES},
    {"panel_bus_names": PanelBusNames.SETUP_PAGE},
    {"panel_refused_entry": PanelRefusedEntry.ENTRY_KEPT},
    {"panel_wrong_password": PanelWrongPassword.RETURNS_TO_MENU},
    {"panel_reset_confirmation": PanelResetConfirmation.YES_NO},
    {"panel_rounding": PanelRounding.DOWN},
    {"panel_unit_change": PanelUnitChange.AT_FULL},
    {"panel_energy_names": PanelEnergyNames.FOLLOW_UNIT},
    {"panel_energy_registers": PanelEnergyRegisters.IMPORT},
    {"panel_wrench": PanelWrench.OUT_OF_RANGE},
    {"panel_serial_number": PanelSerialNumber.LAST_DIGITS},
]


@pytest.mark.parametrize("choices", [{}, *CHOSEN], ids=str)
@pytest.mark.parametrize("display_units", [0, 1])
def test_good_panel_passes_every_prompt_with_any_choice(choices, display_units):
    unit = Unit(configuration=replace(WYE, display_units=display_units), profile=BehaviourProfile(**choices))
    found = unit.asked()
    assert failed(found) == []
    assert len(found) == (76 if "returns" in str(choices) else 74)
    assert unit.meter.configuration == replace(WYE, display_units=display_units)
    assert unit.view().label == unit.asked(["panel.start"])[0].shown


@pytest.mark.parametrize(
    ("system_type", "volts", "nominal_v"),
    [(10, 277.0, 277.0), (11, 277.0, 480.0), (12, 240.0, 480.0), (31, 277.0, 480.0)],
)
def test_good_panel_passes_in_every_system_type(system_type, volts, nominal_v):
    configuration = Configuration(system_type, system_voltage_v=nominal_v)
    load = three_phase(configuration, volts, (80.0, 90.0, 70.0), 20.0)
    found = Unit(configuration=configuration, load=load).asked()
    assert [each.detail for each in found if not each.passed] == []
    assert any(each.expected == "----" for each in found)


def test_good_panel_passes_while_time_passes_and_an_alert_is_on():
    load = three_phase(WYE, 277.0, (50.0, 60.0, 70.0), 75.0)
    found = Unit(load=load, passes_s=2.0).asked()
    assert [each.detail for each in found if not each.passed] == []
    assert next(each for each in found if each.key == "panel.icons").shown == "heart alert wrench"
    assert next(each for each in found if each.key == "panel.value-LOWPF").shown == "ABC"


def test_two_defects_at_once_are_both_there():
    found = failed(Unit(["panel-value-wrong", "panel-setting-not-stored"]).asked())
    assert {"panel.value-A-A", "panel.setting"} <= set(found)
