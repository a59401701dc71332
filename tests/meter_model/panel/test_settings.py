"""Settings made on the panel take effect and are stored, passwords guard the menus, and resets reset."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_model.behaviour.panel_choices import (
    PanelCommunicationsEffect,
    PanelDigitKeys,
    PanelRefusedEntry,
    PanelResetConfirmation,
    PanelWrongPassword,
)
from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.device.panel_settings import PanelSettings
from meter_model.panel.keys import Key
from tests.meter_model.panel.panels import LOAD, UsedPanel, enter, into_setup, panel_under_load, press, show


def at(panel: UsedPanel, heading: str, label: str) -> UsedPanel:
    """From the first heading of the setup menu go to a field."""
    while panel.view().label != heading:
        press(panel, "+")
    press(panel, ">")
    while panel.view().label != label:
        press(panel, ">")
    return panel


def restarted(panel: UsedPanel) -> UsedPanel:
    """The panel of a meter that has only what the memory of this one holds."""
    meter = panel.meter
    return UsedPanel(S4100(meter.serial_number, profile=meter.profile, memory_image=meter.memory_image()))


def test_mac_and_baud_rate_are_set_and_survive_a_restart():
    panel = panel_under_load()
    into_setup(panel)
    press(panel, ">")
    assert panel.view().lines[:2] == ("MAC", "001")
    enter(panel, "005")
    assert panel.view().lines[:2] == ("KBAUD", "76.8")
    press(panel, "->")  # 38.4
    assert panel.view().label == "ID1"
    assert panel.meter.communications == (5, 38400)
    press(panel, "<")
    assert panel.view().label == "S BAC"
    assert restarted(panel).meter.communications == (5, 38400)


def test_mac_takes_effect_at_power_up_where_that_is_chosen():
    panel = panel_under_load(panel_communications_effect=PanelCommunicationsEffect.AT_POWER_UP)
    into_setup(panel)
    press(panel, ">")
    enter(panel, "127")
    assert panel.meter.communications == (1, 76800)
    panel.meter.advance(2.0, LOAD, control_power=False)
    panel.meter.advance(3.0, LOAD)
    assert panel.meter.communications == (127, 76800)


@pytest.mark.parametrize(("choice", "shown"), [("stored_value", "001"), ("entry_kept", "128")])
def test_mac_above_127_is_refused_and_the_screen_stays(choice, shown):
    panel = panel_under_load(panel_refused_entry=PanelRefusedEntry(choice))
    into_setup(panel)
    press(panel, ">")
    enter(panel, "128")
    assert panel.view().lines[:2] == ("MAC", shown)
    assert panel.meter.panel_settings.mac == 1


def test_device_instance_is_set_in_two_parts():
    panel = panel_under_load()
    into_setup(panel)
    at(panel, "S BAC", "ID1")
    assert panel.view().value == "1000"
    enter(panel, "4193")
    assert panel.meter.device_instance == 1_000_001
    enter(panel, "999")
    assert panel.meter.device_instance == 4_193_999
    assert panel.view().label == "S BAC"
    assert restarted(panel).meter.device_instance == 4_193_999


def test_device_instance_beyond_the_range_is_refused():
    panel = panel_under_load()
    into_setup(panel)
    at(panel, "S BAC", "ID1")
    enter(panel, "4194")
    enter(panel, "000")
    assert panel.view().label == "ID2"
    assert panel.meter.device_instance == 1_000_001


def test_upper_part_alone_is_not_stored():
    panel = panel_under_load()
    into_setup(panel)
    at(panel, "S BAC", "ID1")
    enter(panel, "2222")
    press(panel, "<<<<")
    assert panel.meter.device_instance == 1_000_001


@pytest.mark.parametrize(
    ("heading", "label", "entry", "av", "value"),
    [
        ("S CT", "CT SZ", "00400", 3, 400.0),
        ("S PT", "RATIO", "120.00", 5, 120.0),
        ("S PLO", "VOLTS", "0.15", 8, 15.0),
        ("S PLO", "IMBAL", "0.07", 9, 7.0),
        ("S DEM", "INTRV", "3", 10, 3.0),
        ("S DEM", "SEC", "00060", 11, 6000.0),
        ("S V", "V LL", "00600", 6, 600.0),
    ],
)
def test_number_that_is_entered_is_what_the_analog_value_reads(heading, label, entry, av, value):
    panel = panel_under_load()
    into_setup(panel)
    at(panel, heading, label)
    start = entry.index(".") + 1 if label in ("VOLTS", "IMBAL") else 0
    if start:
        press(panel, ">")  # the digit before the point stays 0
    enter(panel, entry[start:])
    panel.meter.advance(3.0, LOAD)
    assert panel.meter.read("AV", av, "present-value") == pytest.approx(value)
    assert restarted(panel).meter.configuration.value(av) == pytest.approx(value)


@pytest.mark.parametrize(
    ("heading", "label", "keys", "av", "value"),
    [
        ("S CT", "CT V", "+>", 4, 3.0),
        ("S SYS", "SYSTM", "+>", 2, 31.0),
        ("S SYS", "SYSTM", "->", 2, 10.0),
        ("S UNI", "UNITS", "+>", 7, 0.0),
    ],
)
def test_option_that_is_chosen_is_what_the_analog_value_reads(heading, label, keys, av, value):
    panel = panel_under_load()
    into_setup(panel)
    press(at(panel, heading, label), keys)
    panel.meter.advance(3.0, LOAD)
    assert panel.meter.read("AV", av, "present-value") == value


def test_voltage_beyond_the_range_of_the_pt_ratio_is_refused():
    panel = panel_under_load()
    into_setup(panel)
    at(panel, "S V", "V LL")
    enter(panel, "00661")
    assert panel.view().lines[:2] == ("V LL", "00480")


def test_entry_that_is_accepted_unchanged_writes_nothing():
    panel = panel_under_load(Configuration(ct_primary_a=250.4, system_voltage_v=480.0))
    into_setup(panel)
    at(panel, "S CT", "CT SZ")
    assert panel.view().value == "00250"
    press(panel, ">>>>>")
    panel.meter.advance(3.0, LOAD)
    assert panel.meter.configuration.ct_primary_a == 250.4


def test_back_leaves_a_field_without_storing():
    panel = panel_under_load()
    into_setup(panel)
    at(panel, "S CT", "CT SZ")
    press(panel, "+<")
    assert panel.view().label == "S CT"
    panel.meter.advance(3.0, LOAD)
    assert panel.meter.configuration.ct_primary_a == 100.0


def test_maximum_power_is_read_only():
    panel = panel_under_load()
    into_setup(panel)
    at(panel, "S PWR", "MX KW")
    press(panel, "+-")
    assert panel.view().lines[:2] == ("MX KW", "83.14")
    press(panel, ">")
    assert panel.view().label == "S PWR"


@pytest.mark.parametrize("menu", ["SETUP", "RESET"])
@pytest.mark.parametrize(
    ("choice", "label"), [(PanelWrongPassword.ASKED_AGAIN, "PASWD"), (PanelWrongPassword.RETURNS_TO_MENU, "")]
)
def test_wrong_password_opens_no_menu(menu, choice, label):
    panel = panel_under_load(panel_wrong_password=choice)
    into_setup(panel, "00001", menu)
    assert panel.view().label == (label or menu)
    assert panel.view().value == ("00000" if label else "")


def test_passwords_are_set_each_for_its_menu_and_survive_a_restart():
    panel = panel_under_load()
    into_setup(panel)
    at(panel, "S PAS", "SETUP")
    enter(panel, "12345")
    enter(panel, "00007")
    assert panel.view().label == "S PAS"
    press(panel, "<")
    again = restarted(panel)
    for menu, right, label in (("SETUP", "12345", "S BAC"), ("RESET", "00007", "ENERG")):
        press(again, "<<<<<<")
        into_setup(again, "00000", menu)
        assert again.view().label == "PASWD"
        enter(again, right)
        assert again.view().label == label


def test_energ_clears_energies_and_demnd_the_maxima():
    panel = panel_under_load()
    assert panel.meter.read("AI", 2, "present-value") > 0.0
    into_setup(panel, at="RESET")
    assert panel.view().label == "ENERG"
    press(panel, ">")
    assert panel.view().lines[:2] == ("ENERG", "DONE")
    assert panel.meter.read("AI", 78, "present-value") == 0.0  # counted with the next update
    panel.meter.advance(1.0, LOAD)
    assert panel.meter.read("AI", 78, "present-value") == 1.0
    press(panel, "+>")
    assert panel.view().lines[:2] == ("DEMND", "DONE")
    press(panel, "<")
    assert panel.view().label == "RESET"


def test_reset_asks_where_that_is_chosen_and_no_resets_nothing():
    panel = panel_under_load(panel_reset_confirmation=PanelResetConfirmation.YES_NO)
    into_setup(panel, at="RESET")
    for keys, answer, count in ((">", "NO", 0.0), (">", "", 0.0), (">+", "YES", 0.0), (">", "DONE", 1.0)):
        press(panel, keys)
        panel.meter.advance(1.0, LOAD)
        assert panel.view().value == answer
        assert panel.meter.read("AI", 78, "present-value") == count


def test_minus_moves_to_the_left_where_that_is_chosen():
    panel = panel_under_load(panel_digit_keys=PanelDigitKeys.MINUS_MOVES)
    show(panel, "SETUP")
    press(panel, ">>>")
    assert panel.view().lines[:2] == ("MAC", "001")
    assert panel.view().blinking == 2
    press(panel, "++++-+>")
    assert panel.meter.panel_settings.mac == 15


@pytest.mark.parametrize(
    "wrong", [{"mac": 128}, {"mac": -1}, {"baud": 57600}, {"setup_password": "1234"}, {"reset_password": "0000a"}]
)
def test_settings_that_the_panel_does_not_take_are_refused(wrong):
    with pytest.raises(ValueError, match=r"is 0 to 127|is one of 9600|has 5 digits"):
        PanelSettings(**wrong)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(list(Key)), min_size=5, max_size=60))
def test_what_keys_have_set_is_what_the_memory_holds(keys):
    panel = panel_under_load()
    into_setup(panel)
    for key in keys:
        panel.press(key)
    panel.meter.advance(3.0, LOAD)
    again = restarted(panel).meter
    assert again.panel_settings == panel.meter.panel_settings
    assert again.device_instance == panel.meter.device_instance
    assert again.configuration == panel.meter.configuration
    assert again.communications == panel.meter.communications


def test_memory_from_before_the_panel_leaves_the_given_settings():
    from meter_model.device.memory import Memory, pack, unpack

    meter = S4100()
    memory = Memory(meter.memory_image())
    assert memory.content is not None
    stored, records = unpack(memory.content)
    del stored["panel"]
    memory.write(pack(stored, records))
    assert S4100(memory_image=memory.image, panel_settings=PanelSettings(mac=9)).communications == (9, 76800)
