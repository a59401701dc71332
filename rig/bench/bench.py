"""The bench, open: lock, launched process, guardian, clock, instruments and bus in order; closed in reverse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from drivers.analyzer.base import ReferenceAnalyzer
from drivers.climate.base import ClimateProbe
from drivers.instrument import Identity
from drivers.meter.bus import MeterBus
from drivers.mstp.wire.adapter import latency_advice
from drivers.source.base import AcSource, SafeOff
from drivers.switch.base import SwitchUnit
from rig.bench.as_found import look_at, said_of
from rig.bench.auxiliary.climate import SoakedChamber, open_chamber, open_probe
from rig.bench.auxiliary.switching import TimedPulses, open_switch, open_timed_pulses, safety_inputs
from rig.bench.clock import BenchClock
from rig.bench.config.files import BenchFile, load_bench
from rig.bench.drivers import Opener
from rig.bench.instruments import UsedInstrument, used_instruments
from rig.bench.launch import LaunchedProcess
from rig.bench.lock import hold_bench
from rig.bench.meters import Absent, Position, find_present
from rig.bench.opening import (
    Progress,
    launch,
    make_clock,
    make_safe,
    note_for_off,
    open_analyzer,
    open_sources,
    start_guardian,
)
from rig.bench.positions.buses import open_buses
from rig.bench.protection import protection_text
from rig.bench.simulated import is_simulated_bench
from rig.bench.wiring import Wiring
from rig.errors import UsageRefused
from rig.events import BusOpened, Events, Stated
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.corrections.accuracy import with_paths
from rig.safety.contactor.proof import BenchContactor
from rig.safety.energise import Supervised
from rig.safety.guardian.link import GuardianLink
from rig.safety.inhibit import suspend_inhibited
from rig.safety.inputs import SafetyInputs
from rig.safety.state import Opening
from rig.safety.supervisor import Supervisor
from rig.safety.watch.alarm import SourceAlarm
from rig.safety.watch.identity import KnownInstrument
from rig.safety.watch.watchdog import SourceWatchdog


@dataclass(frozen=True)
class Bench:
    """An open bench. What a partial bench lacks is None, and empty for ``positions``.

    ``bus``: the first of ``buses``, the only one unless positions have ports of their own. ``absent``: positions whose
    meter does not answer, where others do.

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
    events: Events
    _identities: dict[str, Identity]
    switch: SwitchUnit | None = None
    timed: Mapping[str, TimedPulses] = field(default_factory=dict)
    climate_probe: ClimateProbe | None = None
    chamber: SoakedChamber | None = None
    safety_inputs: SafetyInputs = field(default_factory=SafetyInputs.none)
    suspend_text: str = "suspend is not inhibited: nothing can be energised"
    buses: tuple[MeterBus, ...] = ()
    absent: tuple[Absent, ...] = ()
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
        return with_paths(self.file.parts.analyzer.reference_accuracy, self.wiring.corrections if self.wiring else None)

    @property
    def simulated(self) -> bool:
        """Whether readings come from an emulation, by the bench file or by the emulator's own mark."""
        return is_simulated_bench(self.file, self._identities)

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
    events: Events | None = None,
    on_time: Callable[[bool], None] = lambda _goes_down: None,
    today: dt.date | None = None,
    all_may_be_absent: bool = False,
) -> Iterator[Bench]:
    """Open a bench and everything on it; on every way out the outputs are off and verified before the context ends.

    ``command``: what the bench is used for, shown to others that find it busy. ``events`` has everything that happens.
    ``on_time`` is called whenever time is spent while energised (rig.safety.energise.Supervised). ``today``: the day on
    which calibrations are looked at, the host's date by default; none is refused here. ``all_may_be_absent``: see
    ``find_present``. Raises BenchBusy, BenchFileError, BenchFault, the drivers' errors; and SafeStateNotConfirmed where
    the outputs were not confirmed off.
    """
    file = bench if isinstance(bench, BenchFile) else load_bench(bench)
    events = events or Events()
    with ExitStack() as stack:
        hold = stack.enter_context(hold_bench(file, command))
        opening, identities = hold.opening, hold.identities
        file, launched = launch(file, hold, stack, events)
        guardian = start_guardian(file, hold, launched, stack)
        progress = Progress(guardian, events, stack)
        beat = progress.beat_and_look
        clock = make_clock(file, progress.time_passes, stack)
        opener = Opener(file.parts, identities, clock, stack, beat)
        sources = open_sources(opener, progress)
        asked = list(sources.asked)
        analyzer = open_analyzer(opener)
        if analyzer is not None:
            asked.append(KnownInstrument("analyzer", analyzer.identify, identities["analyzer"]))
        wiring = Wiring.from_part(file.parts.wiring) if file.parts.wiring is not None else None
        switch = open_switch(opener, events)
        inputs = safety_inputs(file.parts.safety_inputs, switch)
        timed = open_timed_pulses(opener)
        probe, chamber = open_probe(opener), open_chamber(opener)
        buses = open_buses(file, progress.time_passes, stack, progress.note_line)
        progress.buses = buses.all
        for bus in buses.all:
            events.publish(BusOpened(bus))
            if (advice := latency_advice(bus.settings.device)) is not None:
                events.publish(Stated(f"bus: {advice}"))
        positions, absent = find_present(file, buses, clock.sleep, all_may_be_absent=all_may_be_absent)
        opened = Bench(
            file,
            opening,
            clock,
            sources.source,
            analyzer,
            wiring,
            None,
            progress.watchdog,
            guardian,
            buses.first,
            positions,
            launched,
            events,
            identities,
            switch,
            timed,
            probe,
            chamber,
            inputs,
            absent=absent,
            buses=buses.all,
            not_as_found=tuple(line for each in positions for line in said_of(each, look_at(each))),
        )
        if guardian is not None and sources.source is not None:
            contactor = note_for_off(file, hold, launched, guardian, sources.recipes, stack)
            supervisor = _supervisor_of(opened, sources.recipes, asked, contactor, progress.alarm, on_time)
            progress.supervisor = supervisor
            if supervisor is not None:
                suspend = stack.enter_context(suspend_inhibited(f"bench {file.name} is open"))
                stack.callback(make_safe, supervisor, guardian)
                opened = replace(opened, supervisor=supervisor, analyzer=supervisor.analyzer, suspend_text=suspend)
        for line in _what_is_open(opened, today or dt.date.today()):
            events.publish(Stated(line))
        yield opened


