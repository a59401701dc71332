"""The emulated Keysight 34972A: a multiplexer, an actuator and a multifunction module on the meters' terminals.

Written from the 34970A/34972A command reference. Slot 100: 34901A, whose channels 1 to 20 measure the resistance of
the alarm contacts of the first twenty meters. Slot 200: 34903A, channels 1 to 8 in the control power of the first
eight meters (over the normally closed contact: a closed relay interrupts), 11 to 18 across their pulse inputs, 19 in
series with the contactor's coil, 20 at the trigger of its timer relay (``contactor``). Slot 300:
34907A, whose port 301 has the alarm contacts of the first eight meters on its bits, pulled up, and port 302 the safety
circuit's: bit 0 the interlock, bit 1 the emergency stop. Channels 119 and 120 have these two as well, where no
meter takes them. Where the reference states nothing, the emulator takes the stricter reading: a channel that cannot
carry out a command is error 308, never ignored.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from rig.emulation.meter.terminals import MeterTerminals
from rig.emulation.scpi.engine import Call, Command, Dialect, ScpiEngine
from rig.emulation.scpi.rows import event
from rig.emulation.scpi.syntax import Number, ScpiError, Text
from rig.emulation.world.contactor import Contactor
from rig.emulation.world.lines import RelayLine
from rig.emulation.world.safety_contacts import SafetyContacts
from rig.emulation.world.surroundings import Surroundings

MULTIPLEXER, ACTUATOR, MULTIFUNCTION = 100, 200, 300
_MODULES = {MULTIPLEXER: "34901A", ACTUATOR: "34903A", MULTIFUNCTION: "34907A"}
_CHANNELS = {MULTIPLEXER: range(101, 123), ACTUATOR: range(201, 221), MULTIFUNCTION: range(301, 306)}
_RELAYS = (*range(101, 121), *range(201, 221))
_RESISTANCE = range(101, 121)
_PORTS = (301, 302)
_PULSE_INPUT_FROM = 10
_METERS_ON_RELAYS, _METERS_ON_BITS = 8, 8
_CONTACTOR, _CONTACTOR_PULSE = 219, 220
_INTERLOCK_CHANNEL = 119

_OPERATE_S = 0.004
_CLOSED_OHM, _NOISE_OHM = 32.0, 0.05
_RANGES_OHM = (100.0, 1e3, 10e3, 100e3, 1e6, 10e6, 100e6)
_OVER_RANGE = 1.2
_OVERLOAD = 9.9e37

_LIST = re.compile(r"\(@([0-9,: ]+)\)\Z")
_SLOT = Number(100, 300)


class KeysightSwitch:
    """One emulated switch unit. All methods but ``engine.execute`` expect the world to be held."""

    def __init__(
        self,
        terminals: Sequence[MeterTerminals],
        safety: SafetyContacts,
        contactor: Contactor,
        around: Surroundings[bool],
    ) -> None:
        self._terminals = tuple(terminals)
        self._safety = safety
        self._contactor = contactor
        self._now = around.now
        self._log = around.log
        self._noise = around.generator(0x53)
        self._relays = {channel: RelayLine(_OPERATE_S) for channel in _RELAYS}
        self._outputs = dict.fromkeys(_PORTS, None)
        for number, each in enumerate(self._terminals[:_METERS_ON_RELAYS], start=1):
            each.interrupting.append(self._relays[ACTUATOR + number])
            each.closing.append(self._relays[ACTUATOR + _PULSE_INPUT_FROM + number])
        identity = f"Agilent Technologies,34972A,{around.serial_number},1.16-1.12-02-02"
        dialect = Dialect(explicit_plus=True)
        self.engine = ScpiEngine(self._commands(), identity, around.world, self._open_all, dialect, version="1994.0")

    def _commands(self) -> tuple[Command, ...]:
        channels = (Text(),)
        return (
            Command("ROUTe:CLOSe", channels, self._close, self._closed, read_parameters=channels),
            Command("ROUTe:CLOSe:EXCLusive", channels, self._close_exclusively),
            Command("ROUTe:OPEN", channels, self._open, self._opened, read_parameters=channels),
            Command("ROUTe:DONE", read=self._done),
            Command("DIAGnostic:RELay:CYCLes", read=self._cycles, read_parameters=channels),
            Command("MEASure[:SCALar]:RESistance", read=self._resistance, read_parameters=(Text(), Text(), Text())),
            Command("[SENSe]:DIGital:DATA[:BYTE]", read=self._read_port, read_parameters=channels),
            Command("SYSTem:CTYPe", read=self._card_type, read_parameters=(_SLOT,)),
            Command("SYSTem:CPON", channels, self._power_on_state),
            event("SYSTem:PRESet"),
        )

    # Relays

    def _close(self, call: Call) -> None:
        self._work(_channels(call.word(0), _RELAYS), True, call)

    def _close_exclusively(self, call: Call) -> None:
        """Open every other channel of the modules that are named, then close the listed ones."""
        wanted = _channels(call.word(0), _RELAYS)
        slots = {channel // 100 for channel in wanted}
        self._work([each for each in _RELAYS if each // 100 in slots and each not in wanted], False, call)
        self._work(wanted, True, call)

    def _open(self, call: Call) -> None:
        self._work(_channels(call.word(0), _RELAYS), False, call)

    def _work(self, channels: Sequence[int], closed: bool, call: Call) -> None:
        for channel in channels:
            self._work_one(channel, closed, call.peer, call.text)

    def _open_all(self) -> None:
        for channel in self._relays:
            self._work_one(channel, False, "internal", "*RST")

    def _work_one(self, channel: int, closed: bool, peer: str, command: str) -> None:
        relay = self._relays[channel]
        is_moved = relay.is_closed != closed
        relay.set(closed, self._now())
        if not is_moved:
            return
        if channel == _CONTACTOR_PULSE:
            self._contactor.pulse(closed)  # not logged: it moves all the time
            return
        self._log.write("relay", channel=channel, closed=closed, peer=peer, command=command)
        if channel == _CONTACTOR:
            self._contactor.enable(closed)

    def _power_on_state(self, call: Call) -> None:
        if call.word(0) != "ALL" and call.word(0) not in map(str, _MODULES):
            raise ScpiError(-224)
        self._work([each for each in _RELAYS if call.word(0) in ("ALL", str(each // 100 * 100))], False, call)

    def _closed(self, call: Call) -> str:
        return ",".join(str(int(self._relays[each].is_closed)) for each in _asked(call, _RELAYS))

    def _opened(self, call: Call) -> str:
        return ",".join(str(int(not self._relays[each].is_closed)) for each in _asked(call, _RELAYS))

    def _done(self, _call: Call) -> str:
        return str(int(all(relay.next_edge_s(self._now()) == np.inf for relay in self._relays.values())))

    def _cycles(self, call: Call) -> str:
        return ",".join(f"+{self._relays[each].cycles}" for each in _asked(call, _RELAYS))

    # Contacts

    def _resistance(self, call: Call) -> str:
        words = [str(value) for value in call.values]
        if not words:
            raise ScpiError(-109)
        range_ohm = _range_ohm(words[0]) if len(words) > 1 else None
        channels = _channels(words[-1], _RESISTANCE)
        # A scan works the multiplexer's relays itself.
        self._work([each for each in _RELAYS if each // 100 == MULTIPLEXER // 100], False, call)
        return ",".join(_reading(self._ohm(each), range_ohm) for each in channels)

    def _ohm(self, channel: int) -> float:
        index = channel - MULTIPLEXER - 1
        if index < len(self._terminals):
            is_closed = self._terminals[index].alarm_contact_closed
        else:
            is_closed = channel >= _INTERLOCK_CHANNEL and self._safety.closed[channel - _INTERLOCK_CHANNEL]
        if not is_closed:
            return _OVERLOAD
        return _CLOSED_OHM + float(self._noise.normal(0.0, _NOISE_OHM))

    def _read_port(self, call: Call) -> str:
        return ",".join(f"+{self._byte(channel)}" for channel in _asked(call, _PORTS))

    def _byte(self, channel: int) -> int:
        low: Sequence[bool] = self._safety.closed
        if channel == _PORTS[0]:
            low = [each.alarm_contact_closed for each in self._terminals[:_METERS_ON_BITS]]
        return 0xFF & ~sum(1 << bit for bit, is_low in enumerate(low) if is_low)

    def _card_type(self, call: Call) -> str:
        if not call.values:
            raise ScpiError(-109)
        slot = round(call.number(0))
        if slot not in _MODULES:
            raise ScpiError(-222)
        return f"Agilent Technologies,{_MODULES[slot]},MY{slot}00001,1.5"


def _asked(call: Call, able: Sequence[int]) -> list[int]:
    if not call.values:
        raise ScpiError(-109)
    return _channels(call.word(0), able)


def _channels(text: str, able: Sequence[int]) -> list[int]:
    """Read a channel list such as ``(@101,203:205)``; raises ScpiError with 111, 112, 308 or 309."""
    match = _LIST.match(text.strip())
    if match is None:
        raise ScpiError(309)
    found: list[int] = []
    for part in match[1].split(","):
        ends = part.strip().split(":")
        if len(ends) > 2 or not all(end.strip().isdigit() for end in ends):
            raise ScpiError(309)
        first, last = int(ends[0]), int(ends[-1])
        for channel in (first, last):
            if channel // 100 * 100 not in _MODULES:
                raise ScpiError(111)
            if channel not in _CHANNELS[channel // 100 * 100]:
                raise ScpiError(112)
        # Within a range what no module has is passed over; its ends must be there.
        found += [each for each in range(first, last + 1) if each in _CHANNELS.get(each // 100 * 100, ())]
    if not found:
        raise ScpiError(309)
    if any(channel not in able for channel in found):
        raise ScpiError(308)
    return found


def _range_ohm(word: str) -> float | None:
    """Return the range that holds what is expected, None for automatic ranging; raises ScpiError."""
    if word in ("AUTO", "DEF", "DEFAULT"):
        return None
    if word in ("MIN", "MAX"):
        return _RANGES_OHM[0 if word == "MIN" else -1]
    expected = Number(0.0, _RANGES_OHM[-1] * _OVER_RANGE, "OHM").parse(word)
    return next(each for each in _RANGES_OHM if expected <= each * _OVER_RANGE)


def _reading(ohm: float, range_ohm: float | None) -> str:
    highest = (range_ohm or _RANGES_OHM[-1]) * _OVER_RANGE
    return f"{ohm if ohm <= highest else _OVERLOAD:+.8E}"
