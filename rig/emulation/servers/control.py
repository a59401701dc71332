"""Clock endpoint (time is spent here) and control endpoint (status and faults) of the bench: JSON lines over TCP."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from drivers.mstp.process.lateness import LateSpell
from rig.emulation.defects.library import Defect, DefectRefused, apply_to_source, parse_defect
from rig.emulation.meter.terminals import MeterTerminals, TerminalsRefused
from rig.emulation.scpi.engine import ScpiEngine
from rig.emulation.world.contactor import Contactor
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import rms
from rig.emulation.world.safety_contacts import SafetyContacts
from rig.emulation.world.world import World

LONGEST_SLEEP_S = 10.0 * 24.0 * 3600.0


class Refused(Exception):
    """A question cannot be answered; the text goes back to who asked."""


class JsonHandler:
    """Serves one JSON object a line through ``serve(question) -> answer``; any nonsense is answered, never raised."""

    def __init__(self, serve: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._serve = serve

    def answer(self, line: bytes, peer: str) -> bytes | None:  # the protocol of LineServer
        """Answer one line."""
        if not line.strip():
            return None
        try:
            question = json.loads(line)
        except (ValueError, RecursionError):
            return _json({"error": "not a line of JSON"})
        if not isinstance(question, dict):
            return _json({"error": "not a JSON object"})
        try:
            return _json(self._serve(question))
        except Refused as refusal:
            return _json({"error": str(refusal)})

    def too_long(self, peer: str) -> bytes | None:  # the protocol of LineServer
        """Answer a line that was thrown away."""
        return _json({"error": "line too long"})


class ScpiHandler:
    """Serves program messages to an engine; octets beyond ASCII become an error in its queue."""

    def __init__(self, engine: ScpiEngine, world: World) -> None:
        self.engine = engine
        self.world = world

    def answer(self, line: bytes, peer: str) -> bytes | None:
        """Execute one message."""
        answer = self.engine.execute(line.decode("latin-1"), peer)
        return None if answer is None else answer.encode("ascii")

    def too_long(self, peer: str) -> bytes | None:  # the protocol of LineServer
        """Note that a message was thrown away."""
        with self.world:
            self.engine.report(-363)
        return None


class Clock:
    """``{"sleep_s": 1.0}`` spends bench time, ``{"now": true}`` asks for it; both answer ``{"bench_time_s": ...}``.

    ``{"late_since": SECONDS}`` asks when the emulated bus and its meters were late after that moment of the host's
    monotonic clock, because the host was busy: ``{"late": [[from, to], ...]}``, seconds of that clock.
    With ``"within_s"`` the answer comes after about so much wall time, and ``"left_s"`` says what is still to be spent.
    """

    def __init__(self, world: World, late_spells: Callable[[float], list[LateSpell]] = lambda _since_s: []) -> None:
        self._world = world
        self._late_spells = late_spells

    def serve(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer one question."""
        if "late_since" in question:
            since_s = question["late_since"]
            if isinstance(since_s, bool) or not isinstance(since_s, int | float):
                raise Refused("late_since must be a number of seconds of the monotonic clock")
            return {"late": self._late_spells(float(since_s))}
        if "sleep_s" in question:
            dt_s = question["sleep_s"]
            if isinstance(dt_s, bool) or not isinstance(dt_s, int | float) or not 0.0 <= dt_s <= LONGEST_SLEEP_S:
                raise Refused(f"sleep_s must be a number of seconds from 0 to {LONGEST_SLEEP_S:g}")
            within_s = question.get("within_s", math.inf)
            if isinstance(within_s, bool) or not isinstance(within_s, int | float) or not within_s >= 0.0:
                raise Refused("within_s must be a number of seconds, 0 or more")
            left_s = self._world.spend(float(dt_s), within_s)
            with self._world:
                answer = {"bench_time_s": self._world.now_s()}
            return answer | ({"left_s": left_s} if "within_s" in question else {})
        if "now" in question:
            with self._world:
                return {"bench_time_s": self._world.now_s()}
        raise Refused('ask {"sleep_s": SECONDS}, {"now": true} or {"late_since": SECONDS}')


class _Closing(Protocol):
    def close(self) -> None: ...


class _Output(Protocol):
    @property
    def is_on(self) -> bool: ...

    @property
    def is_stuck(self) -> bool: ...


class _Source(Protocol):
    @property
    def output(self) -> _Output: ...

    def add_gain(self, kind: str, fraction: float) -> None: ...

    def stick(self, on: bool) -> None: ...


