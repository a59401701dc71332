"""Clock endpoint (time is spent here) and control endpoint (status and faults) of the bench: JSON lines over TCP."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from drivers.mstp.process.lateness import LateSpell
from meter_model.panel.keys import key_named
from rig.emulation.defects.library import Defect, DefectRefused, apply_to_source, parse_defect
from rig.emulation.meter.terminals import MeterTerminals, TerminalsRefused
from rig.emulation.scpi.engine import ScpiEngine
from rig.emulation.servers.tcp import Server
from rig.emulation.world.connections import Connections
from rig.emulation.world.contactor import Contactor
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.miswiring import MiswiredMeter, MiswiringRefused, parse_miswiring
from rig.emulation.world.physics import rms
from rig.emulation.world.safety_contacts import SafetyContacts
from rig.emulation.world.world import SourceOnBench, World

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
            since_s = _seconds(question, "late_since", -math.inf, math.inf, " of the monotonic clock")
            return {"late": self._late_spells(since_s)}
        if "sleep_s" in question:
            dt_s = _seconds(question, "sleep_s", 0.0, LONGEST_SLEEP_S, f" from 0 to {LONGEST_SLEEP_S:g}")
            left_s = self._world.spend(dt_s, _seconds(question, "within_s", 0.0, math.inf, ", 0 or more"))
            with self._world:
                answer = {"bench_time_s": self._world.now_s()}
            return answer | ({"left_s": left_s} if "within_s" in question else {})
        if "now" in question:
            with self._world:
                return {"bench_time_s": self._world.now_s()}
        raise Refused('ask {"sleep_s": SECONDS}, {"now": true} or {"late_since": SECONDS}')


class Control:
    """``{"status": true}`` tells what is at the terminals; ``{"fault": NAME, "value": ...}`` makes something go wrong.

    Faults: ``analyzer-disconnect``, ``source-disconnect`` (connections and port are gone for good),
    ``source-stuck-relay`` (value false mends it), both also with ``low-level-source`` where there is one, and every
    defect of the source with its value (``source-gain``, "+0.5%"). ``output_on`` is that of any source.
    ``{"control_power": {"meter": 0, "on": false}}`` and ``{"pulse": {"meter": 0, "closed": true}}`` work the
    terminals of a meter, 0 the first; see ``MeterTerminals`` for what else may be asked.
    ``{"miswired": {"meter": 0, "faults": ["ct-reversed=A"]}}`` changes the wires to a meter, an empty list mends them.
    ``{"connected": {"meter": 0, "on": false}}`` takes a meter's voltage and CT leads off; bus and control power stay.
    ``contactor-stuck-closed`` welds the contactor (value false mends it); ``contactor-bypass`` shuts its bypass.
    ``{"panel": 0}`` tells what the display of the first meter shows, ``{"key": [0, "ENTER"]}`` presses one of its keys
    (several in turn: ``[0, "PLUS", "PLUS"]``); both answer with lines, icons and the parts of the screen.
    ``{"interlock": {"closed": false}}`` opens the enclosure, ``{"emergency_stop": {"pressed": true}}`` presses it.
    """

    def __init__(
        self,
        world: World,
        source: SourceOnBench,
        servers: Mapping[str, Server],
        log: EventLog,
        meters: Sequence[MeterTerminals] = (),
        low_level_source: SourceOnBench | None = None,
        safety: SafetyContacts | None = None,
        contactor: Contactor | None = None,
        wires: Sequence[MiswiredMeter] = (),
        connections: Connections | None = None,
    ) -> None:
        self._wires = wires
        self._connections = connections or Connections()
        self._sources = {"source": source}
        if low_level_source is not None:
            self._sources["low-level-source"] = low_level_source
        self._meters = meters
        self._safety = safety or SafetyContacts()
        self._contactor = contactor or Contactor()
        self._world = world
        self._servers = {f"{name.replace('_', '-')}-disconnect": server for name, server in servers.items()}
        self._log = log

    def serve(self, question: dict[str, Any]) -> dict[str, Any]:
        """Answer one question."""
        if "status" in question:
            return self._status()
        if "fault" in question:
            name, value = question["fault"], question.get("value", True)
            self._fault(str(name), value)
            self._log.write("fault", name=name, value=value)
            return {"fault": name, "done": True}
        if "panel" in question or "key" in question:
            return self._panel(question)
        for name, work in (
            ("control_power", partial(self._work, MeterTerminals.set_control_power)),
            ("pulse", partial(self._work, MeterTerminals.set_pulse_input)),
            ("miswired", self._miswire),
            ("connected", self._connect),
            ("interlock", partial(self._work_safety, "closed", "is_shut")),
            ("emergency_stop", partial(self._work_safety, "pressed", "is_pressed")),
        ):
            if name in question:
                work(question[name])
                self._log.write(name, **question[name])
                return {name: question[name], "done": True}
        raise Refused(
            'ask {"status": true}, {"fault": NAME, "value": ...}, {"control_power": {...}}, {"pulse": {...}}, '
            '{"panel": METER}, {"key": [METER, KEY, ...]}, {"miswired": {...}}, {"connected": {...}}, '
            '{"interlock": {"closed": ...}} or '
            '{"emergency_stop": {"pressed": ...}}'
        )

    def _panel(self, question: dict[str, Any]) -> dict[str, Any]:
        """Press keys, where there are any, and return what the display then shows."""
        wanted = question.get("key", [question.get("panel")])
        if not isinstance(wanted, list) or not wanted or isinstance(wanted[0], bool):
            raise Refused('say {"key": [METER, KEY, ...]}')
        number, *words = wanted
        if number not in range(len(self._meters)):
            raise Refused(f"there is no such meter: there are {len(self._meters)}")
        try:
            keys = [key_named(str(word)) for word in words]
        except ValueError as error:
            raise Refused(str(error)) from error
        with self._world:
            panel = self._meters[number].panel
            for key in keys:
                panel.press(key)
            answer = {"panel": number, **panel.view().as_json()}
        if keys:
            self._log.write("key", meter=number, keys=keys, screen=answer["lines"])
        return answer

    def _work_safety(self, key: str, attribute: str, wanted: object) -> None:
        if not isinstance(wanted, dict) or wanted.keys() != {key} or not isinstance(wanted[key], bool):
            raise Refused(f'say {{"{key}": true}} or {{"{key}": false}}')
        with self._world:
            setattr(self._safety, attribute, wanted[key])

    def _connect(self, wanted: object) -> None:
        number = wanted.get("meter") if isinstance(wanted, dict) else None
        is_known = isinstance(number, int) and 0 <= number < len(self._meters)
        if not isinstance(wanted, dict) or not is_known or not isinstance(wanted.get("on"), bool):
            raise Refused(f'say which "meter" (there are {len(self._meters)}, 0 is the first) and whether "on"')
        with self._world:
            self._connections.work(wanted["meter"], wanted["on"])
            terminals = self._wires[wanted["meter"]]
            terminals.is_connected = wanted["on"]

    def _miswire(self, wanted: object) -> None:
        names = wanted.get("faults") if isinstance(wanted, dict) else None
        if (
            not isinstance(wanted, dict)
            or not isinstance(names, list)
            or wanted.get("meter") not in range(len(self._wires))
        ):
            raise Refused(f'say which "meter" (there are {len(self._wires)}, 0 is the first) and a list of "faults"')
        try:
            faults = tuple(parse_miswiring(str(name)) for name in names)
        except MiswiringRefused as refusal:
            raise Refused(str(refusal)) from refusal
        with self._world:
            self._wires[wanted["meter"]].faults = faults

    def _work(self, work: Callable[[MeterTerminals, dict[str, Any]], None], wanted: object) -> None:
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
        if name in self._servers:
            self._servers[name].close()
            return
        in_world = {
            **{f"{role}-stuck-relay": source.stick for role, source in self._sources.items()},
            "contactor-stuck-closed": self._contactor.stick,
            "contactor-bypass": self._contactor.bypass,
        }
        if name in in_world:
            with self._world:
                in_world[name](bool(value))
            return
        if not name.startswith("source-"):
            raise Refused(
                f"fault {name!r} is not known; known are {', '.join(self._servers)}, source-stuck-relay, "
                "contactor-stuck-closed, contactor-bypass and the source's defects"
            )
        try:
            defect = parse_defect(f"{name}={value}")
        except DefectRefused as refusal:
            raise Refused(str(refusal)) from refusal
        with self._world:
            add_gain_to(self._sources.values(), [defect])


def add_gain_to(sources: Iterable[SourceOnBench], defects: Iterable[Defect]) -> None:
    """Hand the sources' share of the defects to all of them: each takes what concerns its channels."""
    wanted = tuple(defects)
    for source in sources:
        apply_to_source(wanted, source.add_gain)


def _seconds(question: dict[str, Any], name: str, low: float, high: float, which: str) -> float:
    """Return a number of seconds, ``high`` where the question has none."""
    value = question.get(name, high)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Refused(f"{name} must be a number of seconds{which}")
    return float(value)


def _json(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode()
