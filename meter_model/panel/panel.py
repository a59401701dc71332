"""The panel as a state machine: a place in the menus, four keys, and what the meter behind it is asked or told."""

from __future__ import annotations

from dataclasses import dataclass, replace

from meter_model.behaviour.panel_choices import PanelRefusedEntry, PanelResetConfirmation, PanelWrongPassword
from meter_model.objects.properties import PRESENT_VALUE
from meter_model.panel.data_screens import RESET_HEAD, SETUP_HEAD, Row, Screen, main_menu
from meter_model.panel.entry import Ending, Entry, entry_of, pressed
from meter_model.panel.keys import Key
from meter_model.panel.setup_screens import (
    SETUP_MENU,
    EntryRefused,
    Field,
    PanelMeter,
    name_of,
    options_of,
    store,
    text_of,
)
from meter_model.panel.showing import icons, shown_screen
from meter_model.panel.view import View

_POWER_UPS = 81
_RESETS = (("ENERG", 30078), ("DEMND", 21212))
"""Screens of the reset menu and the command of AV1 that does the same (manual pages 12 and 23)."""

_NO_PASSWORD = "00000"
NO, YES, DONE = "NO", "YES", "DONE"


@dataclass(frozen=True, slots=True)
class Menu:
    """In the main menu: a row, and how far to the right."""

    row: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Password:
    """PASWD, of the menu whose heading is ``row``."""

    row: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Reset:
    """In the reset menu; ``answer``: NO or YES while it asks, DONE after a reset."""

    index: int = 0
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """At a heading of the setup menu."""

    index: int = 0


@dataclass(frozen=True, slots=True)
class Setting:
    """At a field below it; ``id1``: the upper digits of the device instance that were entered just before."""

    index: int
    field: int
    entry: Entry
    id1: str = ""


Place = Menu | Password | Reset | Setup | Setting


