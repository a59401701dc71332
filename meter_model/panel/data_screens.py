"""The main menu: every data, alert and information screen as a row of a table (manual pages 5 and 12 to 15)."""

from __future__ import annotations

from dataclasses import dataclass

from meter_model.behaviour.panel_choices import PanelChoices, PanelEnergyRegisters, PanelScreenOrder
from meter_model.panel import numbers
from meter_model.panel.numbers import Scale

Signed = tuple[tuple[int, int], ...]
"""Analog inputs and the sign with which each is added."""


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen. ``iec``, ``ieee``: its name in either notation; ``mark_iec``, ``mark_ieee``: what stands beside it.

    ``inputs``: what is shown, as a sum of analog inputs in the unit of the bus. ``alerts``: binary inputs of phases A,
    B and C, or one, or none that this meter has; None where no alert is shown. ``info``: which text. A screen with
    none of them is the heading of a menu.
    """

    iec: str
    ieee: str
    inputs: Signed = ()
    scale: Scale | None = None
    phase: str = ""
    mark_iec: str = ""
    mark_ieee: str = ""
    alerts: tuple[int, ...] | None = None
    info: str = ""


Row = tuple[Screen, ...]
"""A screen of the main menu and those to its right."""


def _phases(iec: str, ieee: str, first: int, scale: Scale) -> Row:
    return tuple(Screen(iec, ieee, ((first + place, 1),), scale, phase) for place, phase in enumerate("ABC"))


def _powers(first: int, mark_iec: str, mark_ieee: str) -> Row:
    return tuple(
        Screen(iec, ieee, ((first + place, 1),), scale, mark_iec=mark_iec, mark_ieee=mark_ieee)
        for place, (iec, ieee, scale) in enumerate(_POWERS)
    )


_POWERS = (
    ("P", "W", numbers.REAL_POWER),
    ("Q", "VAR", numbers.REACTIVE_POWER),
    ("S", "VA", numbers.APPARENT_POWER),
)
_SUMMARY = "_PHASE"
"""The underscore stands for the number of active phases."""

_TOTALS = ((11, "P", "W", numbers.REAL_POWER), (12, "Q", "VAR", numbers.REACTIVE_POWER))
_DATA: dict[str, Row] = {
    "D": _powers(19, "D", "D"),
    "M": _powers(22, "MAX", "M"),
    "W": _phases("P", "W", 55, numbers.REAL_POWER),
    "VAR": _phases("Q", "VAR", 58, numbers.REACTIVE_POWER),
    "VA": _phases("S", "VA", 61, numbers.APPARENT_POWER),
    "A": _phases("A", "A", 73, numbers.AMPERES),
    "VAB": (
        Screen("UAB", "VAB", ((67, 1),), numbers.VOLTS),
        Screen("UBC", "VBC", ((68, 1),), numbers.VOLTS),
        Screen("UAC", "VAC", ((69, 1),), numbers.VOLTS),
    ),
    "VLN": _phases("V", "VLN", 70, numbers.VOLTS),
    "PF": _phases("PF", "PF", 64, numbers.NO_UNIT),
    _SUMMARY: (
        Screen(_SUMMARY, _SUMMARY),
        *(
            Screen(iec, ieee, ((ai, 1),), scale, mark_iec=_SUMMARY, mark_ieee=_SUMMARY)
            for ai, iec, ieee, scale in (
                *_TOTALS,
                (13, "S", "VA", numbers.APPARENT_POWER),
                (17, "A", "A", numbers.AMPERES),
                (15, "U", "VLL", numbers.VOLTS),
                (16, "V", "VLN", numbers.VOLTS),
                (14, "PF", "PF", numbers.NO_UNIT),
                (18, "HZ", "HZ", numbers.HERTZ),
            )
        ),
    ),
}
"""Rows of measured values, by the IEEE name of the first screen."""

_ENERGIES: dict[str, tuple[str, str, Scale, dict[PanelEnergyRegisters, Signed]]] = {
    "KVAh": (
        "KSh",
        "KVAh",
        numbers.APPARENT_ENERGY,
        {PanelEnergyRegisters.NET: ((8, 1),), PanelEnergyRegisters.IMPORT: ((9, 1),)},
    ),
    "KVARh": (
        "KQh",
        "KVARh",
        numbers.REACTIVE_ENERGY,
        {
            PanelEnergyRegisters.NET: ((4, 1), (5, 1), (6, -1), (7, -1)),
            PanelEnergyRegisters.IMPORT: ((4, 1), (5, 1)),
        },
    ),
    "KWh": (
        "KPh",
        "KWh",
        numbers.REAL_ENERGY,
        {PanelEnergyRegisters.NET: ((1, 1),), PanelEnergyRegisters.IMPORT: ((2, 1),)},
    ),
}

_ORDERS: dict[PanelScreenOrder, tuple[str, ...]] = {
    PanelScreenOrder.ABBREVIATIONS: (
        *("D", "M", "W", "VAR", "VA", "A", "VAB", "VLN", "PF", "KVAh", "KVARh", "KWh", _SUMMARY),
    ),
    PanelScreenOrder.DATA_OUTPUTS: (
        *(_SUMMARY, "KWh", "KVARh", "KVAh", "A", "VAB", "VLN", "W", "VAR", "VA", "PF", "D", "M"),
    ),
}

ALERT_ROW: Row = (
    Screen("ALERT", "ALERT"),
    Screen("PLOSS", "PLOSS", alerts=(9, 10, 11)),
    Screen("LOWPF", "LOWPF", alerts=(12, 13, 14)),
    Screen("F ERR", "F ERR", alerts=(7,)),
    Screen("I OVR", "I OVR", alerts=(4, 5, 6)),
    Screen("V OVR", "V OVR", alerts=(1, 2, 3)),
    Screen("PULSE", "PULSE", alerts=()),
)
"""PULSE is about a pulse output, which this meter does not have (manual page 2): it is never on."""

INFO_ROW: Row = (
    Screen("INFO", "INFO"),
    Screen("MODEL", "MODEL", info="model"),
    Screen("OS", "OS", info="OS"),
    Screen("RS", "RS", info="RS"),
    Screen("SN", "SN", info="serial number"),
)
RESET_HEAD = Screen("RESET", "RESET")
SETUP_HEAD = Screen("SETUP", "SETUP")


def main_menu(profile: PanelChoices) -> tuple[Row, ...]:
    """Return the rows of the main menu from the first screen on; PLUS goes to the next one, and round."""
    rows = _DATA | {
        name: (Screen(iec, ieee, inputs[profile.panel_energy_registers], scale),)
        for name, (iec, ieee, scale, inputs) in _ENERGIES.items()
    }
    data = tuple(rows[name] for name in _ORDERS[profile.panel_screen_order])
    return (*data, ALERT_ROW, INFO_ROW, (RESET_HEAD,), (SETUP_HEAD,))
