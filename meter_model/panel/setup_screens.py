"""The setup menu: screens, fields, and how a field is read from the meter and written (manual pages 11, 16, 17).

The manual's text has the headings S BAC, S CT and S SYS. The others are in a figure; here they are formed alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

from meter_model.behaviour.panel_choices import PanelBusNames
from meter_model.behaviour.profile import BehaviourProfile
from meter_model.configuration import Configuration
from meter_model.device.panel_settings import PANEL_BAUD_RATES, PanelSettings
from meter_model.objects.access import ObjectAccessError
from meter_model.objects.properties import PRESENT_VALUE
from meter_model.panel import numbers
from meter_model.panel.numbers import Scale, shown

SYSTEM_TYPE_NAMES = {40: "3L-1n", 31: "3L", 12: "2L-1n", 11: "2L", 10: "1L-1n"}
"""As page 16 has them; page 8 prints ``3L + 1n`` and so on."""

_KILOWATTS = Scale(("kW",), 0, 2)
_ID2_DIGITS = 1000


class PanelMeter(Protocol):
    """What the panel needs of the meter behind it; ``meter_model.device.meter.S4100`` is one."""

    profile: BehaviourProfile
    panel_settings: PanelSettings

    @property
    def serial_number(self) -> str:
        """As on the label."""
        ...

    @property
    def configuration(self) -> Configuration:
        """AV2 to AV11."""
        ...

    @property
    def device_instance(self) -> int:
        """Instance of the Device object."""
        ...

    @property
    def has_control_power(self) -> bool:
        """Whether it shows anything."""
        ...

    def analog_input(self, instance: int) -> float:
        """Return an analog input before the rounding of the wire."""
        ...

    def read(self, kind: str, instance: int, prop: str) -> Any:
        """Read a property as over the bus."""
        ...

    def write(self, kind: str, instance: int, prop: str, value: object) -> None:
        """Write a property as over the bus; raises ObjectAccessError."""
        ...

    def store_panel_settings(self, settings: PanelSettings) -> None:
        """Store what only the panel sets."""
        ...


class EntryRefused(ValueError):
    """The meter does not take what was entered."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value that is set. ``of``: an analog value (``AV3``) or a setting of the panel alone (``mac``).

    ``pattern``: the digits of a number, with its point; ``options``: what is chosen from, with what each means.
    Neither: it is read only.
    """

    name: str
    of: str
    pattern: str = ""
    options: tuple[tuple[str, float], ...] = ()
    factor: float = 1.0
    """The value of the meter is the number on the display times this."""
    name_of_type_10: str = ""
    setup_page_name: str = ""


@dataclass(frozen=True, slots=True)
class SetupScreen:
    """One heading of the setup menu and its fields, in the order in which ENTER goes through them."""

    heading: str
    fields: tuple[Field, ...]


SETUP_MENU: tuple[SetupScreen, ...] = (
    SetupScreen(
        "S BAC",
        (
            Field("MAC", "mac", "000", setup_page_name="ADDR"),
            Field(
                "KBAUD",
                "baud",
                options=tuple((f"{rate / 1000:g}", float(rate)) for rate in PANEL_BAUD_RATES),
                setup_page_name="BAUD",
            ),
            Field("ID1", "id1", "0000"),
            Field("ID2", "id2", "000"),
        ),
    ),
    SetupScreen(
        "S CT",
        (Field("CT V", "AV4", options=(("1.0", 1.0), (".33", 3.0))), Field("CT SZ", "AV3", "00000")),
    ),
    SetupScreen(
        "S SYS",
        (Field("SYSTM", "AV2", options=tuple((name, float(av)) for av, name in SYSTEM_TYPE_NAMES.items())),),
    ),
    SetupScreen("S PT", (Field("RATIO", "AV5", "000.00"),)),
    SetupScreen("S V", (Field("V LL", "AV6", "00000", name_of_type_10="V LN"),)),
    SetupScreen("S PWR", (Field("MX KW", "AI76"),)),
    SetupScreen(
        "S PLO",
        (Field("VOLTS", "AV8", "0.00", factor=100.0), Field("IMBAL", "AV9", "0.00", factor=100.0)),
    ),
    SetupScreen("S DEM", (Field("INTRV", "AV10", "0"), Field("SEC", "AV11", "00000", factor=100.0))),
    SetupScreen("S UNI", (Field("UNITS", "AV7", options=(("IEEE", 1.0), ("IEC", 0.0))),)),
    SetupScreen("S PAS", (Field("SETUP", "setup_password", "00000"), Field("RESET", "reset_password", "00000"))),
)


def name_of(field: Field, meter: PanelMeter) -> str:
    """Return the name of the screen on which a field is set."""
    if field.setup_page_name and meter.profile.panel_bus_names is PanelBusNames.SETUP_PAGE:
        return field.setup_page_name
    return field.name_of_type_10 if field.name_of_type_10 and meter.configuration.system_type == 10 else field.name


def options_of(field: Field, meter: PanelMeter) -> tuple[tuple[str, float], ...]:
    """Return what is chosen from, as it is shown."""
    if field.of == "baud" and meter.profile.panel_bus_names is PanelBusNames.SETUP_PAGE:
        return tuple((f"{value:.0f}", value) for _, value in field.options)
    return field.options


def text_of(field: Field, meter: PanelMeter) -> str:
    """Return what is stored, as the screen shows it."""
    match field.of:
        case "setup_password" | "reset_password":
            return str(getattr(meter.panel_settings, field.of))
        case "AI76":
            return shown(float(meter.read("AI", 76, PRESENT_VALUE)), _KILOWATTS, meter.profile).text
    value = _stored(field, meter)
    if field.options:
        return next((text for text, means in options_of(field, meter) if means == value), numbers.NOT_VALID)
    _, _, decimals = field.pattern.partition(".")
    text = f"{value / field.factor:0{len(field.pattern)}.{len(decimals)}f}"
    return text if len(text) == len(field.pattern) else field.pattern.replace("0", "9")


def store(field: Field, text: str, meter: PanelMeter, id1: str) -> None:
    """Store what was entered; ``id1``: the upper digits, where the lower ones of the device instance are meant.

    Raises EntryRefused; then nothing is changed.
    """
    try:
        match field.of:
            case "id1":
                return
            case "id2":
                instance = int(id1) * _ID2_DIGITS + int(text)
                meter.write("DE", meter.device_instance, "object-identifier", ("DE", instance))
            case "mac":
                meter.store_panel_settings(replace(meter.panel_settings, mac=int(text)))
            case "baud":
                meter.store_panel_settings(replace(meter.panel_settings, baud=int(_meant(field, text, meter))))
            case "setup_password":
                meter.store_panel_settings(replace(meter.panel_settings, setup_password=text))
            case "reset_password":
                meter.store_panel_settings(replace(meter.panel_settings, reset_password=text))
            case _:
                meter.write("AV", int(field.of.removeprefix("AV")), PRESENT_VALUE, _meant(field, text, meter))
    except (ObjectAccessError, ValueError) as refusal:
        raise EntryRefused(f"{field.name} does not take {text}") from refusal


def _stored(field: Field, meter: PanelMeter) -> float:
    match field.of:
        case "mac":
            return float(meter.panel_settings.mac)
        case "baud":
            return float(meter.panel_settings.baud)
        case "id1":
            return float(meter.device_instance // _ID2_DIGITS)
        case "id2":
            return float(meter.device_instance % _ID2_DIGITS)
    return meter.configuration.value(int(field.of.removeprefix("AV")))


def _meant(field: Field, text: str, meter: PanelMeter) -> float:
    """Return the value that a text on the display means to the meter."""
    if field.options:
        return dict(options_of(field, meter))[text]
    return round(float(text) * field.factor, 6)
