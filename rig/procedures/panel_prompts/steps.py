"""The steps of a panel check: for each a prompt with its keys, and what has to be seen, all taken from the model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from meter_model.behaviour.panel_choices import PanelEnergyNames
from meter_model.behaviour.profile import DEFAULT, BehaviourProfile
from meter_model.configuration import Configuration
from meter_model.panel.data_screens import RESET_HEAD, SETUP_HEAD, Screen
from meter_model.panel.keys import Key
from meter_model.panel.numbers import ENERGIES
from meter_model.panel.panel import Panel, Password, Place, Setting, Setup
from meter_model.panel.setup_screens import SETUP_MENU, Field, name_of
from meter_model.panel.showing import icons, shown_screen
from rig.errors import UsageRefused
from rig.operator import Prompt, PromptKind
from rig.procedures.panel_prompts.bus_meter import BusMeter
from rig.procedures.panel_prompts.walking import Keys, home, keys_to, keys_to_menu, typing
from rig.products.product import Product

ICONS = "icons"
"""The unit of a prompt that asks which icons are on."""

UNTIL_SHOWN = "PLUS until shown"
"""A key that is pressed until the prompt's screen is there."""

_AS_SHIPPED, _WRONG = "00000", "00001"
_STORED_AFTER_S = 3.0
"""A setting is stored up to two seconds after it was accepted (manual page 23); one more for the reading."""

_TRIED_FIELDS = ("IMBAL", "VOLTS")
"""The settings of which one is changed and put back: they have no effect on what is measured or accumulated."""

_UNPRINTED = ("UNITS",)
"""Fields whose names the manual does not print: a real meter may call them otherwise."""

_SETTING_STEPS = ("panel.setting", "panel.setting-back")


class Check(StrEnum):
    """What makes a step pass."""

    LABEL = "label"
    """The display shows the label."""
    VALUE = "value"
    """The display shows the label, and the value of the bus."""
    ICONS = "icons"
    """Those icons are on that the binary inputs call for."""
    SETTING = "setting"
    """The bus reads what was accepted on the panel."""


@dataclass(frozen=True, slots=True)
class PanelStep:
    """One step. ``key``: its name in the record (``panel.value-W-A``). ``objects``: what is read over the bus for it.

    ``place``: where the panel then is. ``expected``: the label, or the value that the object of a setting reads.
    ``settle_s``: bench seconds from the answer to the reading. ``keys_from_start``: those that lead there from the
    first screen, None of a step that makes no sense without the one before it.
    """

    key: str
    prompt: Prompt
    check: Check
    configuration: Configuration
    profile: BehaviourProfile
    place: Place
    objects: tuple[str, ...] = ()
    expected: str = ""
    settle_s: float = 0.0
    keys_from_start: tuple[str, ...] | None = None

    @property
    def instance(self) -> str:
        """The object that the step is about; empty where there is none."""
        return self.objects[0] if self.objects else ""


def prompts_for(product: Product, profile: BehaviourProfile = DEFAULT, position: str = "") -> tuple[PanelStep, ...]:
    """Return the steps for a unit of a product at a position, in the order in which they have to be asked.

    ``product.panel.steps`` chooses by key, and each step has its keys from where the one before it ends. Where only
    some are chosen, ``panel.start`` and ``panel.end`` are always among them.
    """
    return steps_for(product.configuration.configuration, profile, position, product.panel.steps)


def steps_for(
    configuration: Configuration,
    profile: BehaviourProfile = DEFAULT,
    position: str = "",
    chosen: Sequence[str] = (),
) -> tuple[PanelStep, ...]:
    """Return the steps for a meter that is set so. Raises UsageRefused for a chosen step that there is not."""
    walk = _Walk(configuration, profile, position, frozenset(chosen))
    walk.begin()
    walk.values()
    walk.icons()
    walk.passwords()
    walk.settings()
    walk.setting()
    walk.end()
    unknown = walk.chosen - walk.known
    if unknown:
        raise UsageRefused(
            f"there is no panel step {', '.join(sorted(unknown))}; there are {', '.join(sorted(walk.known))}"
        )
    return tuple(walk.steps)


