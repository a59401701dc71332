"""The emulated bench as a whole: world, instruments, meters, bus and servers, built from options and taken down."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from drivers.mstp.process.lateness import LateSpell
from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.device.panel_settings import PANEL_BAUD_RATES, PanelSettings
from meter_model.sampled.sampling import UnitErrors
from rig.emulation.analyzers.arithmetic import AnalyzerErrors
from rig.emulation.auxiliary.climate import climate_instruments
from rig.emulation.auxiliary.switching import switching_instruments
from rig.emulation.bus.fault_settings import FaultSettings
from rig.emulation.bus.process import HubLink, HubProcess
from rig.emulation.defects.library import (
    Defect,
    behaviour_of,
    disturbance_of,
    panel_defects_of,
    pickup_pct,
    profile_of,
    services_of,
    with_behaviour_defects,
    with_defects,
)
from rig.emulation.defects.panel import panel_with
from rig.emulation.defects.services import with_apdu_defects
from rig.emulation.instruments import (
    ANALYZERS,
    LOW_LEVEL_SOURCES,
    SOURCES,
    EmulatedAnalyzer,
    EmulatedSource,
    Engine,
    serve,
)
from rig.emulation.meter.application.server import Answering
from rig.emulation.meter.memory import MemoryFile, Saver
from rig.emulation.meter.node import MeterNodes
from rig.emulation.meter.terminals import MeterTerminals
from rig.emulation.meter.units import drawn_configuration, generator_of, use
from rig.emulation.servers.control import Clock, Control, JsonHandler, add_gain_to
from rig.emulation.servers.tcp import LineServer
from rig.emulation.sources.fluke_6105a import FlukeSource
from rig.emulation.sources.merged import MergedSource
from rig.emulation.sources.output import SourceErrors
from rig.emulation.world.air import ROOM_C, Air
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.connections import Connections
from rig.emulation.world.contactor import Contactor
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.miswiring import MiswiredMeter, Miswiring
from rig.emulation.world.physics import CurrentLoop, Wiring
from rig.emulation.world.safety_contacts import SafetyContacts
from rig.emulation.world.surroundings import Surroundings
from rig.emulation.world.world import Source, World
from rig.simulation_mark import SimulationMarks

_INSTANCES = (1_000_000, 3_097_151)
"""Device instances that meters leave the factory with (S4100 manual, factory settings)."""

_IDEAL_DIGITS = 12
METER_PORTS = 2
"""Ports of a bus that are taken: the rig's, and the one on which all of its meters are."""

_USAGE_DELAY_S = 0.008
"""How long meters on ports of their own wait before they send: many rings that turn at full speed are more than two
cores can serve in time."""


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen about an emulated bench; ``mac`` is the first meter's, the others follow.

    ``ct_secondary`` (1 or 3) is physical: which input impedance loads the dividers, and what the meters are set to.
    ``source``, ``low_level_source`` (None: none) and ``analyzer``: names in the registries of ``instruments``.
    ``current_loop_turns``: real transformers, with the primary of the meters' configuration, in place of dividers.
    ``has_amplifier``: a 52120A on each phase of a Fluke 6105A. ``room_c``: degrees Celsius of the air in the room.
    ``is_ideal``: no noise and no errors anywhere, and answers of the analyzer with more digits. ``state``: folder of
    the meters' non-volatile memory, None to begin with new meters each time. ``ports_each``: each meter is alone on a
    bus of its own, and all have the MAC ``mac`` and the same configuration, as they leave the factory; faults of the
    bus are then on the first meter's.
    ``source_model``, ``analyzer_model``: of ``instruments.MODELS`` (None: the first).
    """

    seed: int = 1
    meters: int = 1
    spare_ports: int = 0
    ports_each: bool = False
    baud: int = 76800
    mac: int = 1
    max_master: int = 127
    defects: tuple[Defect, ...] = ()
    bus_faults: FaultSettings = field(default_factory=FaultSettings)
    divider_ratio: float = 8.0
    current_loop_turns: float | None = None
    has_amplifier: bool = False
    ct_secondary: int = 1
    is_ideal: bool = False
    is_paced: bool = True
    log: Path | None = None
    state: Path | None = None
    configuration: Configuration = field(default_factory=Configuration)
    source: str = "fluke_6105a"
    low_level_source: str | None = None
    analyzer: str = "yokogawa_wt"
    source_model: str | None = None
    analyzer_model: str | None = None
    room_c: float = ROOM_C
    miswired: tuple[Miswiring, ...] = ()
    """Wires between the bench and a meter that are wrong; the analyzer's are right."""


