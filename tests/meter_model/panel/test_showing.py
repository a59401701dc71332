"""What the data, alert and information screens show of a meter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meter_model.behaviour.panel_choices import PanelEnergyNames, PanelEnergyRegisters, PanelSerialNumber, PanelWrench
from meter_model.configuration import Configuration
from tests.meter_model.loads import three_phase
from tests.meter_model.panel.panels import LOAD, WYE, panel_under_load, show

IEC = Configuration(system_voltage_v=480.0, display_units=0)


def lines(panel, label):
    show(panel, label)
    return panel.view().lines[1:]


@pytest.mark.parametrize(
    ("ieee", "iec", "value", "unit"),
    [
        ("W A", "P A", "11.994", "kW"),
        ("VA C", "S C", "19.390", "kVA"),
        ("A B", "A B", "60.00", "A"),
        ("VAB", "UAB", "479.78", "V"),
        ("VLN A", "V A", "277.00", "V"),
        ("PF A", "PF A", "0.866", ""),
        ("3PHASE W", "3PHASE P", "43.180", "kW"),
        ("3PHASE VLL", "3PHASE U", "479.78", "V"),
        ("3PHASE HZ", "3PHASE HZ", "60.00", "Hz"),
        ("MODEL", "MODEL", "S4100", ""),
        ("OS", "OS", "1.000", ""),
        ("SN", "SN", "0012345678", ""),
        ("PLOSS", "PLOSS", "---", ""),
        ("F ERR", "F ERR", "OFF", ""),
        ("PULSE", "PULSE", "OFF", ""),
    ],
)
def test_screen_shows_name_value_and_unit_in_either_notation(ieee, iec, value, unit):
    assert lines(panel_under_load(), ieee) == (value, unit)
    assert lines(panel_under_load(IEC), iec) == (value, unit)


@pytest.mark.parametrize(
    ("configuration", "label", "summary"),
    [
        (Configuration(31, system_voltage_v=480.0), "VLN A", "3PHASE"),
        (Configuration(12, system_voltage_v=480.0), "W C", "2PHASE"),
        (Configuration(10, system_voltage_v=277.0), "VAB", "1PHASE"),
    ],
)
def test_values_that_a_system_type_does_not_have_are_four_dashes(configuration, label, summary):
    panel = panel_under_load(configuration)
    assert lines(panel, label) == ("----", "")
    show(panel, summary)


def test_every_data_screen_agrees_with_the_bus_within_its_last_digit():
    panel = panel_under_load()
    compared = 0
    for row in panel.menu:
        for screen in row:
            if screen.inputs:
                show(panel, " ".join(filter(None, (screen.mark_ieee, screen.ieee, screen.phase))).replace("_", "3"))
                view = panel.view()
                expected = sum(sign * panel.meter.analog_input(ai) for ai, sign in screen.inputs)
                factor = 1000.0 ** (screen.scale.units.index(view.unit) - screen.scale.bus_place)
                assert float(view.value) * factor == pytest.approx(expected, rel=1e-4, abs=6e-4), view
                compared += 1
    assert compared == 38


def test_energies_show_import_where_that_is_chosen():
    panel = panel_under_load()
    panel.meter.advance(3.0, three_phase(WYE, 277.0, (100.0, 100.0, 100.0), 180.0))
    assert lines(panel, "KWh")[0].startswith("-")
    imported = panel_under_load(panel_energy_registers=PanelEnergyRegisters.IMPORT)
    imported.meter.advance(3.0, three_phase(WYE, 277.0, (100.0, 100.0, 100.0), 180.0))
    assert not lines(imported, "KWh")[0].startswith("-")


def test_name_of_an_energy_follows_its_unit_where_that_is_chosen():
    panel = panel_under_load(panel_energy_names=PanelEnergyNames.FOLLOW_UNIT)
    assert lines(panel, "Wh")[1] == "Wh"
    panel.meter.advance(300.0, LOAD)
    assert lines(panel, "KWh")[1] == "kWh"


def test_serial_number_is_cut_to_the_display_where_that_is_chosen():
    assert lines(panel_under_load(panel_serial_number=PanelSerialNumber.LAST_DIGITS), "SN") == ("45678", "")


def stimulus(volts_b=277.0, amperes_b=60.0, angle_deg=30.0):
    both = three_phase(WYE, 277.0, (50.0, amperes_b, 70.0), angle_deg)
    lost = three_phase(WYE, volts_b, (50.0, amperes_b, 70.0), angle_deg)
    return replace(both, voltages=(both.voltages[0], lost.voltages[1], both.voltages[2]))


@pytest.mark.parametrize(
    ("load", "label", "value", "with_range_only"),
    [
        (stimulus(volts_b=200.0), "PLOSS", "AB-", ("heart", "alert")),
        (stimulus(angle_deg=75.0), "LOWPF", "ABC", ("heart", "alert")),
        (stimulus(amperes_b=125.0), "I OVR", "-B-", ("heart", "alert", "wrench")),
        (stimulus(volts_b=430.0), "V OVR", "-B-", ("heart", "alert", "wrench")),
    ],
)
def test_alert_shows_its_phases_and_the_icons_and_goes_again(load, label, value, with_range_only):
    for choice, icons in (
        (PanelWrench.ANY_ALERT, ("heart", "alert", "wrench")),
        (PanelWrench.OUT_OF_RANGE, with_range_only),
    ):
        panel = panel_under_load(panel_wrench=choice)
        assert panel.view().icons == ("heart",)
        panel.meter.advance(2.0, load)
        assert lines(panel, label) == (value, "")
        assert panel.view().icons == icons
        panel.meter.advance(2.0, LOAD)
        assert lines(panel, label) == ("---", "")
        assert panel.view().icons == ("heart",)


def test_frequency_alert_is_on_or_off():
    panel = panel_under_load()
    panel.meter.advance(2.0, three_phase(WYE, 277.0, (50.0, 60.0, 70.0), 30.0, 66.0))
    assert lines(panel, "F ERR") == ("ON", "")