class _Walk:
    """Presses the keys of a panel's model and notes each step."""

    def __init__(
        self, configuration: Configuration, profile: BehaviourProfile, position: str, chosen: frozenset[str]
    ) -> None:
        self.steps: list[PanelStep] = []
        self.chosen, self.known = chosen, {"panel.start", "panel.end"}
        self._configuration, self._profile, self._position = configuration, profile, position
        self._meter = BusMeter(configuration, profile)
        self._panel = Panel(self._meter)

    def begin(self) -> None:
        """From anywhere to the first screen; then a way on which each of the four keys counts."""
        label = self._panel.view().label
        text = f"Press BACK eight times, then PLUS until the display shows {label}."
        self._note("panel.start", (*home(), UNTIL_SHOWN), text=text)
        if self._is_wanted("panel.keys"):
            self._pressed("panel.keys", (Key.PLUS, Key.PLUS, Key.MINUS, Key.ENTER))
        if self._is_wanted("panel.back"):
            self._pressed("panel.back", (Key.BACK,))

    def values(self) -> None:
        """Every screen of the main menu that shows something, row by row."""
        for row, screens in enumerate(self._panel.menu):
            for column, screen in enumerate(screens):
                if screen.scale is None and screen.alerts is None and not screen.info:
                    continue
                self._value(row, column, screen)

    def icons(self) -> None:
        """The icons, at the screen where the panel is."""
        if self._is_wanted("panel.icons"):
            self._meter.asked.clear()
            icons(self._meter)
            text = "Type the icons that are on, of heart, alert and wrench; one that blinks is on."
            asked = tuple(sorted(self._meter.asked))
            self._note(
                "panel.icons",
                (),
                PromptKind.READ_VALUE,
                Check.ICONS,
                text,
                asked,
                is_named=False,
                from_start=(),
            )

    def passwords(self) -> None:
        """A wrong password opens neither menu, the right one opens both."""
        if self._is_wanted("panel.entry-back"):
            keys = self._to_password(self._row_of(RESET_HEAD))
            from_start = (*self._from_start(self._row_of(RESET_HEAD)), Key.ENTER, Key.BACK)
            self._pressed("panel.entry-back", (Key.BACK,), keys, from_start)
        for head, name in ((RESET_HEAD, "reset"), (SETUP_HEAD, "setup")):
            row = self._row_of(head)
            is_tried = self._is_wanted(f"panel.{name}-password-wrong")
            if self._is_wanted(f"panel.{name}-password") or is_tried:
                self._ask_password(row, f"panel.{name}-password")
            if is_tried:
                self._pressed(f"panel.{name}-password-wrong", typing(_AS_SHIPPED, _WRONG, self._profile))
            if self._is_wanted(f"panel.{name}-password-right"):
                self._into(row, name)

    def settings(self) -> None:
        """Every analog value that the setup menu shows, as it is set."""
        for index, screen in enumerate(SETUP_MENU):
            for number, field in enumerate(screen.fields):
                key = f"panel.setup-{re.sub(r'[^A-Za-z0-9]+', '-', name_of(field, self._meter))}"
                if not field.of.startswith(("AV", "AI")) or field.name in _UNPRINTED or not self._is_wanted(key):
                    continue
                self._into_setup()
                keys = self._keys_to_field(index, number)
                text = f"The display shows {self._panel.view().label}. Type the value."
                self._note(key, keys, PromptKind.READ_VALUE, Check.VALUE, text, (field.of,))

    def setting(self) -> None:
        """Change a setting on the panel, read it over the bus, and put it back."""
        wanted = [self._is_wanted(each) for name in _SETTING_STEPS for each in (name, f"{name}-at")]
        tried = self._tried()
        if not any(wanted) or tried is None:
            return
        index, number, field, before = tried
        other = before + 1.0 if before < field.factor - 1.0 else before - 1.0
        self._into_setup()
        for name, value in zip(_SETTING_STEPS, (other, before), strict=True):
            self._note(f"{name}-at", self._keys_to_field(index, number))
            digits = f"{value / field.factor:.2f}"
            keys = typing(self._panel.view().value, digits, self._profile)
            self._press(keys)
            self._note(
                name,
                keys,
                check=Check.SETTING,
                text=f"Set {field.name} to {digits}: press the keys.",
                objects=(field.of,),
                expected=f"{value:g}",
                is_named=False,
            )

    def end(self) -> None:
        """Leave the panel in the main menu, at its first screen."""
        keys = home()
        self._press(keys)
        self._note("panel.end", (*keys, *keys_to_menu(self._panel, 0, 0)), from_start=())

    def _keys_to_field(self, index: int, number: int) -> Keys:
        """Go from a place of the setup menu to a field; returns the keys."""
        return keys_to(self._panel, lambda at: isinstance(at, Setting) and (at.index, at.field) == (index, number))

    def _tried(self) -> tuple[int, int, Field, float] | None:
        """Return a field whose value the display shows whole, and where it is; None where there is none."""
        fields = {
            field.name: (index, number, field)
            for index, screen in enumerate(SETUP_MENU)
            for number, field in enumerate(screen.fields)
        }
        for name in _TRIED_FIELDS:
            index, number, field = fields[name]
            value = self._configuration.value(int(field.of.removeprefix("AV")))
            if value == round(value):
                return index, number, field, value
        return None

    def _value(self, row: int, column: int, screen: Screen) -> None:
        self._meter.asked.clear()
        label = shown_screen(screen, self._meter).label
        objects = tuple(sorted(self._meter.asked))
        key = f"panel.value-{re.sub(r'[^A-Za-z0-9]+', '-', label)}"
        if not self._is_wanted(key):
            return
        keys = keys_to_menu(self._panel, row, column)
        unit = " with its unit" if screen.scale is not None and screen.scale.units != ("",) else ""
        text = f"The display shows {label}. Type the value{unit}, with all its digits."
        follows = self._profile.panel_energy_names is PanelEnergyNames.FOLLOW_UNIT and screen.scale in ENERGIES
        from_start = self._from_start(row, column)
        self._note(
            key, keys, PromptKind.READ_VALUE, Check.VALUE, text, objects, is_named=not follows, from_start=from_start
        )

    def _to_password(self, row: int) -> Keys:
        """Go to PASWD of a menu; returns the keys."""
        keys = (*keys_to_menu(self._panel, row, 0), Key.ENTER)
        self._panel.press(Key.ENTER)
        return keys

    def _ask_password(self, row: int, key: str) -> None:
        """Have PASWD of a menu shown: no digit is turned before the display is known to be there."""
        from_start = (*self._from_start(row), Key.ENTER)
        self._note(key, self._to_password(row), from_start=from_start)

    def _into(self, row: int, name: str) -> None:
        """Enter the password as shipped, unless the menu is open already."""
        place = self._panel.place
        if not (isinstance(place, Password) and place.row == row):
            is_first = all(each.key != f"panel.{name}-password" for each in self.steps)
            self._ask_password(row, f"panel.{name}-password{'' if is_first else '-again'}")
        self._pressed(f"panel.{name}-password-right", typing(_AS_SHIPPED, _AS_SHIPPED, self._profile))

    def _into_setup(self) -> None:
        if not isinstance(self._panel.place, Setup | Setting):
            self._into(self._row_of(SETUP_HEAD), "setup")

    def _from_start(self, row: int, column: int = 0) -> Keys:
        """Return the keys from the first screen of the main menu: along its rows the shorter way, then to the right."""
        back = len(self._panel.menu) - row
        along = (Key.PLUS,) * row if row <= back else (Key.MINUS,) * back
        return (*along, *(Key.ENTER,) * column)

    def _row_of(self, head: Screen) -> int:
        return next(place for place, screens in enumerate(self._panel.menu) if screens[0] == head)

    def _press(self, keys: Keys) -> None:
        for key in keys:
            self._panel.press(key)

    def _pressed(self, key: str, keys: Keys, before: Keys = (), from_start: Keys | None = None) -> None:
        """Press keys and note the step; ``before``: those that were pressed already, and belong to it."""
        self._press(keys)
        self._note(key, (*before, *keys), from_start=from_start)

    def _is_wanted(self, key: str) -> bool:
        self.known.add(key)
        return not self.chosen or key in self.chosen

    def _note(
        self,
        key: str,
        keys: Sequence[str],
        kind: PromptKind = PromptKind.PRESS_KEYS,
        check: Check = Check.LABEL,
        text: str = "",
        objects: tuple[str, ...] = (),
        *,
        expected: str = "",
        is_named: bool = True,
        from_start: Keys | None = None,
    ) -> None:
        """Note the step to where the panel now is. ``is_named``: False where the label is not known before."""
        label = self._panel.view().label
        prompt = Prompt(
            prompt_id=f"{key}@{self._position}" if self._position else key,
            kind=kind,
            text=text or f"Press the keys. The display then shows {label}.",
            screen=label if is_named else "",
            keys=tuple(str(each) for each in keys),
            unit=ICONS if check is Check.ICONS else "",
            position=self._position,
        )
        place = self._panel.place
        made = PanelStep(
            key,
            prompt,
            check,
            self._configuration,
            self._profile,
            place,
            objects,
            expected or label,
            _STORED_AFTER_S if check is Check.SETTING else 0.0,
            None if from_start is None else tuple(str(each) for each in from_start),
        )
        self.steps.append(made)