class Panel:
    """The panel of one meter. ``press`` never raises for any sequence of keys; without control power it does nothing.

    A meter that has been powered up shows the first screen of the main menu. Not for use from several threads at once.
    """

    def __init__(self, meter: PanelMeter) -> None:
        self.meter = meter
        self._menu = main_menu(meter.profile)
        self._place: Place = Menu()
        self._power_ups = meter.analog_input(_POWER_UPS)

    @property
    def place(self) -> Place:
        """Where in the menus the panel is."""
        self._follow_power()
        return self._place

    @place.setter
    def place(self, place: Place) -> None:
        self._place = place

    @property
    def menu(self) -> tuple[Row, ...]:
        """The main menu, from the screen after power-up on."""
        return self._menu

    def press(self, key: Key) -> None:
        """Press a key and release it."""
        self._follow_power()
        if self.meter.has_control_power:
            self._place = self._after(self._place, key)

    def view(self) -> View:
        """Return what the display shows now."""
        self._follow_power()
        if not self.meter.has_control_power:
            return View(is_on=False)
        return replace(self._shown(self._place), icons=icons(self.meter))

    def _follow_power(self) -> None:
        power_ups = self.meter.analog_input(_POWER_UPS)
        if power_ups != self._power_ups or not self.meter.has_control_power:
            self._power_ups = power_ups
            self._place = Menu()

    def _after(self, place: Place, key: Key) -> Place:
        match place:
            case Menu():
                return self._in_menu(place, key)
            case Password():
                return self._at_password(place, key)
            case Reset():
                return self._in_reset(place, key)
            case Setup():
                return self._in_setup(place, key)
            case Setting():
                return self._at_setting(place, key)

    def _in_menu(self, place: Menu, key: Key) -> Place:
        if key in (Key.PLUS, Key.MINUS):
            return Menu((place.row + (1 if key is Key.PLUS else -1)) % len(self._menu))
        if key is Key.BACK:
            return replace(place, column=max(0, place.column - 1))
        row = self._menu[place.row]
        if row[0] in (RESET_HEAD, SETUP_HEAD):
            return self._password_of(place.row)
        return replace(place, column=(place.column + 1) % len(row))

    def _password_of(self, row: int) -> Password:
        return Password(row, entry_of(_NO_PASSWORD, (), self.meter.profile))

    def _at_password(self, place: Password, key: Key) -> Place:
        after = pressed(place.entry, key, self.meter.profile)
        if isinstance(after, Entry):
            return replace(place, entry=after)
        if after is Ending.LEFT:
            return Menu(place.row)
        is_setup = self._menu[place.row][0] == SETUP_HEAD
        if self.accepts(place.entry.text, is_setup):
            return Setup() if is_setup else Reset()
        if self.meter.profile.panel_wrong_password is PanelWrongPassword.ASKED_AGAIN:
            return self._password_of(place.row)
        return Menu(place.row)

    def accepts(self, password: str, is_setup: bool) -> bool:
        """Whether a password opens the setup menu, or else the reset menu."""
        settings = self.meter.panel_settings
        return password == (settings.setup_password if is_setup else settings.reset_password)

    def _in_reset(self, place: Reset, key: Key) -> Place:
        if key is Key.BACK:
            return Menu(self._row_of(RESET_HEAD)) if place.answer in ("", DONE) else Reset(place.index)
        if key is not Key.ENTER:
            if place.answer in (NO, YES):
                return replace(place, answer=YES if place.answer == NO else NO)
            return Reset((place.index + (1 if key is Key.PLUS else -1)) % len(_RESETS))
        asks = self.meter.profile.panel_reset_confirmation is PanelResetConfirmation.YES_NO
        if asks and place.answer != YES:
            return Reset(place.index, NO) if place.answer != NO else Reset(place.index)
        self.meter.write("AV", 1, PRESENT_VALUE, float(_RESETS[place.index][1]))
        return Reset(place.index, DONE)

    def _in_setup(self, place: Setup, key: Key) -> Place:
        if key in (Key.PLUS, Key.MINUS):
            return Setup((place.index + (1 if key is Key.PLUS else -1)) % len(SETUP_MENU))
        return Menu(self._row_of(SETUP_HEAD)) if key is Key.BACK else self._setting(place.index, 0)

    def _at_setting(self, place: Setting, key: Key) -> Place:
        field = SETUP_MENU[place.index].fields[place.field]
        if _is_read_only(field):
            return Setup(place.index) if key is Key.BACK else place if key is not Key.ENTER else self._next(place)
        after = pressed(place.entry, key, self.meter.profile)
        if isinstance(after, Entry):
            return replace(place, entry=after)
        if after is Ending.LEFT:
            return Setup(place.index)
        try:
            self.accept(field, place)
        except EntryRefused:
            kept = self.meter.profile.panel_refused_entry is PanelRefusedEntry.ENTRY_KEPT
            text = place.entry.text if kept else text_of(field, self.meter)
            return replace(place, entry=self._entry(field, text))
        return self._next(place)

    def accept(self, field: Field, place: Setting) -> None:
        """Store what was entered where it differs from what is stored; raises EntryRefused."""
        id1_stored = text_of(SETUP_MENU[0].fields[2], self.meter)
        is_changed = place.entry.text != text_of(field, self.meter) or place.id1 not in ("", id1_stored)
        if is_changed:
            store(field, place.entry.text, self.meter, place.id1)

    def _next(self, place: Setting) -> Place:
        fields = SETUP_MENU[place.index].fields
        if place.field + 1 == len(fields):
            return Setup(place.index)
        following = self._setting(place.index, place.field + 1)
        return replace(following, id1=place.entry.text if fields[place.field].of == "id1" else "")

    def _setting(self, index: int, number: int) -> Setting:
        field = SETUP_MENU[index].fields[number]
        text = text_of(field, self.meter)
        return Setting(index, number, Entry(text) if _is_read_only(field) else self._entry(field, text))

    def _entry(self, field: Field, text: str) -> Entry:
        return entry_of(text, tuple(name for name, _ in options_of(field, self.meter)), self.meter.profile)

    def _row_of(self, head: Screen) -> int:
        return next(place for place, row in enumerate(self._menu) if row[0] == head)

    def _shown(self, place: Place) -> View:
        match place:
            case Menu():
                return shown_screen(self._menu[place.row][place.column], self.meter)
            case Password():
                return View("PASWD", place.entry.text, blinking=place.entry.position)
            case Reset():
                return View(_RESETS[place.index][0], place.answer)
            case Setup():
                return View(SETUP_MENU[place.index].heading)
            case Setting():
                field = SETUP_MENU[place.index].fields[place.field]
                if _is_read_only(field):
                    return View(name_of(field, self.meter), text_of(field, self.meter))
                blinking = None if place.entry.options else place.entry.position
                return View(name_of(field, self.meter), place.entry.text, blinking=blinking)


def _is_read_only(field: Field) -> bool:
    return not field.pattern and not field.options
