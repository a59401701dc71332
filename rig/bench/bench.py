"""The bench, open: lock, launched process, guardian, clock, instruments and bus in order; closed in reverse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from drivers.analyzer import ANALYZERS, ReferenceAnalyzer
from drivers.climate import ClimateProbe
from drivers.instrument import Identity
from drivers.meter import MeterBus
from drivers.mstp.wire.adapter import latency_advice
from drivers.source import AcSource, CombinedSource, SafeOff
from drivers.switch import SwitchUnit
from rig.bench.as_found import look_at, said_of
from rig.bench.auxiliary.climate import SoakedChamber, open_chamber, open_probe
from rig.bench.auxiliary.switching import TimedPulses, contactor_of, open_switch, open_timed_pulses, safety_inputs
from rig.bench.clock import BenchClock, EndpointClock, WallClock
from rig.bench.config.files import BenchFile, load_bench
from rig.bench.config.off_parts import analyzer_for_note
from rig.bench.contactor import contactor_recipe
from rig.bench.discovery.listening import noted_endpoints
from rig.bench.instruments import UsedInstrument, used_instruments
from rig.bench.launch import LaunchedProcess
from rig.bench.lock import BenchHold, hold_bench
from rig.bench.meters import Position, find_meters, open_bus
from rig.bench.off import link_to_analyzer, safe_off_of, scpi_session
from rig.bench.protection import protection_text
from rig.bench.schema.bench import AnalyzerPart, LowLevelSourcePart
from rig.bench.simulated import is_simulated_bench
from rig.bench.sources import make_source
from rig.bench.wiring import Wiring
from rig.errors import UsageRefused
from rig.metrology.accuracy import ReferenceAccuracy
from rig.safety.contactor.proof import BenchContactor
from rig.safety.guardian.link import GuardianLink
from rig.safety.inhibit import suspend_inhibited
from rig.safety.inputs import SafetyInputs
from rig.safety.off import forget_open_bench, note_open_bench
from rig.safety.settling import SettlingLimits
from rig.safety.state import LAUNCHED_LOG, Opening
from rig.safety.supervisor import Supervisor
from rig.safety.told_once import Tell, told_once
from rig.safety.watch.alarm import SourceAlarm
from rig.safety.watch.identity import KnownInstrument
from rig.safety.watch.watchdog import SourceWatchdog


@dataclass(frozen=True)
class Bench:
    """An open bench. What a partial bench lacks is None, and empty for ``positions``.

    ``opening``: its files in the state folder. ``supervisor`` alone switches the source on; where the bench has a
    low-level source too, ``source`` is both as one (drivers.source.CombinedSource). ``launched``: the process that
    the bench file starts. ``switch`` works the other terminals of the first position's meter; ``timed``: pulses by
    what they work, ``pulse_input`` (a pulse is a closed contact) and ``control_power`` (a pulse is an interruption).
    ``climate_probe`` is beside the meter.
    ``safety_inputs``: interlock and emergency stop as the rig reads them. ``suspend_text``: whether the host may sleep.
    """

    file: BenchFile
    opening: Opening
    clock: BenchClock
    source: AcSource | None
    analyzer: ReferenceAnalyzer | None
    wiring: Wiring | None
    supervisor: Supervisor | None
    watchdog: SourceWatchdog
    guardian: GuardianLink | None
    bus: MeterBus | None
    positions: tuple[Position, ...]
    launched: LaunchedProcess | None
    _identities: dict[str, Identity]
    switch: SwitchUnit | None = None
    timed: Mapping[str, TimedPulses] = field(default_factory=dict)
    climate_probe: ClimateProbe | None = None
    chamber: SoakedChamber | None = None
    safety_inputs: SafetyInputs = field(default_factory=SafetyInputs.none)
    suspend_text: str = "suspend is not inhibited: nothing can be energised"
    not_as_found: tuple[str, ...] = ()
    """What an earlier run changed in a meter and did not put back, one sentence each."""

    @property
    def name(self) -> str:
        """The bench's name."""
        return self.file.name

    @property
    def accuracy(self) -> ReferenceAccuracy:
        """Accuracy of the reference; raises UsageRefused where there is none."""
        if self.file.parts.analyzer is None:
            raise UsageRefused(f"bench {self.name} has no analyzer, so nothing can be judged against a reference")
        return self.file.parts.analyzer.reference_accuracy

    @property
    def simulated(self) -> bool:
        """Whether readings come from an emulation, by the bench file or by the emulator's own mark."""
        return is_simulated_bench(self.file, self._identities)

    def tell_events(self, tell: Tell) -> None:
        """Report what the supervisor does to the outputs to ``tell``; that they are off is reported once."""
        if self.supervisor is not None:
            self.supervisor.on_event = told_once(tell)

    @property
    def protection_text(self) -> str:
        """What protects against outputs left on when both the rig and its guardian are gone."""
        return protection_text(self.file.parts, self.watchdog.delay_s)

    def instruments(self) -> tuple[UsedInstrument, ...]:
        """List the instruments for the record; a calibration that is None is not recorded."""
        return used_instruments(self.file.parts, self._identities)