class Control:
    """``{"status": true}`` tells what is at the terminals; ``{"fault": NAME, "value": ...}`` makes something go wrong.

    Faults: ``analyzer-disconnect``, ``source-disconnect`` (connections and port are gone for good),
    ``source-stuck-relay`` (value false mends it), both also with ``low-level-source`` where there is one, and every
    defect of the source with its value (``source-gain``, "+0.5%"). ``output_on`` is that of any source.
    ``{"control_power": {"meter": 0, "on": false}}`` and ``{"pulse": {"meter": 0, "closed": true}}`` work the
    terminals of a meter, 0 the first; see ``MeterTerminals`` for what else may be asked.
    ``contactor-stuck-closed`` welds the contactor (value false mends it); ``contactor-bypass`` shuts its bypass.
    ``{"interlock": {"closed": false}}`` opens the enclosure, ``{"emergency_stop": {"pressed": true}}`` presses it.
    """

    def __init__(
        self,
        world: World,
        source: _Source,
        servers: Mapping[str, _Closing],
        log: EventLog,
        meters: Sequence[MeterTerminals] = (),
        low_level_source: _Source | None = None,
        safety: SafetyContacts | None = None,
        contactor: Contactor | None = None,
    ) -> None:
        self._sources = {"source": source}
        if low_level_source is not None:
            self._sources["low-level-source"] = low_level_source
        self._meters = meters
        self._safety = safety or SafetyContacts()
        self._contactor = contactor or Contactor()
        self._world = world
        self._servers = {name.replace("_", "-"): server for name, server in servers.items()}
        self._log = log

    def serve(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer one question."""
        if "status" in question:
            return self._status()
        if "fault" in question:
            self._fault(str(question["fault"]), question.get("value", True))
            self._log.write("fault", name=question["fault"], value=question.get("value", True))
            return {"fault": question["fault"], "done": True}
        for name, work in (
            ("control_power", MeterTerminals.set_control_power),
            ("pulse", MeterTerminals.set_pulse_input),
        ):
            if name in question:
                self._work(question[name], work)
                self._log.write(name, **question[name])
                return {name: question[name], "done": True}
        for name in ("interlock", "emergency_stop"):
            if name in question:
                self._work_safety(name, question[name])
                self._log.write(name, **question[name])
                return {name: question[name], "done": True}
        raise Refused(
            'ask {"status": true}, {"fault": NAME, "value": ...}, {"control_power": {...}}, {"pulse": {...}}, '
            '{"interlock": {"closed": ...}} or {"emergency_stop": {"pressed": ...}}'
        )

    def _work_safety(self, name: str, wanted: object) -> None:
        key = "closed" if name == "interlock" else "pressed"
        if not isinstance(wanted, dict) or wanted.keys() != {key} or not isinstance(wanted[key], bool):
            raise Refused(f'say {{"{key}": true}} or {{"{key}": false}}')
        with self._world:
            if name == "interlock":
                self._safety.is_shut = wanted[key]
            else:
                self._safety.is_pressed = wanted[key]

    def _work(self, wanted: object, work: Callable[[MeterTerminals, dict[str, Any]], None]) -> None:
        if not isinstance(wanted, dict) or wanted.get("meter") not in range(len(self._meters)):
            raise Refused(f'say which "meter": there are {len(self._meters)}, 0 is the first')
        with self._world:
            try:
                work(self._meters[wanted["meter"]], wanted)
            except TerminalsRefused as refusal:
                raise Refused(str(refusal)) from refusal

    def _status(self) -> dict[str, Any]:
        with self._world:
            stimulus = self._world.stimulus
            return {
                "bench_time_s": self._world.now_s(),
                "output_on": any(source.output.is_on for source in self._sources.values()),
                "relay_stuck": any(source.output.is_stuck for source in self._sources.values()),
                "frequency_hz": stimulus.frequency_hz,
                "terminal_volts": [rms(spectrum) for spectrum in stimulus.voltages],
                "ct_volts": [rms(spectrum) for spectrum in stimulus.ct_inputs],
                "meters": [terminals.status() for terminals in self._meters],
                **self._safety.status(),
                **self._contactor.status(),
            }

    def _fault(self, name: str, value: object) -> None:
        if name.endswith("-disconnect") and name.removesuffix("-disconnect") in self._servers:
            self._servers[name.removesuffix("-disconnect")].close()
            return
        if name.endswith("-stuck-relay") and name.removesuffix("-stuck-relay") in self._sources:
            with self._world:
                self._sources[name.removesuffix("-stuck-relay")].stick(bool(value))
            return
        if name in ("contactor-stuck-closed", "contactor-bypass"):
            with self._world:
                (self._contactor.stick if name.endswith("closed") else self._contactor.bypass)(bool(value))
            return
        if not name.startswith("source-"):
            known = ", ".join(f"{server}-disconnect" for server in self._servers)
            raise Refused(
                f"fault {name!r} is not known; known are {known}, source-stuck-relay, "
                "contactor-stuck-closed, contactor-bypass and the source's defects"
            )
        try:
            defect = parse_defect(f"{name}={value}")
        except DefectRefused as refusal:
            raise Refused(str(refusal)) from refusal
        with self._world:
            add_gain_to(self._sources.values(), [defect])


def add_gain_to(sources: Iterable[_Source], defects: Iterable[Defect]) -> None:
    """Hand the sources' share of the defects to all of them: each takes what concerns its channels."""
    wanted = tuple(defects)
    for source in sources:
        apply_to_source(wanted, source.add_gain)


def _json(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode()
