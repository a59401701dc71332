"""Write docs/reference/front-panel.md from the panel's tables. Run: ``python tools/panel_reference.py``."""

from __future__ import annotations

from pathlib import Path

from meter_model.behaviour.profile import DEFAULT, choices
from meter_model.panel.data_screens import Screen, main_menu
from meter_model.panel.setup_screens import SETUP_MENU, Field

DOCUMENT = Path(__file__).parents[1] / "docs" / "reference" / "front-panel.md"

_HEAD = """# Front panel

Generated from `meter_model/panel/` by `python tools/panel_reference.py`: edit there, not here.

The model of the meter's display and keys. The manual shows most screens in figures (pages 6 and 13 to 17), which have
no text; what the model takes from its text is named with its page, and each thing that the text leaves open is a
[choice](#choices) of the behaviour profile. How to use it: [front panel](../how-to/front-panel.md).

## Display

Three lines: the label (a mark such as D or MAX, the name, the phase), the value and its unit. A value has
`panel_digits` digits; powers and energies change their unit to keep them (pages 13 and 14). `----` stands for a value
that the system type does not have (page 8). `OFL` stands for a number beyond the largest unit; the manual has no word
for it.

| icon | it is on |
|---|---|
| heart | while the meter works; on the meter it blinks (page 31) |
| alert | while any alert screen has something to show (BI1 to BI14) |
| wrench | "there is a problem with the inputs" (page 31), see `panel_wrench` |

## Keys

| key | other words for it | in a menu | in a number | in a list of options |
|---|---|---|---|---|
| `PLUS` | `+`, `UP` | next screen | next digit value | next option |
| `MINUS` | `-`, `DOWN` | screen before | digit value before | option before |
| `ENTER` | `NEXT`, `RIGHT` | to the right, into a menu | next digit; after the last one accepts | accepts |
| `BACK` | `LEFT`, `ESC` | to the left, out of a menu | digit before; at the first one leaves | leaves |

That is page 11. Page 16 says something else about MINUS: see `panel_digit_keys`. An entry that equals what is stored is
accepted and writes nothing.
"""

_MENU_HEAD = """## Main menu

PLUS goes down this table and round, ENTER to the right. The order is that of `panel_screen_order: {order}`.

| screen (IEEE) | screen (IEC) | shows | to the right of |
|---|---|---|---|"""

_RESET = """
RESET and SETUP ask PASWD first (default 00000, page 19). The reset menu has ENERG (AV1 = 30078) and DEMND
(AV1 = 21212).

## Setup menu

PLUS goes down the headings and round, ENTER to the fields of a heading. The manual's text has the headings S BAC, S CT
and S SYS (page 11); the others are in a figure, and the model's are formed alike.

| heading | field | sets | entered as |
|---|---|---|---|"""

_AFTER = """
MAC address, baud rate and passwords are set here only. They are stored with the other settings, and the meter is found
at the new address and rate at once, or after power-up (`panel_communications_effect`). The device instance is written
when ID2 is accepted. Analog values are stored as a write over the bus is (`write_delay_s`).

## Choices

| choice | default | pages |
|---|---|---|"""

_SETS = {
    "mac": "MAC address, 0 to 127",
    "baud": "baud rate",
    "id1": "device instance, upper four digits",
    "id2": "device instance, lower three digits",
    "setup_password": "password of the setup menu",
    "reset_password": "password of the reset menu",
    "AI76": "nothing: maximum power, read only",
}


def document() -> str:
    """Return the whole page."""
    lines = [_HEAD, _MENU_HEAD.format(order=DEFAULT.panel_screen_order)]
    for row in main_menu(DEFAULT):
        lines += [_screen(screen, row[0] if place else None) for place, screen in enumerate(row)]
    lines.append(_RESET)
    for menu in SETUP_MENU:
        lines += [_field(menu.heading if not place else "", field) for place, field in enumerate(menu.fields)]
    lines.append(_AFTER)
    lines += [
        f"| [`{each.name}`](behaviour.md#{each.name}) | `{each.default}` | {each.pages} |"
        for each in choices()
        if each.name.startswith("panel_")
    ]
    return "\n".join(lines) + "\n"


def _screen(screen: Screen, head: Screen | None) -> str:
    of_head = "" if head is None else _label(head.mark_ieee, head.ieee, head.phase)
    ieee, iec = (
        _label(mark, name, screen.phase)
        for mark, name in ((screen.mark_ieee, screen.ieee), (screen.mark_iec, screen.iec))
    )
    return f"| `{ieee}` | `{iec}` | {_shows(screen)} | {f'`{of_head}`' if of_head else ''} |"


def _label(mark: str, name: str, phase: str) -> str:
    return " ".join(each for each in (mark, name, phase) if each).replace("_PHASE", "3PHASE")


def _shows(screen: Screen) -> str:
    if screen.scale is not None:
        inputs = " ".join(f"{'+' if sign > 0 else '-'} AI{instance}" for instance, sign in screen.inputs)
        units = ", ".join(unit for unit in screen.scale.units if unit)
        return f"{inputs.removeprefix('+ ')}{f' ({units})' if units else ''}"
    if screen.alerts is not None:
        return ", ".join(f"BI{each}" for each in screen.alerts) or "an alert that this meter does not have"
    return screen.info or "the heading of a menu"


def _field(heading: str, field: Field) -> str:
    names = " or ".join(f"`{name}`" for name in (field.name, field.setup_page_name or field.name_of_type_10) if name)
    entered = ", ".join(text for text, _ in field.options) or field.pattern or "–"
    return f"| {f'`{heading}`' if heading else ''} | {names} | {_SETS.get(field.of, field.of)} | {entered} |"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
