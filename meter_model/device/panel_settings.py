"""What only the front panel sets, and the meter remembers: MAC, baud rate, passwords (manual pages 16 to 19)."""

from __future__ import annotations

from dataclasses import dataclass

PANEL_BAUD_RATES = (9600, 19200, 38400, 76800, 115200)
"""Bits per second, manual page 21."""

HIGHEST_MAC = 127
_PASSWORD_DIGITS = 5


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """Factory defaults; construction raises ValueError for what the panel does not take."""

    mac: int = 1
    baud: int = 76800
    setup_password: str = "00000"
    reset_password: str = "00000"

    def __post_init__(self) -> None:
        if not 0 <= self.mac <= HIGHEST_MAC:
            raise ValueError(f"the MAC address is 0 to {HIGHEST_MAC}, not {self.mac}")
        if self.baud not in PANEL_BAUD_RATES:
            raise ValueError(f"the baud rate is one of {', '.join(map(str, PANEL_BAUD_RATES))}, not {self.baud}")
        for password in (self.setup_password, self.reset_password):
            if len(password) != _PASSWORD_DIGITS or not (password.isascii() and password.isdigit()):
                raise ValueError(f"a password has {_PASSWORD_DIGITS} digits")
