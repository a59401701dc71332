"""Settings of an MS/TP node and of its serial port, checked against clause 9 before the port is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from drivers.mstp.codec.frames import MAX_DATA_OCTETS, MAX_EXTENDED_DATA_OCTETS, MAX_MASTER_ADDRESS
from drivers.mstp.errors import PortSettingInvalid

BAUD_RATES = (9600, 19200, 38400, 57600, 76800, 115200)
"""The rates of clause 9.2.3, in bits per second."""

EchoMode = Literal["detect", "on", "off"]
Direction = Literal["adapter", "rts-high", "rts-low"]
"""Who switches the RS-485 transceiver to sending: the adapter by itself, or the system's RS-485 mode (Linux) by RTS."""

_USAGE_TIMEOUT_S = (0.020, 0.035)
_USAGE_DELAY_S = (0.0, 0.015)
_LONGEST_REPLUG_S = 86_400
_REPLY_TIMEOUT_S = (0.255, 0.300)


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """What the state machine of one master node needs to know.

    ``mac`` is TS (0..127); ``max_master`` the highest address ever polled, ``max_info_frames`` the data frames sent
    in one holding of the token. ``usage_timeout_s`` (Tusage_timeout, 20..35 ms) is how long a successor may take to
    use the token or to answer a poll; ``reply_timeout_s`` (Treply_timeout, 255..300 ms) how long an answer may take.
    ``receive_extended``: whether extended data frames (types 32 and 33) are heard; a device before Protocol_Revision 16
    skips them. ``usage_delay_s`` (Tusage_delay, at most 15 ms): how long the node waits before it sends anything, at
    least Tturnaround; an idle ring then turns more slowly.
    """

    mac: int
    baud: int = 76800
    max_master: int = MAX_MASTER_ADDRESS
    max_info_frames: int = 1
    usage_timeout_s: float = 0.030
    reply_timeout_s: float = 0.295
    receive_extended: bool = True
    usage_delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PortSettings:
    """A node and its serial port. ``device`` is a path such as ``/dev/ttyUSB0``; the rest is as in NodeSettings.

    ``captured_frames`` is how many of the last frames on the bus the port keeps for ``MstpPort.captured``.
    ``further_macs`` are addresses of more master nodes that use this port beside ``mac`` (emulated meters).
    With ``send_extended`` an NPDU of 502 to 1497 octets is sent as an extended frame; the peer must be known to take
    it (its Max_APDU_Length_Accepted is above 480).
    ``echo``: whether the adapter hears what it sends. ``direction``: see ``Direction``. ``replug_wait_s``: for how long
    an adapter that was unplugged may be away (0: the port fails at once); it is found again by its lasting name.
    ``portable``: use only what every system has, a thread that reads the line and loopback connections to the port
    process, as is always done on Windows; it is slower than what Linux and macOS have besides.
    ``watchful``: wake up every 2 ms, so that the stamps of captured frames say how late they were read, and the
    port when it was late (``MstpPort.late_spells``).
    Raises PortSettingInvalid when made from values that clause 9 does not allow.
    """

    device: str
    baud: int
    mac: int
    max_master: int = MAX_MASTER_ADDRESS
    max_info_frames: int = 1
    usage_timeout_s: float = 0.030
    reply_timeout_s: float = 0.295
    captured_frames: int = 2000
    further_macs: tuple[int, ...] = ()
    receive_extended: bool = True
    send_extended: bool = False
    echo: EchoMode = "detect"
    direction: Direction = "adapter"
    replug_wait_s: float = 0.0
    portable: bool = False
    watchful: bool = False
    usage_delay_s: float = 0.0

    def __post_init__(self) -> None:
        self._check("baud", self.baud in BAUD_RATES, f"use one of {', '.join(map(str, BAUD_RATES))}")
        self._check("max_master", 1 <= self.max_master <= MAX_MASTER_ADDRESS, f"it is 1 to {MAX_MASTER_ADDRESS}")
        self._check("mac", 0 <= self.mac <= self.max_master, f"a master's address is 0 to max_master {self.max_master}")
        for further in self.further_macs:
            is_free = self.macs.count(further) == 1 and 0 <= further <= self.max_master
            self._check("further_macs", is_free, f"each is another address, 0 to max_master {self.max_master}")
        self._check("max_info_frames", 1 <= self.max_info_frames <= 255, "it is 1 to 255")
        self._check("captured_frames", 0 <= self.captured_frames <= 100_000, "it is 0 to 100000")
        for field, choices in (("echo", get_args(EchoMode)), ("direction", get_args(Direction))):
            self._check(field, getattr(self, field) in choices, f"it is one of {', '.join(choices)}")
        self._check("replug_wait_s", 0.0 <= self.replug_wait_s <= _LONGEST_REPLUG_S, f"it is 0 to {_LONGEST_REPLUG_S}")
        low, high = _USAGE_TIMEOUT_S
        self._check("usage_timeout_s", low <= self.usage_timeout_s <= high, f"it is {low} to {high} seconds")
        low, high = _USAGE_DELAY_S
        self._check("usage_delay_s", low <= self.usage_delay_s <= high, f"it is {low} to {high} seconds")
        low, high = _REPLY_TIMEOUT_S
        self._check("reply_timeout_s", low <= self.reply_timeout_s <= high, f"it is {low} to {high} seconds")

    def _check(self, field: str, allowed: bool, rule: str) -> None:
        if not allowed:
            raise PortSettingInvalid(self.device, field, getattr(self, field), rule)

    @property
    def macs(self) -> tuple[int, ...]:
        """Addresses of all nodes on this port."""
        return (self.mac, *self.further_macs)

    @property
    def nodes(self) -> tuple[NodeSettings, ...]:
        """The part that the state machines need."""
        timeouts = (self.usage_timeout_s, self.reply_timeout_s)
        rest = (self.baud, self.max_master, self.max_info_frames, *timeouts, self.receive_extended, self.usage_delay_s)
        return tuple(NodeSettings(mac, *rest) for mac in self.macs)

    @property
    def max_npdu_octets(self) -> int:
        """Octets of the longest NPDU that is sent as one frame."""
        return MAX_EXTENDED_DATA_OCTETS if self.send_extended else MAX_DATA_OCTETS
