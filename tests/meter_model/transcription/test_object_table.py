"""The model's object table against the transcription of the manual that was made by hand."""

import re

import pytest

from meter_model.behaviour.profile import DEFAULT, CurrentErrorNames
from meter_model.configuration import Configuration, ValueRefused, check_command
from meter_model.objects.points import ANALOG_INPUTS, ANALOG_VALUES, BINARY_INPUTS, DEVICE, OBJECTS, TREND_LOGS, point
from tests.meter_model.transcription import manual_analog_inputs as ai
from tests.meter_model.transcription import manual_other_objects as other


def ids(row):
    return str(row[0])


def test_there_are_113_objects_in_the_order_of_the_object_list():
    expected = [
        ("DE", 1),
        *(("AI", n) for n in range(1, 84)),
        *(("AV", n) for n in range(1, 12)),
        *(("BI", n) for n in range(1, 16)),
        *(("TL", n) for n in other.TREND_LOGS),
    ]
    assert [(entry.kind, entry.instance) for entry in OBJECTS] == expected
    assert len(OBJECTS) == 113


def test_the_transcription_itself_is_whole():
    assert [row[0] for row in ai.ANALOG_INPUTS] == list(range(1, 84))
    assert [row[0] for row in other.ANALOG_VALUES] == list(range(1, 12))
    assert [row[0] for row in other.BINARY_INPUTS] == list(range(1, 16))
    assert len({row[1] for row in ai.ANALOG_INPUTS}) == 83
    assert len(ANALOG_INPUTS) == 83


@pytest.mark.parametrize("row", ai.ANALOG_INPUTS, ids=ids)
def test_an_analog_input_is_as_the_manual_prints_it(row):
    instance, name, description, access, nv, unit, printed_range, _ = row
    entry = point("AI", instance)
    assert (entry.name, entry.description, entry.unit) == (name, description, unit)
    assert entry.writable is (access == "R/W")
    assert entry.nv is (nv == "NV")
    assert (entry.low, entry.high) == ai_range(printed_range)


def ai_range(text):
    """The manual's range text as numbers; "max_power" for the end that depends on AI76."""
    if not text:
        return (None, None)
    if text == "0-15":
        return (0.0, 15.0)
    low, high = text.split(" - ")
    as_number = {"-3.4+E38": -3.4e38, "3.4+E38": 3.4e38, "Max_Power (AI76)": "max_power"}
    return tuple(as_number[end] if end in as_number else float(end) for end in (low, high))


@pytest.mark.parametrize("row", ai.ANALOG_INPUTS, ids=ids)
def test_an_analog_input_reports_the_units_the_manual_says(row):
    instance, unit, note = row[0], row[5], row[7]
    reported = point("AI", instance).bacnet_units
    assert reported == (19 if note == ai.UNITS_ARE_KWH else other.BACNET_UNITS[unit])


@pytest.mark.parametrize("row", other.ANALOG_VALUES, ids=ids)
def test_an_analog_value_is_as_the_manual_prints_it(row):
    instance, name, description, access, nv, unit, _, default = row
    entry = point("AV", instance)
    unit = unit.replace("hundreths", "hundredths")  # a misprint of the units column
    assert (entry.name, entry.description, entry.unit) == (name, description, unit)
    assert entry.writable is (access == "R/W")
    assert entry.nv is (nv == "NV")
    assert entry.default == (0.0 if instance == 1 else float(default))
    assert entry.bacnet_units == other.BACNET_UNITS.get(unit, 95)


def test_the_default_configuration_is_the_factorys():
    defaults = {row[0]: float(row[7]) for row in other.ANALOG_VALUES if row[0] != 1}
    assert {av: Configuration().value(av) for av in range(2, 12)} == defaults
    assert Configuration().value(1) == 0.0  # 'Always returns "0" when read'


def takes(av, value, configuration=None):
    try:
        written = (configuration or Configuration()).write(av, value)
    except ValueRefused:
        return False
    assert written.value(av) == pytest.approx(value)
    return True


