"""Options and defaults of the behaviour profile about the front panel: display, keys and what only the panel sets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from meter_model.behaviour.choice import choice


class PanelScreenOrder(StrEnum):
    """The order of the main menu's data screens, and with it the screen that is shown after power-up."""

    ABBREVIATIONS = "abbreviations"
    """That of the list of menu abbreviations (page 12): demand first, the summary last."""
    DATA_OUTPUTS = "data_outputs"
    """That of the list of data outputs (page 5): energy first, demand last."""


class PanelDigitKeys(StrEnum):
    """What the keys do while a number is entered digit by digit."""

    PLUS_AND_MINUS = "plus_and_minus"
    """PLUS and MINUS change the digit; ENTER goes through the digits, and after the last one accepts (page 11)."""
    MINUS_MOVES = "minus_moves"
    """PLUS increments the digit, MINUS selects the digit to the left, ENTER accepts (page 16)."""


class PanelBusNames(StrEnum):
    """The names of the screens for MAC address and baud rate, which the manual prints in two ways."""

    QUICK_SETUP = "quick_setup"
    """MAC and KBAUD, the rate in kbaud (76.8): page 11."""
    SETUP_PAGE = "setup_page"
    """ADDR and BAUD, the rate in baud (76800): page 16."""


class PanelRefusedEntry(StrEnum):
    """What a setup screen shows after an entry that the meter does not take; it stays on that screen."""

    STORED_VALUE = "stored_value"
    """The value that is stored."""
    ENTRY_KEPT = "entry_kept"
    """The entry, at its first digit, to be corrected."""


class PanelWrongPassword(StrEnum):
    """Where a wrong password leads."""

    ASKED_AGAIN = "asked_again"
    """PASWD is shown again, with zeros."""
    RETURNS_TO_MENU = "returns_to_menu"
    """The main menu is shown, at RESET or SETUP."""


class PanelCommunicationsEffect(StrEnum):
    """When a MAC address or baud rate that was set on the panel takes effect on the bus."""

    AT_ONCE = "at_once"
    AT_POWER_UP = "at_power_up"


class PanelResetConfirmation(StrEnum):
    """Whether ENERG and DEMND ask before they reset."""

    NONE = "none"
    """ENTER resets."""
    YES_NO = "yes_no"
    """ENTER shows NO; PLUS or MINUS changes it to YES, and ENTER then resets."""


class PanelRounding(StrEnum):
    """How a value is shortened to the digits of the display."""

    NEAREST = "nearest"
    DOWN = "down"
    """Further digits are left out."""


class PanelUnitChange(StrEnum):
    """From where on powers and energies are shown in the next larger unit."""

    AT_THOUSAND = "at_thousand"
    """999.99 Wh is followed by 1.0000 kWh."""
    AT_FULL = "at_full"
    """99999 Wh is followed by 100.00 kWh: when the digits before the point fill the display."""


class PanelEnergyNames(StrEnum):
    """Whether the name of an energy screen follows its unit."""

    AS_PRINTED = "as_printed"
    """KWh (IEC: KPh) with any unit."""
    FOLLOW_UNIT = "follow_unit"
    """Wh, KWh, MWh, GWh (IEC: Ph, KPh, MPh, GPh)."""


class PanelEnergyRegisters(StrEnum):
    """Which registers the three energy screens show."""

    NET = "net"
    """AI1, AI8, and Q1 + Q2 - Q3 - Q4."""
    IMPORT = "import"
    """AI2, AI9, and Q1 + Q2."""


class PanelWrench(StrEnum):
    """Which alerts show the wrench; the alert icon is shown with any."""

    ANY_ALERT = "any_alert"
    """BI1 to BI14."""
    OUT_OF_RANGE = "out_of_range"
    """BI1 to BI7."""


class PanelSerialNumber(StrEnum):
    """How SN shows a serial number that is longer than the display."""

    WHOLE = "whole"
    """All of it runs through."""
    LAST_DIGITS = "last_digits"
    """As many of its last characters as the display has digits."""


@dataclass(frozen=True, slots=True)
class PanelChoices:
    """The part of the behaviour profile that is about the front panel: see ``BehaviourProfile``."""

    panel_digits: float = choice(
        5.0, "digits of a value: passwords (OOOOO) and the largest CT size (32000) need five", "11, 16"
    )
    panel_screen_order: PanelScreenOrder = choice(
        PanelScreenOrder.ABBREVIATIONS,
        "the order of the screens is in figures only; the list of abbreviations is that of the menu itself",
        "5, 12, 13, 14",
    )
    panel_digit_keys: PanelDigitKeys = choice(
        PanelDigitKeys.PLUS_AND_MINUS,
        "page 11 goes through it key by key; page 16 has MINUS select the digit to the left",
        "11, 16",
    )
    panel_bus_names: PanelBusNames = choice(
        PanelBusNames.QUICK_SETUP, "page 11 names the screens while it uses them; page 16 says ADDR and BAUD", "11, 16"
    )
    panel_refused_entry: PanelRefusedEntry = choice(
        PanelRefusedEntry.STORED_VALUE, "'the meter will reject settings'; the manual does not say what is shown", "16"
    )
    panel_wrong_password: PanelWrongPassword = choice(
        PanelWrongPassword.ASKED_AGAIN, "the manual says what the right password opens, and no more", "11, 15, 16"
    )
    panel_communications_effect: PanelCommunicationsEffect = choice(
        PanelCommunicationsEffect.AT_ONCE, "'press to accept the value'; a restart is not asked for", "11"
    )
    panel_reset_confirmation: PanelResetConfirmation = choice(
        PanelResetConfirmation.NONE, "the menu has a password already; a question is in no text of the manual", "12, 15"
    )
    panel_rounding: PanelRounding = choice(
        PanelRounding.NEAREST, "it is the smaller error; the manual is silent", "13, 14"
    )
    panel_unit_change: PanelUnitChange = choice(
        PanelUnitChange.AT_THOUSAND,
        "'starts out as Wh, then switches to kWh, MWh, and eventually GWh': the manual does not say at which value",
        "13, 14",
    )
    panel_energy_names: PanelEnergyNames = choice(
        PanelEnergyNames.AS_PRINTED, "the list of abbreviations has KWh and KPh only", "12, 13, 14"
    )
    panel_energy_registers: PanelEnergyRegisters = choice(
        PanelEnergyRegisters.NET,
        "'Accumulated Real Energy' is one screen, and the words are those of AI1, the net register",
        "12, 25",
    )
    panel_wrench: PanelWrench = choice(
        PanelWrench.ANY_ALERT,
        "'a problem with the inputs': phase loss and low power factor are such, and the manual sends the reader to the "
        "whole alert menu",
        "31",
    )
    panel_serial_number: PanelSerialNumber = choice(
        PanelSerialNumber.WHOLE, "a part of it would not identify a unit", "12, 15"
    )
