"""The panel's tables against the transcription of the manual's screens that was made by hand."""

import pytest

from meter_model.behaviour.panel_choices import PanelBusNames
from meter_model.behaviour.profile import BehaviourProfile
from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.panel import numbers
from meter_model.panel.data_screens import main_menu
from meter_model.panel.keys import Key
from meter_model.panel.setup_screens import SETUP_MENU, name_of, options_of, text_of
from tests.meter_model.transcription import manual_panel as manual

DEFAULT = BehaviourProfile()
ROWS = main_menu(DEFAULT)
SCREENS = [screen for row in ROWS for screen in row]
FIELDS = [(screen.heading, field) for screen in SETUP_MENU for field in screen.fields]


def both(texts):
    return tuple(zip(*(text.split(", ") for text in texts), strict=True))


def test_every_abbreviation_is_a_screen_with_its_names_in_both_notations():
    found = {(each.iec, each.ieee) for each in SCREENS} | {(each.mark_iec, each.mark_ieee) for each in SCREENS}
    of_the_reset_menu = {("PASWD", "PASWD"), ("ENERG", "ENERG"), ("DEMND", "DEMND")}
    printed = {pair for iec, ieee, _ in manual.ABBREVIATIONS for pair in both((iec, ieee))}
    assert printed - of_the_reset_menu == found - {("", ""), ("SETUP", "SETUP")}


def test_rows_follow_the_printed_order_of_the_abbreviations():
    heads = [(row[0].mark_ieee or row[0].ieee) for row in ROWS]
    order = [name for _, ieee, _ in manual.ABBREVIATIONS for name in ieee.split(", ")]
    expected = [name for name in order if name in heads]
    assert heads == [*expected, "SETUP"]
    assert heads[-4:] == ["ALERT", "INFO", "RESET", "SETUP"]


def inputs_of(mark, ieee, phase=""):
    found = [each for each in SCREENS if (each.mark_ieee, each.ieee, each.phase) == (mark, ieee, phase)]
    assert len(found) == 1, (mark, ieee, phase)
    return found[0].inputs


def test_every_measured_value_is_that_of_its_analog_input():
    for ieee, instance in manual.TOTALS.items():
        assert inputs_of("_PHASE", ieee) == ((instance, 1),)
    for ieee, instances in manual.PHASES.items():
        assert [inputs_of("", ieee, phase) for phase in "ABC"] == [((each, 1),) for each in instances]
    for mark, demands in (("D", manual.PRESENT_DEMAND), ("M", manual.MAXIMUM_DEMAND)):
        for ieee, instance in demands.items():
            assert inputs_of(mark, ieee) == ((instance, 1),)
    for ieee, instance in manual.LINE_VOLTAGES.items():
        assert inputs_of("", ieee) == ((instance, 1),)
    for ieee, inputs in manual.NET_ENERGY.items():
        assert inputs_of("", ieee) == inputs
    stated = sum(len(each) for each in (manual.TOTALS, manual.PRESENT_DEMAND, manual.MAXIMUM_DEMAND))
    stated += 3 * len(manual.PHASES) + len(manual.LINE_VOLTAGES) + len(manual.NET_ENERGY)
    assert len([each for each in SCREENS if each.inputs]) == stated


def test_alert_screens_are_about_the_printed_binary_inputs():
    assert {each.ieee: each.alerts for each in SCREENS if each.alerts is not None} == manual.ALERTS


def test_energy_units_and_the_sign_of_what_is_not_valid_are_as_printed():
    assert numbers.REAL_ENERGY.units == manual.ENERGY_UNITS
    assert numbers.NOT_VALID == manual.NOT_VALID
    assert len(Key) == manual.KEYS


def test_setup_fields_their_order_options_and_defaults_are_as_printed():
    meter = S4100()
    meter.advance(1.0, Configuration().stimulus_from_primary(60.0, ((), (), ()), ((), (), ())))
    assert [field.name for _, field in FIELDS] == [name for _, name, _, _ in manual.SETUP]
    for (heading, field), (printed, name, printed_range, default) in zip(FIELDS, manual.SETUP, strict=True):
        if printed:
            assert heading == printed
        shown = text_of(field, meter)
        if default:
            assert shown == default or float(shown) == float(default), name
        if field.options and field.of != "baud":
            assert ", ".join(text for text, _ in field.options) == printed_range.replace(" or ", ", ")
        if field.of == "baud":
            assert ", ".join(f"{value:.0f}" for _, value in field.options) == printed_range
        assert (not field.options and not field.pattern) == (printed_range == "read only")


def test_passwords_have_five_digits_and_the_instance_two_parts():
    patterns = {field.name: field.pattern for _, field in FIELDS}
    assert (patterns["ID1"], patterns["ID2"], patterns["SETUP"], patterns["RESET"]) == ("0000", "000", "00000", "00000")


def test_system_types_are_named_as_page_16_has_them():
    field = next(field for _, field in FIELDS if field.name == "SYSTM")
    assert {text: int(value) for text, value in field.options} == manual.SYSTEM_TYPES


@pytest.mark.parametrize(("name", "other"), manual.OTHER_NAMES.items())
def test_fields_with_two_names_show_the_one_that_is_chosen(name, other):
    field = next(field for _, field in FIELDS if field.name == name)
    meter = S4100(
        profile=BehaviourProfile(panel_bus_names=PanelBusNames.SETUP_PAGE),
        configuration=Configuration(system_type=10, system_voltage_v=277.0),
    )
    assert name_of(field, meter) == other
    assert name_of(field, S4100()) == name
    if name == "KBAUD":
        assert [text for text, _ in options_of(field, meter)] == ["9600", "19200", "38400", "76800", "115200"]
