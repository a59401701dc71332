"""Seeded defects of the front panel: panels that show or do one thing otherwise than the model's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, cast

from meter_model.device.meter import S4100
from meter_model.panel.keys import Key
from meter_model.panel.panel import Menu, Panel, Password, Setting
from meter_model.panel.setup_screens import Field
from meter_model.panel.showing import shown_screen
from meter_model.panel.view import View

_GAIN = 1.01
_OTHER_UNITS = {"W": "VAR", "kW": "W", "VAR": "VA", "kVAR": "kW", "VA": "W", "kVA": "VA", "V": "A", "A": "V", "Hz": "V"}


class _OtherNotation(Panel):
    """Names in the other notation than AV7 says."""

    def view(self) -> View:
        seen, place = super().view(), self.place
        if not seen.is_on or not isinstance(place, Menu):
            return seen
        screen = self.menu[place.row][place.column]
        exchanged = replace(
            screen, iec=screen.ieee, ieee=screen.iec, mark_iec=screen.mark_ieee, mark_ieee=screen.mark_iec
        )
        other = shown_screen(exchanged, self.meter)
        return replace(seen, name=other.name, mark=other.mark)


Shown = Callable[[View], View]
"""What is shown in place of what a good panel shows."""


def _shows(change: Shown) -> type[Panel]:
    class ShowsOtherwise(Panel):
        def view(self) -> View:
            seen = super().view()
            return change(seen) if seen.is_on else seen

    return ShowsOtherwise


def _scaled(factor: float, *labels: str) -> Shown:
    """Numbers of some screens, by the end of their labels (none: of all), times a factor."""

    def change(view: View) -> View:
        if (not view.unit and view.name != "PF") or (labels and not any(view.label.endswith(each) for each in labels)):
            return view
        try:
            value = float(view.value)
        except ValueError:
            return view
        _, _, decimals = view.value.partition(".")
        return replace(view, value=f"{value * factor:.{len(decimals)}f}")

    return change


def _other_unit(view: View) -> View:
    unit = _OTHER_UNITS.get(view.unit, view.unit.replace("k", "M") if "k" in view.unit else view.unit.lower())
    return replace(view, unit=unit)


class _FrozenValues(Panel):
    """Each screen shows for ever what it showed first."""

    def view(self) -> View:
        seen = super().view()
        if not seen.unit:
            return seen
        value, unit = self.__dict__.setdefault("kept", {}).setdefault(seen.name, (seen.value, seen.unit))
        return replace(seen, value=value, unit=unit)


class _PhasesExchanged(Panel):
    """The screens of phase B show phase C and the other way round."""

    def view(self) -> View:
        place = self.place
        if not isinstance(place, Menu) or self.menu[place.row][place.column].phase not in ("B", "C"):
            return super().view()
        here = super().view()
        self.place = replace(place, column=3 - place.column)
        other = super().view()
        self.place = place
        return replace(here, value=other.value, unit=other.unit)


def _dead(dead: Key) -> type[Panel]:
    """A key without effect."""

    class DeadKey(Panel):
        def press(self, key: Key) -> None:
            if key is not dead:
                super().press(key)

    return DeadKey


def _dead_in_entries(dead: Key) -> type[Panel]:
    """A key without effect while something is entered."""

    class DeadKeyInEntries(Panel):
        def press(self, key: Key) -> None:
            if key is not dead or not isinstance(self.place, Password | Setting):
                super().press(key)

    return DeadKeyInEntries


def _acts_as(acting: dict[Key, tuple[Key, ...]]) -> type[Panel]:
    """Keys that act as others, or more than once."""

    class ActsOtherwise(Panel):
        def press(self, key: Key) -> None:
            for each in acting.get(key, (key,)):
                super().press(each)

    return ActsOtherwise


def _ignores_password(*menus: bool) -> type[Panel]:
    """The setup menu (True) or the reset menu (False) opens with any password."""

    class IgnoresPassword(Panel):
        def accepts(self, password: str, is_setup: bool) -> bool:
            return is_setup in menus or super().accepts(password, is_setup)

    return IgnoresPassword


class _NotStored(Panel):
    """A setting is accepted and then not stored."""

    def accept(self, field: Field, place: Setting) -> None:
        """Do nothing."""


def _with_icon(name: str, is_on: bool) -> Shown:
    def change(view: View) -> View:
        others = tuple(each for each in view.icons if each != name)
        return replace(view, icons=(*others, name) if is_on else others)

    return change


PANEL_DEFECTS: dict[str, type[Panel]] = {
    "panel-alert-icon-stuck": _shows(_with_icon("alert", True)),
    "panel-alert-screens-blank": _shows(
        lambda view: replace(view, value="") if view.name in ("PLOSS", "LOWPF", "I OVR", "V OVR") else view
    ),
    "panel-dark": _shows(lambda _view: View(is_on=False)),
    "panel-energy-value-wrong": _shows(_scaled(_GAIN, "Wh", "Ph")),
    "panel-energy-unit-wrong": _shows(
        lambda view: replace(view, unit=view.unit.replace("h", "")) if view.unit.endswith("h") else view
    ),
    "panel-heart-missing": _shows(_with_icon("heart", False)),
    "panel-key-back-dead": _dead(Key.BACK),
    "panel-key-enter-dead": _dead(Key.ENTER),
    "panel-key-back-dead-in-entries": _dead_in_entries(Key.BACK),
    "panel-key-enter-bounces": _acts_as({Key.ENTER: (Key.ENTER, Key.ENTER)}),
    "panel-key-minus-bounces": _acts_as({Key.MINUS: (Key.MINUS, Key.MINUS)}),
    "panel-key-minus-dead-in-entries": _dead_in_entries(Key.MINUS),
    "panel-key-plus-bounces": _acts_as({Key.PLUS: (Key.PLUS, Key.PLUS)}),
    "panel-key-plus-dead-in-entries": _dead_in_entries(Key.PLUS),
    "panel-keys-exchanged": _acts_as({Key.PLUS: (Key.MINUS,), Key.MINUS: (Key.PLUS,)}),
    "panel-key-minus-dead": _dead(Key.MINUS),
    "panel-key-plus-dead": _dead(Key.PLUS),
    "panel-other-notation": _OtherNotation,
    "panel-password-ignored": _ignores_password(True, False),
    "panel-phases-exchanged": _PhasesExchanged,
    "panel-reset-password-ignored": _ignores_password(False),
    "panel-serial-number-wrong": _shows(
        lambda view: replace(view, value=view.value[::-1]) if view.name == "SN" else view
    ),
    "panel-setting-not-stored": _NotStored,
    "panel-setup-password-ignored": _ignores_password(True),
    "panel-setup-value-wrong": _shows(lambda view: replace(view, value="99999") if view.name == "CT SZ" else view),
    "panel-sign-missing": _shows(
        lambda view: replace(view, value=view.value.replace("-", "") if view.unit else view.value)
    ),
    "panel-unit-wrong": _shows(_other_unit),
    "panel-value-frozen": _FrozenValues,
    "panel-value-wrong": _shows(_scaled(_GAIN)),
    "panel-voltage-value-wrong": _shows(_scaled(1.0 / _GAIN, "VAB", "UAB")),
    "panel-wrench-stuck": _shows(_with_icon("wrench", True)),
}
"""Defects of the panel that are there or not, by name."""


def panel_with(meter: S4100, names: Iterable[str]) -> Panel:
    """Return the panel of a meter with the defects named."""
    kinds = tuple(PANEL_DEFECTS[name] for name in names)
    kind: Any = type("DefectivePanel", kinds, {}) if len(kinds) > 1 else next(iter(kinds), Panel)
    return cast("Panel", kind(meter))