class EmulatedBench:
    """Everything, built and serving from construction to ``close()``; ``endpoints`` is what the JSON line says."""

    def __init__(self, options: Options) -> None:
        with ExitStack() as stack:
            self._build(options, stack)
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving, leave the bus, end the hub. Idempotent."""
        self._stack.close()

    def _build(self, options: Options, stack: ExitStack) -> None:
        time = BenchTime()
        wiring = Wiring(
            options.meters,
            options.ct_secondary,
            options.divider_ratio,
            loop=_loop(options),
            pickup_pct=pickup_pct(options.defects),
        )
        world = self.world = World(time, wiring)
        log = EventLog(options.log or _temporary_log(stack), time.now_s)
        stack.callback(log.close)
        stack.callback(world.close)
        sources, driving = self._sources(options, log)
        analyzer = self._analyzer(options, log)
        self.meters = [_meter(options, number, stack) for number in range(1, options.meters + 1)]
        terminals = [
            MeterTerminals(meter, world.now_s, panel_with(meter, panel_defects_of(options.defects, number)))
            for number, meter in enumerate(self.meters, 1)
        ]
        self.wires = [
            MiswiredMeter(terminal, partial(_voltage_terminals, meter), _of_meter(options.miswired, number))
            for number, (terminal, meter) in enumerate(zip(terminals, self.meters, strict=True), 1)
        ]
        world.attach(driving, [*self.wires, analyzer])
        if options.state is not None:
            stack.enter_context(Saver(self.meters, world))
        ports, buses = METER_PORTS + options.spare_ports, max(1, options.meters) if options.ports_each else 1
        hub = stack.enter_context(HubProcess(ports, options.baud, not options.is_paced, options.bus_faults, buses))
        nodes = self._nodes(options, hub, terminals, stack)
        connections = Connections([disturbance_of(options.defects, number) for number in range(1, options.meters + 1)])
        world.connect(connections)
        safety = SafetyContacts()
        contactor = Contactor(log.write)
        world.put_behind(contactor)
        climate = climate_instruments(Air(options.room_c), options.seed, options.is_ideal, world, log)
        engines: dict[str, Engine] = {
            **{role: each.engine for role, each in sources.items()},
            "analyzer": analyzer.engine,
            **switching_instruments(terminals, options.seed, options.is_ideal, world, log, safety, contactor),
            "climate_probe": climate.probe,
            "chamber": climate.chamber,
        }
        servers = {role: serve(engine, world, role) for role, engine in engines.items()}
        control_door = Control(
            world,
            self.source,
            servers,
            log,
            terminals,
            sources.get("low_level_source"),
            safety,
            contactor,
            self.wires,
            connections,
        )
        clock = LineServer(JsonHandler(Clock(world, partial(_late_spells, hub, nodes)).serve), "clock")
        control = LineServer(JsonHandler(control_door.serve), "control")
        for close in (*(each.close for each in servers.values()), clock.close, control.close):
            stack.callback(close)
        doors = [f"tcp://127.0.0.1:{port}" for port in (clock.port, control.port)]
        reached = [server.endpoint for server in servers.values()]
        _mark([*reached, *doors, *hub.ports], engines, stack)
        world.start()
        # Whether anybody had switched the source off before the bench went away is what a safety test wants to know.
        stack.callback(lambda: log.write("end", output_on=any(each.output.is_on for each in sources.values())))
        log.write(
            "ready",
            seed=options.seed,
            meters=options.meters,
            defects=[str(one) for one in options.defects],
            bus_faults=options.bus_faults.as_json(),
        )
        self.endpoints: dict[str, Any] = {
            **{role: server.endpoint for role, server in servers.items()},
            **dict(zip(("clock", "control"), doors, strict=True)),
            **_of_bus(nodes[0].baud if nodes else options.baud, hub, self.meters),
            "log": str(log.path),
        }

    def _sources(self, options: Options, log: EventLog) -> tuple[dict[str, EmulatedSource], Source]:
        """Make the sources by their roles, and what they are to the world together."""
        numbers = generator_of(options.seed, 0x10)

        def drawn(index: int) -> Surroundings[SourceErrors]:
            seed = options.seed + index
            errors = SourceErrors() if options.is_ideal else SourceErrors.drawn_from(seed)
            number = f"{numbers.integers(10**8, 10**9)}"
            return Surroundings(errors=errors, seed=seed, world=self.world, log=log, serial_number=number)

        driving: Source
        driving = source = self.source = SOURCES[options.source](drawn(0), **_model(options.source_model))
        if options.has_amplifier and isinstance(source, FlukeSource):
            source.fit_amplifier()
        sources: dict[str, EmulatedSource] = {"source": source}
        if options.low_level_source is not None:
            low_level_source = LOW_LEVEL_SOURCES[options.low_level_source](drawn(1))
            sources["low_level_source"] = low_level_source
            driving = MergedSource(source, low_level_source)
        add_gain_to(sources.values(), options.defects)
        return sources, driving

    def _analyzer(self, options: Options, log: EventLog) -> EmulatedAnalyzer:
        errors = AnalyzerErrors() if options.is_ideal else AnalyzerErrors.drawn_from(options.seed)
        self.analyzer = ANALYZERS[options.analyzer](
            Surroundings(errors=errors, seed=options.seed, world=self.world, log=log),
            **({"digits": _IDEAL_DIGITS} if options.is_ideal else {}),
            **_model(options.analyzer_model),
        )
        return self.analyzer

    def _nodes(
        self, options: Options, hub: HubProcess, terminals: Sequence[MeterTerminals], stack: ExitStack
    ) -> list[MeterNodes]:
        """Put the meters on their buses: all on one, or each on its own."""
        numbers = list(range(1, len(self.meters) + 1))
        on_bus = [[number] for number in numbers] if options.ports_each else [numbers] if numbers else []
        made = []
        for bus, together in enumerate(on_bus):
            nodes = MeterNodes(
                [self.meters[number - 1] for number in together],
                hub.ports_by_bus[bus][1],
                options.baud,
                options.max_master,
                self.world,
                self.world.now_s,
                partial(_answering, options.defects, together),
                _USAGE_DELAY_S if len(on_bus) > 1 else 0.0,
                partial(_set_baud, hub, bus),
            )
            stack.callback(nodes.close)
            nodes.start()
            made.append(nodes)
            for place, number in enumerate(together):
                terminals[number - 1].on_powered = partial(nodes.set_online, place)
        return made


def _answering(defects: Sequence[Defect], together: Sequence[int], place: int, server: Answering) -> Answering:
    """Return the server of one of the meters on a bus with the defects of its services."""
    return with_apdu_defects(server, services_of(defects, together[place]))


def _set_baud(hub: HubProcess, bus: int, baud: int) -> None:
    with HubLink(hub.endpoint, bus) as link:
        link.set_baud(baud)


def _voltage_terminals(meter: S4100) -> str:
    """The voltage terminals that a meter uses in the system type that it is set to."""
    return {10: "AN", 11: "AB", 12: "ABN", 31: "ABC"}.get(meter.configuration.system_type, "ABCN")


def _of_meter(faults: Iterable[Miswiring], number: int) -> list[Miswiring]:
    return [each for each in faults if each.meter in (None, number)]


def _panel_settings(options: Options, number: int) -> PanelSettings:
    """Return what the panel of meter ``number`` was set to; a rate that it does not have is the bus's alone."""
    mac = options.mac if options.ports_each else options.mac + number - 1
    return PanelSettings(mac, options.baud) if options.baud in PANEL_BAUD_RATES else PanelSettings(mac)


