"""What opening a bench is made of: the process it starts, guardian, clock, sources, analyzer, and what ends safe."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from drivers.analyzer import ANALYZERS, ReferenceAnalyzer
from drivers.instrument import Identity
from drivers.meter import MeterBus
from drivers.mstp.events import LineLost, LineRestored
from drivers.source import AcSource, CombinedSource, SafeOff
from rig.bench.auxiliary.switching import contactor_of
from rig.bench.clock import BenchClock, EndpointClock, WallClock
from rig.bench.config.files import BenchFile
from rig.bench.config.off_parts import analyzer_for_note
from rig.bench.contactor import contactor_recipe
from rig.bench.discovery.listening import noted_endpoints
from rig.bench.launch import LaunchedProcess
from rig.bench.lock import BenchHold
from rig.bench.off import link_to_analyzer, safe_off_of, scpi_session
from rig.bench.schema.bench import AnalyzerPart, LowLevelSourcePart
from rig.bench.sources import make_source
from rig.events import AdapterLost, AdapterRestored, Events, ProcessLaunched
from rig.safety.contactor.proof import BenchContactor
from rig.safety.guardian.link import GuardianLink
from rig.safety.off import forget_open_bench, note_open_bench
from rig.safety.state import LAUNCHED_LOG, Opening
from rig.safety.supervisor import Supervisor
from rig.safety.watch.alarm import SourceAlarm
from rig.safety.watch.identity import KnownInstrument
from rig.safety.watch.watchdog import SourceWatchdog


class Progress:
    """What everything on the bench calls when it has made progress; may raise: see GuardianLink and SourceWatchdog."""

    def __init__(self, guardian: GuardianLink | None, events: Events, stack: ExitStack) -> None:
        self._guardian = guardian
        self._events = events
        self.watchdog, self.alarm = SourceWatchdog(), SourceAlarm(events)
        stack.callback(self.watchdog.starve)
        stack.callback(self.alarm.close)
        self.bus: MeterBus | None = None
        self.supervisor: Supervisor | None = None
        self._is_adapter_lost = False

    def beat(self) -> None:
        """Tell the guardian."""
        if self._guardian is not None:
            self._guardian.beat()

    def beat_and_look(self) -> None:
        """Tell the guardian; while outputs may be on, see to it as well that source and bus are still there."""
        self.beat()
        if self._guardian is not None and self._guardian.is_watching:
            self.watchdog.look(self._guardian.off_by, self.alarm)
            if self.bus is not None:
                self.bus.raise_if_ended()

    def time_passes(self) -> None:
        """As ``beat_and_look``; judge what is energised, and while the adapter is awaited how long it may last."""
        self.beat_and_look()
        if self.supervisor is not None:
            self.supervisor.watch()
            if self._is_adapter_lost:
                self.supervisor.check_time()

    def note_line(self, event: LineLost | LineRestored) -> None:
        """Publish that the RS-485 adapter went, or is back."""
        self._is_adapter_lost = isinstance(event, LineLost)
        if isinstance(event, LineLost):
            self._events.publish(AdapterLost(event.reason))
        else:
            self._events.publish(AdapterRestored(event.lost_s))


def launch(
    file: BenchFile, hold: BenchHold, stack: ExitStack, events: Events
) -> tuple[BenchFile, LaunchedProcess | None]:
    """Start the process that the file names; returns the file with its endpoints."""
    part = file.parts.launch
    if part is None:
        return file, None
    process = LaunchedProcess(file.launch_argv(), part.ready_timeout_s, hold.opening.file(LAUNCHED_LOG))
    stack.callback(process.close)
    stack.enter_context(noted_endpoints(hold.opening, process.endpoints))
    events.publish(ProcessLaunched(process.pid))
    file = file.with_endpoints(process.endpoints)
    hold.lock_endpoints(file)
    return file, process


def start_guardian(
    file: BenchFile, hold: BenchHold, launched: LaunchedProcess | None, stack: ExitStack
) -> GuardianLink | None:
    """Start the guardian where the bench has a source."""
    if file.parts.source is None:
        return None
    lifeline = [launched.lifeline] if launched is not None and launched.lifeline is not None else []
    guardian = GuardianLink.start(hold.opening, inherit=lifeline)
    stack.callback(guardian.close)
    hold.hand_on_to(guardian)
    return guardian


def make_clock(file: BenchFile, beat: Callable[[], None], stack: ExitStack) -> BenchClock:
    """Make the clock in which the bench spends time; ``beat`` is called meanwhile."""
    endpoint = file.parts.clock.endpoint
    clock: BenchClock = WallClock(beat) if endpoint is None else EndpointClock(endpoint, beat)
    stack.callback(clock.close)
    return clock


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


def open_analyzer(
    part: AnalyzerPart | None,
    clock: BenchClock,
    beat: Callable[[], None],
    stack: ExitStack,
    identities: dict[str, Identity],
) -> ReferenceAnalyzer | None:
    """Open the analyzer, and configure it; None where the bench has none."""
    if part is None:
        return None
    analyzer = ANALYZERS[part.driver](link_to_analyzer(part, beat), clock.sleep, update_s=part.update_s)
    stack.callback(analyzer.close)
    identities["analyzer"] = analyzer.identify()
    analyzer.configure()
    return analyzer


@dataclass(frozen=True)
class OpenSources:
    """The sources as one, None where the bench has none; how each is switched off; who was asked."""

    source: AcSource | None
    recipes: tuple[SafeOff, ...]
    asked: tuple[KnownInstrument, ...]


def open_sources(file: BenchFile, progress: Progress, stack: ExitStack, identities: dict[str, Identity]) -> OpenSources:
    """Open the source, and the low-level source where there is one; the watchdog is that of both as one."""
    part, low_level = file.parts.source, file.parts.low_level_source
    if part is None:
        return OpenSources(None, (), ())
    source, recipes = _open_source("source", part, progress.beat, stack, identities)
    asked = [KnownInstrument("source", source.identify, identities["source"])]
    if low_level is not None:
        below, more = _open_source("low_level_source", low_level, progress.beat, stack, identities)
        recipes += more
        asked.append(KnownInstrument("low level source", below.identify, identities["low_level_source"]))
        source = CombinedSource(source, below)
    progress.watchdog.attach(source)
    delay_s = progress.watchdog.delay_s
    return OpenSources(source, tuple(replace(recipe, watchdog_s=delay_s) for recipe in recipes), tuple(asked))


def note_for_off(
    file: BenchFile,
    hold: BenchHold,
    launched: LaunchedProcess | None,
    guardian: GuardianLink,
    recipes: tuple[SafeOff, ...],
    stack: ExitStack,
) -> BenchContactor | None:
    """Give guardian and ``rig off`` what they need to switch this bench off; returns its contactor."""
    pid = launched.pid if launched else None
    guardian.know(recipes, pid)
    works_contactor = contactor_recipe(file.parts.switch, hold.identities.get("switch"))
    note_open_bench(
        hold.opening,
        recipes,
        launched_pid=pid,
        guardian_pid=guardian.pid,
        bench_file=file.path,
        analyzer=analyzer_for_note(file.parts.analyzer),
        contactor=works_contactor.to_json() if works_contactor else None,
        simulated=file.parts.simulated,
    )
    stack.callback(_forget, hold.opening, guardian)
    return contactor_of(works_contactor, guardian)


def make_safe(supervisor: Supervisor, guardian: GuardianLink) -> None:
    """Switch off what is, or may be, on; where that is not confirmed the guardian stays armed and goes on trying."""
    if guardian.armed or supervisor.load_point is not None:
        supervisor.de_energise().raise_if_not_confirmed()


def _forget(opening: Opening, guardian: GuardianLink) -> None:
    if not guardian.armed:
        forget_open_bench(opening)