@contextmanager
def open_bench(
    bench: BenchFile | str | Path,
    *,
    command: str | None = None,
    report: Callable[[str], None] = lambda _line: None,
    on_bus: Callable[[MeterBus], None] = lambda _bus: None,
    today: dt.date | None = None,
) -> Iterator[Bench]:
    """Open a bench and everything on it; on every way out the outputs are off and verified before the context ends.

    ``command``: what the bench is used for, shown to others that find it busy. ``report`` gets one line about each
    thing that happens; ``on_bus`` is given the bus as soon as it is open, before any meter is looked for. ``today``:
    the day on which calibrations are looked at, the host's date by default; none is refused here. Raises
    BenchBusy, BenchFileError, BenchFault, the drivers' errors; and SafeStateNotConfirmed at the end where it was not
    confirmed that the outputs are off.
    """
    file = bench if isinstance(bench, BenchFile) else load_bench(bench)
    with ExitStack() as stack:
        hold = stack.enter_context(hold_bench(file, command))
        opening, identities = hold.opening, hold.identities
        file, launched = _launch(file, hold, stack, report)
        guardian = _start_guardian(file, hold, launched, stack)
        watchdog = SourceWatchdog()
        stack.callback(watchdog.starve)
        alarm = SourceAlarm(report)
        stack.callback(alarm.close)
        progress = _Progress(guardian, watchdog, alarm)
        beat = progress.beat_and_look
        energising: list[Supervisor] = []

        def time_passes() -> None:
            beat()
            for each in energising:
                each.watch()

        clock = _make_clock(file, time_passes)
        stack.callback(clock.close)
        asked: list[KnownInstrument] = []
        source: AcSource | None = None
        analyzer: ReferenceAnalyzer | None = None
        recipes: tuple[SafeOff, ...] = ()
        if file.parts.source is not None:
            source, recipes = _open_source("source", file.parts.source, progress.beat, stack, identities)
            asked.append(KnownInstrument("source", source.identify, identities["source"]))
            low_level = file.parts.low_level_source
            if low_level is not None:
                below, more = _open_source("low_level_source", low_level, progress.beat, stack, identities)
                recipes += more
                asked.append(KnownInstrument("low level source", below.identify, identities["low_level_source"]))
                source = CombinedSource(source, below)
            watchdog.attach(source)
            recipes = tuple(replace(recipe, watchdog_s=watchdog.delay_s) for recipe in recipes)
        if file.parts.analyzer is not None:
            analyzer = _open_analyzer(file.parts.analyzer, clock, beat, stack, identities)
            asked.append(KnownInstrument("analyzer", analyzer.identify, identities["analyzer"]))
        wiring = Wiring.from_part(file.parts.wiring) if file.parts.wiring is not None else None
        switch = open_switch(file.parts.switch, file.parts.safety_inputs, clock, beat, stack, identities, report)
        inputs = safety_inputs(file.parts.safety_inputs, switch)
        timed = open_timed_pulses(file.parts.generator, file.parts.counter, clock, beat, stack, identities)
        probe = open_probe(file.parts.climate_probe, beat, stack, identities)
        chamber = open_chamber(file.parts.chamber, clock, beat, stack, identities)
        bus = open_bus(file, time_passes, stack)
        if bus is not None:
            progress.bus = bus
            on_bus(bus)
            if (advice := latency_advice(bus.settings.device)) is not None:
                report(f"bus: {advice}")
        positions = find_meters(file, bus, clock.sleep) if bus is not None else ()
        not_as_found = tuple(line for each in positions for line in said_of(each, look_at(each)))
        supervisor: Supervisor | None = None
        suspend = Bench.suspend_text
        if source is not None and guardian is not None:
            guardian.know(recipes, launched.pid if launched else None)
            works_contactor = contactor_recipe(file.parts.switch, identities.get("switch"))
            note_open_bench(
                opening,
                recipes,
                launched_pid=launched.pid if launched else None,
                guardian_pid=guardian.pid,
                bench_file=file.path,
                analyzer=analyzer_for_note(file.parts.analyzer),
                contactor=works_contactor.to_json() if works_contactor else None,
                simulated=file.parts.simulated,
            )
            stack.callback(_forget, opening, guardian)
            contactor = contactor_of(works_contactor, guardian)
            supervisor = _make_supervisor(
                file, source, analyzer, wiring, clock, guardian, recipes, watchdog, asked, inputs, alarm, contactor
            )
            if supervisor is not None:
                energising.append(supervisor)
                suspend = stack.enter_context(suspend_inhibited(f"bench {file.name} is open"))
                supervisor.on_event = told_once(lambda kind, text: report(f"{kind}: {text}"))
                stack.callback(_make_safe, supervisor, guardian)
                analyzer = supervisor.analyzer
        opened = Bench(
            file,
            opening,
            clock,
            source,
            analyzer,
            wiring,
            supervisor,
            watchdog,
            guardian,
            bus,
            positions,
            launched,
            identities,
            switch,
            timed,
            probe,
            chamber,
            inputs,
            suspend,
            not_as_found,
        )
        for line in not_as_found:
            report(line)
        day = today or dt.date.today()
        for used in opened.instruments():
            calibration = f"; calibration {used.calibration_state(day).text}" if used.needs_calibration else ""
            report(f"{used.role.replace('_', ' ')}: {used.identity}{calibration}")
        if opened.simulated and not file.parts.simulated:
            report("SIMULATED: an instrument of this bench is emulated by a process of this host")
        report(opened.protection_text)
        report(inputs.text)
        report(opened.suspend_text)
        if inputs.are_wired:
            report(f"interlock: now {inputs.read().found}")
        yield opened