def _mark(endpoints: Iterable[str], engines: Mapping[str, Engine], stack: ExitStack) -> None:
    """Mark everything that can be reached as emulated, while the bench is there."""
    marks = SimulationMarks()
    stack.callback(marks.close)
    for endpoint in endpoints:
        marks.mark_endpoint(endpoint)
    for engine in engines.values():
        if (identity := getattr(engine, "identity", None)) is not None:
            marks.mark_identity(identity)


def _of_bus(baud: int, hub: HubProcess, meters: Sequence[S4100]) -> dict[str, Any]:
    return {
        "bus": hub.ports[0],
        "buses": [ports[0] for ports in hub.ports_by_bus],
        "bus_ports": [port for ports in hub.ports_by_bus for port in ports[METER_PORTS:]],
        "baud": baud,
        "meters": [
            {
                "mac": meter.communications[0],
                "device_instance": meter.device_instance,
                "serial_number": meter.serial_number,
            }
            for meter in meters
        ],
        "hub": hub.endpoint,
    }


def _model(name: str | None) -> dict[str, Any]:
    """Return the argument that chooses a model, none where the first will do."""
    return {} if name is None else {"model": name}


def _loop(options: Options) -> CurrentLoop | None:
    if options.current_loop_turns is None:
        return None
    loop = CurrentLoop(options.current_loop_turns, options.configuration.ct_primary_a)
    return replace(loop, ratio_error=0.0) if options.is_ideal else loop


