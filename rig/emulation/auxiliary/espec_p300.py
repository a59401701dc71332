"""The emulated ESPEC chamber with a P-300 controller, around the meters: temperature only.

Written from the answers that ESPEC's own library reads, the list of its refusals, and the EHS-411M manual, page 22.
Lines end with carriage return and line feed. Every setting is answered, ``OK:`` with the words that were taken or
``NA:`` with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

from rig.emulation.servers.tcp import LineServer
from rig.emulation.world.air import Air
from rig.emulation.world.event_log import EventLog

_LOWEST_C, _HIGHEST_C = -40.0, 100.0
_SETTING = re.compile(r"([SHL])([+-]?\d{1,4}(?:\.\d*)?)")
_MODES = ("OFF", "STANDBY", "CONSTANT")


class _Refused(Exception):
    """What the controller says after ``NA:``."""


class EspecChamber:
    """One emulated chamber; ``answer`` serves its lines, and takes the world by itself."""

    def __init__(
        self, air: Air, now: Callable[[], float], world: AbstractContextManager[None], log: EventLog | None = None
    ) -> None:
        self._air = air
        self._now = now
        self._world = world
        self._log = log
        self._mode = "STANDBY"
        self._setpoint_c = 23.0
        self._alarm_c = {"H": 110.0, "L": -50.0}

    @property
    def is_running(self) -> bool:
        """Whether it conditions the air."""
        return self._mode == "CONSTANT"

    def open_server(self, name: str) -> LineServer:
        """Put it behind a TCP port of this machine; ``name`` names its threads."""
        return LineServer(self, name, terminator=b"\r\n")

    def answer(self, line: bytes, peer: str) -> bytes | None:
        """Serve one line; an empty one is no command."""
        text = line.decode("latin-1").strip()
        if not text:
            return None
        words = [word.strip() for word in text.upper().split(",")]
        try:
            with self._world:
                if words[0].endswith("?"):
                    return self._ask(words).encode()
                self._do(words, peer)
        except _Refused as refusal:
            return f"NA:{refusal}".encode()
        return f"OK:{text}".encode("latin-1")

    def too_long(self, peer: str) -> bytes | None:  # the protocol of LineServer
        """Refuse a line that was thrown away."""
        return b"NA:CMD ERR"

    def _ask(self, words: list[str]) -> str:
        air_c = self._air.temperature_c(self._now())
        answers = {
            "TEMP?": f"{air_c:.1f},{self._setpoint_c:.1f},{self._alarm_c['H']:.1f},{self._alarm_c['L']:.1f}",
            "MON?": f"{air_c:.1f},,{self._mode},0",
            "MODE?": self._mode,
            "ALARM?": "0",
            "TYPE?": f"T,P300,{_HIGHEST_C:.1f}",
            "ROM?": "P-300 Ver.1.60",
        }
        query, *options = words
        if query == "CONSTANT SET?" and options == ["TEMP"]:
            return f"{self._setpoint_c:.1f},ON"
        if query in ("HUMI?", "CONSTANT SET?"):
            raise _Refused("CONT NOT READY-1" if query == "HUMI?" or options == ["HUMI"] else "PARA ERR")
        if query not in answers:
            raise _Refused("CMD ERR")
        if options and not (options == ["DETAIL"] and query in ("MODE?", "MON?")):
            raise _Refused("PARA ERR")
        return answers[query]

    def _do(self, words: list[str], peer: str) -> None:
        command, *options = words
        if command not in ("TEMP", "MODE", "POWER"):
            raise _Refused("CMD ERR")
        if not options:
            raise _Refused("PARA ERR")
        if command == "TEMP":
            self._set(" ".join(options).split())
        else:
            self._switch(command, options)
        self._follow()
        if self._log is not None:
            self._log.write("chamber", mode=self._mode, setpoint_c=self._setpoint_c, peer=peer)

    def _set(self, parts: list[str]) -> None:
        """Take set-point and alarm limits, such as ``S23.0 H100.0 L-40.0``: all of them or none."""
        wanted: dict[str, float] = {}
        for part in parts:
            match = _SETTING.fullmatch(part)
            if match is None:
                raise _Refused("PARA ERR")
            value = float(match[2])
            if match[1] == "S" and not _LOWEST_C <= value <= _HIGHEST_C:
                raise _Refused("DATA OUT OF RANGE")
            wanted[match[1]] = round(value, 1)
        self._setpoint_c = wanted.pop("S", self._setpoint_c)
        self._alarm_c |= wanted

    def _switch(self, command: str, options: list[str]) -> None:
        allowed = {"ON": "CONSTANT", "OFF": "OFF"} if command == "POWER" else {mode: mode for mode in _MODES}
        if len(options) != 1 or options[0] not in allowed:
            raise _Refused("PARA ERR")
        self._mode = allowed[options[0]]

    def _follow(self) -> None:
        if self.is_running:
            self._air.condition(self._setpoint_c, self._now())
        else:
            self._air.let_go(self._now())