class _Progress:
    """What everything on the bench calls when it has made progress; may raise: see GuardianLink and SourceWatchdog."""

    def __init__(self, guardian: GuardianLink | None, watchdog: SourceWatchdog, alarm: SourceAlarm) -> None:
        self._guardian = guardian
        self._watchdog = watchdog
        self._alarm = alarm
        self.bus: MeterBus | None = None

    def beat(self) -> None:
        """Tell the guardian."""
        if self._guardian is not None:
            self._guardian.beat()

    def beat_and_look(self) -> None:
        """Tell the guardian; while outputs may be on, see to it as well that source and bus are still there."""
        self.beat()
        if self._guardian is not None and self._guardian.is_watching:
            self._watchdog.look(self._guardian.off_by, self._alarm)
            if self.bus is not None:
                self.bus.raise_if_ended()


def _launch(
    file: BenchFile, hold: BenchHold, stack: ExitStack, report: Callable[[str], None]
) -> tuple[BenchFile, LaunchedProcess | None]:
    part = file.parts.launch
    if part is None:
        return file, None
    process = LaunchedProcess(file.launch_argv(), part.ready_timeout_s, hold.opening.file(LAUNCHED_LOG))
    stack.callback(process.close)
    stack.enter_context(noted_endpoints(hold.opening, process.endpoints))
    report(f"launched process {process.pid} is ready")
    file = file.with_endpoints(process.endpoints)
    hold.lock_endpoints(file)
    return file, process