@pytest.mark.parametrize("av", [2, 4, 7])
def test_a_value_from_a_list_is_taken_and_nothing_else(av):
    tried = {0, 1, 2, 3, 4, 9, 10, 11, 12, 13, 30, 31, 32, 39, 40, 41, -1, 0.5}
    assert {value for value in tried if takes(av, value)} == set(other.ALLOWED[av])
    assert set(point("AV", av).allowed) == set(other.ALLOWED[av])


def test_the_command_register_takes_its_four_commands_only():
    for command in other.COMMANDS:
        assert check_command(command) == command
    for value in (0, 1, 30077, 30079, 21210, 21213, 16497, 16498.5, -30078):
        with pytest.raises(ValueRefused):
            check_command(value)
    assert set(point("AV", 1).allowed) == set(other.ALLOWED[1]) == set(other.COMMANDS)


@pytest.mark.parametrize(("av", "ends"), other.PICS_RANGE.items())
def test_a_range_of_the_pics_is_taken_up_to_its_ends_and_not_beyond(av, ends):
    low, high = ends
    beyond = 0.001 if av == 5 else 1
    assert takes(av, low)
    assert takes(av, high)
    assert not takes(av, low - beyond)
    assert not takes(av, high + beyond)
    assert not takes(av, float("nan"))


@pytest.mark.parametrize("ratio", [0.01, 1.0, 2.0, 48.0, 320.0])
def test_system_voltage_is_bound_to_the_pt_ratio_and_its_absolute_limits(ratio):
    configured = Configuration().write(5, ratio)
    low = max(other.AV6_OVER_AV5[0] * ratio, other.AV6_ABSOLUTE[0])
    high = min(other.AV6_OVER_AV5[1] * ratio, other.AV6_ABSOLUTE[1])
    if low <= high:
        assert takes(6, low, configured)
        assert takes(6, high, configured)
    assert not takes(6, low - 1, configured)
    assert not takes(6, high + 1, configured)


def test_subinterval_is_zero_or_whole_seconds_in_the_range_of_the_pics():
    low, high, step = other.AV11_ZERO_OR
    for value in (0, low, low + step, 90000, high):
        assert takes(11, value)
    for refused in (-step, 10, step, low - step, low + 1, low + step / 2, high + step):
        assert not takes(11, refused)


@pytest.mark.parametrize("row", other.BINARY_INPUTS, ids=ids)
def test_a_binary_input_is_as_the_manual_prints_it(row):
    instance, name, description, access, states, _ = row
    entry = point("BI", instance)
    if instance in (5, 6):  # printed as Current_Error_A again; the model names the choice
        assert name == "Current_Error_A"
        assert entry.name == f"Current_Error_{'ABC'[instance - 4]}"
        assert DEFAULT.bi_names is CurrentErrorNames.BY_PHASE
    else:
        assert entry.name == name
    assert entry.description == description
    assert entry.writable is (access == "R/W")
    assert f"{entry.low:g}=INACTIVE, {entry.high:g}=ACTIVE" == states


def test_objects_have_the_bacnet_object_types():
    types = {"AI": 0, "AV": 2, "BI": 3, "DE": 8, "TL": 20}
    assert all(entry.object_type == types[entry.kind] for entry in OBJECTS)


def test_the_device_has_the_manuals_name_and_description():
    printed = {row[0]: row[3] for row in other.DEVICE}
    assert (DEVICE.name, DEVICE.description) == (printed["Object_Name"], printed["Description"])


def test_there_are_three_trend_logs_named_by_number():
    assert [entry.instance for entry in TREND_LOGS] == list(other.TREND_LOGS)
    assert all(re.fullmatch(rf"Trend_Log_{entry.instance}", entry.name) for entry in TREND_LOGS)


def test_only_analog_values_are_writable_by_present_value():
    assert {entry.label for entry in OBJECTS if entry.writable and entry.kind != "DE"} == {
        f"AV{n}" for n in range(1, 12)
    }
    assert all(entry.writable for entry in ANALOG_VALUES)
    assert not any(entry.writable for entry in (*ANALOG_INPUTS, *BINARY_INPUTS))
