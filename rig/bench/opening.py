"""What opening a bench is made of: the process it starts, guardian, clock, sources, analyzer, and what ends safe."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from drivers.analyzer.base import ReferenceAnalyzer
from drivers.meter.bus import MeterBus
from drivers.mstp.events import LineLost, LineRestored
from drivers.source.base import AcSource, SafeOff
from drivers.source.shared.combined import CombinedSource
from rig.bench.clock import BenchClock, EndpointClock, WallClock
from rig.bench.config.files import BenchFile
from rig.bench.config.off_parts import analyzer_for_note
from rig.bench.contactor import contactor_recipe
from rig.bench.drivers import Opener, make_source, scpi_session
from rig.bench.launch import LaunchedProcess, launched
from rig.bench.lock import BenchHold
from rig.bench.off import safe_off_of
from rig.events import AdapterLost, AdapterRestored, Events, ProcessLaunched
from rig.safety.contactor.link import ContactorLink
from rig.safety.contactor.proof import BenchContactor
from rig.safety.guardian.link import GuardianLink
from rig.safety.off import forget_open_bench, note_open_bench
from rig.safety.state import Opening
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
        self.buses: tuple[MeterBus, ...] = ()
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
            if len(self.buses) == 1:  # of several, one that ends is that of one position
                self.buses[0].raise_if_ended()

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
    if file.parts.launch is None:
        return file, None
    file, process = stack.enter_context(launched(file, hold))
    events.publish(ProcessLaunched(process.pid))
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


def _open_source(role: str, opener: Opener, beat: Callable[[], None]) -> tuple[AcSource, tuple[SafeOff, ...]]:
    part = getattr(opener.parts, role)
    session = scpi_session(part, beat)
    source: AcSource = opener.take(role, make_source(part, session))
    return source, safe_off_of(source, part, opener.identities[role], session.identification)


def open_analyzer(opener: Opener) -> ReferenceAnalyzer | None:
    """Open the analyzer, and configure it; None where the bench has none."""
    analyzer: ReferenceAnalyzer | None = opener.open("analyzer")
    if analyzer is not None:
        analyzer.configure()
    return analyzer


@dataclass(frozen=True)
class OpenSources:
    """The sources as one, None where the bench has none; how each is switched off; who was asked."""

    source: AcSource | None
    recipes: tuple[SafeOff, ...]
    asked: tuple[KnownInstrument, ...]


def open_sources(opener: Opener, progress: Progress) -> OpenSources:
    """Open the source, and the low-level source where there is one; the watchdog is that of both as one."""
    if opener.parts.source is None:
        return OpenSources(None, (), ())
    identities = opener.identities
    source, recipes = _open_source("source", opener, progress.beat)
    asked = [KnownInstrument("source", source.identify, identities["source"])]
    if opener.parts.low_level_source is not None:
        below, more = _open_source("low_level_source", opener, progress.beat)
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
    return None if works_contactor is None else BenchContactor(ContactorLink(guardian, works_contactor))


def make_safe(supervisor: Supervisor, guardian: GuardianLink) -> None:
    """Switch off what is, or may be, on; where that is not confirmed the guardian stays armed and goes on trying."""
    if guardian.armed or supervisor.load_point is not None:
        supervisor.de_energise().raise_if_not_confirmed()


def _forget(opening: Opening, guardian: GuardianLink) -> None:
    if not guardian.armed:
        forget_open_bench(opening)
