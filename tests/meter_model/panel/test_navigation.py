"""The panel's state machine: every screen is reached and left, and no sequence of keys raises."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_model.behaviour.panel_choices import (
    PanelDigitKeys,
    PanelRefusedEntry,
    PanelResetConfirmation,
    PanelScreenOrder,
    PanelWrongPassword,
)
from meter_model.configuration import Configuration
from meter_model.panel.data_screens import main_menu
from meter_model.panel.keys import Key, key_named
from meter_model.panel.panel import Menu, Panel, Password, Place, Reset, Setting, Setup
from meter_model.panel.setup_screens import SETUP_MENU
from tests.meter_model.panel.panels import LOAD, into_setup, panel_under_load, press, show

KEYS = st.lists(st.sampled_from(list(Key)), max_size=80)
CHOICES = st.fixed_dictionaries(
    {
        "panel_screen_order": st.sampled_from(list(PanelScreenOrder)),
        "panel_digit_keys": st.sampled_from(list(PanelDigitKeys)),
        "panel_refused_entry": st.sampled_from(list(PanelRefusedEntry)),
        "panel_wrong_password": st.sampled_from(list(PanelWrongPassword)),
        "panel_reset_confirmation": st.sampled_from(list(PanelResetConfirmation)),
    }
)
TYPES = [
    Configuration(each, system_voltage_v=volts) for each, volts in ((40, 480.0), (31, 480.0), (12, 240.0), (10, 277.0))
]


def name_of_place(panel: Panel) -> tuple[object, ...]:
    """A place without what is being entered there."""
    place = panel.place
    match place:
        case Menu():
            return ("menu", place.row, place.column)
        case Password():
            return ("password", place.row)
        case Reset():
            return ("reset", place.index)
        case Setup():
            return ("setup", place.index)
        case Setting():
            return ("setting", place.index, place.field)


def all_places(panel: Panel) -> set[tuple[object, ...]]:
    menu = {("menu", row, column) for row, screens in enumerate(panel.menu) for column in range(len(screens))}
    rows = range(len(panel.menu) - 2, len(panel.menu))
    fields = {("setting", index, field) for index, each in enumerate(SETUP_MENU) for field in range(len(each.fields))}
    setup = {("setup", index) for index in range(len(SETUP_MENU))}
    return menu | {("password", row) for row in rows} | {("reset", 0), ("reset", 1)} | setup | fields


def walk(panel: Panel, keys: tuple[Key, ...]) -> dict[tuple[object, ...], Place]:
    """Every place that is reached by keys from where the panel is; entries stay as they are begun."""
    start = panel.place
    seen, waiting = {name_of_place(panel): start}, deque([start])
    while waiting:
        here = waiting.popleft()
        for key in keys:
            panel.place = here
            panel.press(key)
            name = name_of_place(panel)
            is_entry = isinstance(panel.place, Password | Setting)
            if name not in seen or (is_entry and panel.place != seen[name] and key is Key.ENTER):
                seen[name] = panel.place
                waiting.append(panel.place)
    panel.place = start
    return seen


@pytest.mark.parametrize("order", PanelScreenOrder)
def test_every_screen_is_reached_from_the_first_one(order):
    panel = panel_under_load(panel_screen_order=order)
    assert set(walk(panel, tuple(Key))) == all_places(panel)


def test_every_screen_is_left_by_back_to_the_main_menu():
    panel = panel_under_load()
    reached = walk(panel, tuple(Key))
    assert len(reached) == len(all_places(panel)) > 60
    for place in reached.values():
        panel.place = place
        for _ in range(12):
            panel.press(Key.BACK)
        assert isinstance(panel.place, Menu)
        assert panel.place.column == 0


@settings(max_examples=60, deadline=None)
@given(KEYS, CHOICES, st.sampled_from(TYPES))
def test_no_sequence_of_keys_raises_or_shows_more_than_fits(keys, choices, configuration):
    panel = panel_under_load(configuration, **choices)
    into_setup_at = len(keys) // 2
    for number, key in enumerate(keys):
        if number == into_setup_at and choices["panel_digit_keys"] is PanelDigitKeys.PLUS_AND_MINUS:
            press(panel, "<<<<<<<<")
            into_setup(panel)
        panel.press(key)
        view = panel.view()
        assert view.is_on
        assert len(view.label) <= len("3PHASE VLN")
        assert view.blinking is None or view.value[view.blinking].isdigit()
        assert sum(each.isdigit() for each in view.value) <= 5 or view.label == "SN"
        if number % 40 == 39:
            panel.meter.advance(1.0, LOAD)


def test_plus_goes_round_the_main_menu_and_minus_back():
    panel = panel_under_load()
    first = panel.view().label
    labels = [first]
    for _ in panel.menu[1:]:
        panel.press(Key.PLUS)
        labels.append(panel.view().label)
    assert len(set(labels)) == len(panel.menu) == 17
    panel.press(Key.PLUS)
    assert panel.view().label == first
    for label in reversed(labels):
        panel.press(Key.MINUS)
        assert panel.view().label == label


def test_first_screen_is_that_of_the_chosen_order():
    assert panel_under_load().view().label == "D W"
    assert panel_under_load(panel_screen_order=PanelScreenOrder.DATA_OUTPUTS).view().label == "3PHASE"


def test_loss_of_control_power_darkens_the_panel_and_ends_the_menu():
    panel = panel_under_load()
    into_setup(panel)
    assert panel.view().label == "S BAC"
    panel.meter.advance(2.0, LOAD, control_power=False)
    assert panel.view().lines == ("", "", "")
    assert not panel.view().is_on
    panel.press(Key.PLUS)
    panel.meter.advance(3.0, LOAD)
    assert panel.view().label == "D W"


def test_loss_of_control_power_between_two_looks_is_not_missed():
    panel = panel_under_load()
    show(panel, "KWh")
    panel.meter.advance(2.0, LOAD, control_power=False)
    panel.meter.advance(3.0, LOAD)
    assert panel.view().label == "D W"


@pytest.mark.parametrize(("word", "key"), [("+", "PLUS"), ("down", "MINUS"), (" Enter", "ENTER"), ("left", "BACK")])
def test_keys_are_known_by_their_words(word, key):
    assert key_named(word) == key


def test_word_that_is_no_key_is_refused_with_all_keys():
    with pytest.raises(ValueError, match="PLUS, MINUS, ENTER, BACK"):
        key_named("F1")


def test_both_orders_have_the_same_screens():
    from meter_model.behaviour.profile import BehaviourProfile

    one, other = (set(main_menu(BehaviourProfile(panel_screen_order=each))) for each in PanelScreenOrder)
    assert one == other