def _meter(options: Options, number: int, stack: ExitStack) -> S4100:
    """Return one meter with its identity and errors, and with what it remembers or a few kilowatt-hours."""
    generator = generator_of(options.seed, 0x20, number)
    unit_seed = int(generator.integers(2**31))
    errors = UnitErrors.none() if options.is_ideal else UnitErrors.drawn_from(unit_seed)
    is_as_given = number == 1 or options.ports_each
    configuration = (
        options.configuration if is_as_given else drawn_configuration(options.configuration, options.seed, number)
    )
    serial_number = f"{generator.integers(10**9, 10**10)}"
    memory = MemoryFile(options.state, serial_number) if options.state is not None else None
    if memory is not None:
        stack.callback(memory.close)
    meter = S4100(
        serial_number=serial_number,
        device_instance=int(generator.integers(_INSTANCES[0], _INSTANCES[1], endpoint=True)),
        configuration=configuration,
        errors=with_defects(errors, options.defects, number),
        profile=profile_of(options.defects, number),
        seed=unit_seed,
        memory_image=memory.image if memory is not None else b"",
        memory_sink=memory.write if memory is not None else None,
        panel_settings=_panel_settings(options, number),
    )
    meter.write("DE", meter.device_instance, "max-master", options.max_master)
    if not meter.has_history:
        use(meter, 1.0 if options.ct_secondary == 1 else 1.0 / 3.0, generator)
    return with_behaviour_defects(meter, behaviour_of(options.defects, number))


def _temporary_log(stack: ExitStack) -> Path:
    """Return the path of a log that goes with the bench; ``stack`` removes its folder."""
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="s4100-bench-", ignore_cleanup_errors=True))
    return Path(folder) / "events.jsonl"


def _late_spells(hub: HubProcess, nodes: Sequence[MeterNodes], since_s: float) -> list[LateSpell]:
    """When the hub or a process of the meters' nodes was late after ``since_s`` of the monotonic clock."""
    with HubLink(hub.endpoint) as link:
        late = link.late_spells(since_s)
    return sorted([*late, *(spell for each in nodes for spell in each.late_spells(since_s))])
