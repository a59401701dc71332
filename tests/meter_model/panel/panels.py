"""A meter under load with a panel, and ways to press its keys."""

from __future__ import annotations

from meter_model.behaviour.profile import BehaviourProfile
from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.panel.keys import Key, key_named
from meter_model.panel.panel import Menu, Panel
from tests.meter_model.loads import three_phase

WYE = Configuration(system_voltage_v=480.0)
LOAD = three_phase(WYE, 277.0, (50.0, 60.0, 70.0), 30.0)


def meter_under_load(configuration: Configuration = WYE, **choices: object) -> S4100:
    """Return a meter that has measured for three seconds."""
    meter = S4100(
        "0012345678",
        configuration=configuration,
        profile=BehaviourProfile(**choices),  # type: ignore[arg-type]
    )
    meter.advance(3.0, LOAD)
    return meter


class UsedPanel(Panel):
    """The panel of a meter that time passes for."""

    meter: S4100


def panel_under_load(configuration: Configuration = WYE, **choices: object) -> UsedPanel:
    """Return the panel of such a meter."""
    return UsedPanel(meter_under_load(configuration, **choices))


def press(panel: Panel, words: str) -> None:
    """Press keys: ``+ - > <`` without blanks, and anything that ``key_named`` knows between blanks."""
    for word in words.split():
        signs = {"+": Key.PLUS, "-": Key.MINUS, ">": Key.ENTER, "<": Key.BACK}
        for key in [signs[each] for each in word] if set(word) <= set(signs) else [key_named(word)]:
            panel.press(key)


def show(panel: Panel, label: str) -> None:
    """Go to a screen of the main menu by its label."""
    for _ in panel.menu:
        place = panel.place
        assert isinstance(place, Menu)
        row = panel.menu[place.row]
        for _ in row:
            if panel.view().label == label:
                return
            if len(row) > 1:
                panel.press(Key.ENTER)
        panel.press(Key.PLUS)
    raise AssertionError(f"no screen {label}")


def into_setup(panel: Panel, password: str = "00000", at: str = "SETUP") -> None:
    """Enter a password at SETUP or RESET, under the default keys."""
    show(panel, at)
    panel.press(Key.ENTER)
    enter(panel, password)


def enter(panel: Panel, text: str) -> None:
    """Turn every digit of the entry to those of ``text`` and accept, under the default keys."""
    for digit in text:
        if not digit.isdigit():
            continue
        view = panel.view()
        assert view.blinking is not None
        for _ in range((int(digit) - int(view.value[view.blinking])) % 10):
            panel.press(Key.PLUS)
        panel.press(Key.ENTER)