def _start_guardian(
    file: BenchFile, hold: BenchHold, launched: LaunchedProcess | None, stack: ExitStack
) -> GuardianLink | None:
    if file.parts.source is None:
        return None
    lifeline = [launched.lifeline] if launched is not None and launched.lifeline is not None else []
    guardian = GuardianLink.start(hold.opening, inherit=lifeline)
    stack.callback(guardian.close)
    hold.hand_on_to(guardian)
    return guardian


def _make_clock(file: BenchFile, beat: Callable[[], None]) -> BenchClock:
    endpoint = file.parts.clock.endpoint
    return WallClock(beat) if endpoint is None else EndpointClock(endpoint, beat)


def _open_source(
    role: str,
    part: LowLevelSourcePart,
    beat: Callable[[], None],
    stack: ExitStack,
    identities: dict[str, Identity],
) -> tuple[AcSource, tuple[SafeOff, ...]]:
    session = scpi_session(part, beat)
    source = make_source(part, session)
    stack.callback(source.close)
    identities[role] = source.identify()
    return source, safe_off_of(source, part, identities[role], session.identification)


def _open_analyzer(
    part: AnalyzerPart,
    clock: BenchClock,
    beat: Callable[[], None],
    stack: ExitStack,
    identities: dict[str, Identity],
) -> ReferenceAnalyzer:
    analyzer = ANALYZERS[part.driver](link_to_analyzer(part, beat), clock.sleep, update_s=part.update_s)
    stack.callback(analyzer.close)
    identities["analyzer"] = analyzer.identify()
    analyzer.configure()
    return analyzer


def _make_supervisor(
    file: BenchFile,
    source: AcSource,
    analyzer: ReferenceAnalyzer | None,
    wiring: Wiring | None,
    clock: BenchClock,
    guardian: GuardianLink,
    recipes: tuple[SafeOff, ...],
    watchdog: SourceWatchdog,
    instruments: Sequence[KnownInstrument],
    inputs: SafetyInputs,
    alarm: SourceAlarm,
    contactor: BenchContactor | None,
) -> Supervisor | None:
    """Make the supervisor; None where no position says what the source may be connected to."""
    parts = file.parts
    if wiring is None or parts.nominal is None or parts.source is None or not parts.positions:
        return None
    settling = parts.settling
    return Supervisor(
        source=source,
        analyzer=analyzer,
        path=wiring,
        clock=clock,
        guardian=guardian,
        # Positions share the voltage: the bench file's checks see to it that each type has this rating.
        rating=file.meter_types[parts.positions[0].meter_type].ratings[parts.nominal.rating],
        safe_off=recipes,
        watchdog=watchdog,
        instruments=instruments,
        inputs=inputs,
        contactor=contactor,
        answer_s=parts.source.answer_s,
        alarm=alarm,
        ramp_s=parts.source.ramp_s,
        settling=SettlingLimits(
            sets=settling.sets,
            std_pct=settling.std_pct,
            drift_pct=settling.drift_pct,
            floor_pct=settling.floor_pct,
            phase_deg=settling.phase_deg,
            frequency_hz=settling.frequency_hz,
            timeout_s=settling.timeout_s,
        ),
    )


def _make_safe(supervisor: Supervisor, guardian: GuardianLink) -> None:
    """Switch off what is, or may be, on; where that is not confirmed the guardian stays armed and goes on trying."""
    if guardian.armed or supervisor.load_point is not None:
        supervisor.de_energise().raise_if_not_confirmed()


def _forget(opening: Opening, guardian: GuardianLink) -> None:
    if not guardian.armed:
        forget_open_bench(opening)