def _supervisor_of(
    bench: Bench,
    recipes: tuple[SafeOff, ...],
    asked: Sequence[KnownInstrument],
    contactor: BenchContactor | None,
    alarm: SourceAlarm,
    on_time: Callable[[bool], None],
) -> Supervisor | None:
    """Make the supervisor; None where no position says what the source may be connected to."""
    parts = bench.file.parts
    if bench.wiring is None or parts.nominal is None or parts.source is None or not parts.positions:
        return None
    assert bench.source is not None
    assert bench.guardian is not None
    return Supervisor(
        Supervised(
            source=bench.source,
            analyzer=bench.analyzer,
            path=bench.wiring,
            clock=bench.clock,
            guardian=bench.guardian,
            # Positions share the voltage: the bench file's checks see to it that each type has this rating.
            rating=bench.file.meter_types[parts.positions[0].meter_type].ratings[parts.nominal.rating],
            safe_off=recipes,
            watchdog=bench.watchdog,
            instruments=asked,
            inputs=bench.safety_inputs,
            contactor=contactor,
            answer_s=parts.source.answer_s,
            alarm=alarm,
            events=bench.events,
            on_time=on_time,
            ramp_s=parts.source.ramp_s,
            settling=parts.settling,
        )
    )


def _what_is_open(bench: Bench, day: dt.date) -> Iterator[str]:
    yield from bench.not_as_found
    yield from (each.why for each in bench.absent)
    for used in bench.instruments():
        calibration = f"; calibration {used.calibration_state(day).text}" if used.needs_calibration else ""
        yield f"{used.role.replace('_', ' ')}: {used.identity}{calibration}"
    if bench.simulated and not bench.file.parts.simulated:
        yield "SIMULATED: an instrument of this bench is emulated by a process of this host"
    yield bench.protection_text
    yield bench.safety_inputs.text
    yield bench.suspend_text
    if bench.safety_inputs.are_wired:
        yield f"interlock: now {bench.safety_inputs.read().found}"
