"""A bench of stand-ins in time of its own: every call is noted in order, and any of them can be made to fail."""

import contextlib
import math
from dataclasses import replace

import pytest

from drivers.analyzer.base import (
    AnalyzerCapabilities,
    AnalyzerRanges,
    AnalyzerReading,
    ElementReading,
    ReferenceAnalyzer,
)
from drivers.analyzer.checks import smallest_range
from drivers.errors import InstrumentError, RigError
from drivers.instrument import Identity
from drivers.source.base import AcSource, Protection, Range, SafeOff, SourceCapabilities
from drivers.switch.base import SafetyContacts
from rig.bench.config.meter_type import load_meter_type
from rig.bench.schema.bench import PathPart
from rig.bench.wiring import Wiring
from rig.events import Events, OutputsChanged
from rig.load_point import LoadPoint
from rig.safety.energise import Supervised
from rig.safety.inputs import SafetyInputs
from rig.safety.limits import rms
from rig.safety.supervisor import Supervisor
from rig.safety.switching_off.raw_off import SafeOffResult

UPDATE_S = 0.25
POINT = LoadPoint(277.0, 100.0, -60.0)
UL = load_meter_type("s4100").ratings["UL"]
WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0, current_divider=PathPart(ratio=8.0))
CAPABILITIES = SourceCapabilities(
    voltage_ranges=(Range(0.0, 1008.0, "V"),),
    low_level_ranges=(Range(0.0, 100.0, "V"),),
    frequency_hz=(16.0, 850.0),
    max_order=100,
    ramp_s=(0.0, 60.0),
    phase_lock=True,
    watchdog_s=None,
    current_limit_a=(0.1, 10.0),
)
TOUCHING = frozenset({"select_ranges", "set_point", "switch on"})
"""Calls after which something may be energised, or nearer to it."""


class StandInClock:
    def __init__(self, bench):
        self.bench = bench
        self.s = 100.0

    def now_s(self):
        return self.s

    def sleep(self, dt_s):
        self.s += dt_s
        self.bench.while_time_passes()


class StandInSource(AcSource):
    """Ramps as programmed; ``gains`` make its voltages wrong by a factor a phase, ``jumps`` leaves the ramp out."""

    capabilities = CAPABILITIES

    def __init__(self, bench):
        self.bench = bench
        self.identity = Identity("MAKER", "SOURCE", "S-1", "1")
        self.limit_a = 1.0
        self.setting = None
        self.on_since_s = None
        self.ramp_s = 0.0
        self.gains = [1.0, 1.0, 1.0]
        self.jumps = False
        self.is_stuck = False

    def identify(self):
        self.bench.note("source identify")
        return self.identity

    def select_ranges(self, envelope):
        self.bench.note("select_ranges")

    def set_point(self, setting):
        self.bench.note("set_point")
        self.setting = setting

    def set_output(self, on, ramp_s=0.0):
        self.bench.note("switch on" if on else "switch off")
        if on:
            self.on_since_s = self.bench.clock.s
        elif not self.is_stuck:
            self.on_since_s = None
        self.ramp_s = 0.0 if self.jumps else ramp_s

    def output_is_on(self):
        self.bench.note("output_is_on")
        return self.on_since_s is not None

    def protection(self):
        self.bench.note("protection")
        return None if self.limit_a is None else Protection(self.limit_a)

    def safe_off(self):
        return (SafeOff("SOURCE", ("OFF",), "OFF?", ("1",)),)

    def make_safe(self):
        self.bench.note("make_safe")
        if self.is_stuck:
            raise InstrumentError("SOURCE", "does not switch off")
        self.on_since_s = None

    def close(self):
        self.bench.note("source close")

    def part(self):
        """How far up the ramp it is, 0 when it is off."""
        if self.on_since_s is None:
            return 0.0
        return min(1.0, (self.bench.clock.s - self.on_since_s) / self.ramp_s) if self.ramp_s else 1.0


class StandInAnalyzer(ReferenceAnalyzer):
    """Measures what the source gives; ``swapped`` exchanges B and C of everything.

    ``wires``: for each CT input whose signal it sees, and with which sign. ``ct_gain`` is that of each input. More than
    1.4 times a range is over range. ``spoilt`` is applied to each data set that anyone gets.
    """

    update_s = UPDATE_S
    capabilities = AnalyzerCapabilities(1000.0, (0.05, 10.0), (0.05, 20.0))
    VOLTAGE_RANGES = (15.0, 30.0, 60.0, 100.0, 150.0, 300.0, 600.0, 1000.0)
    INPUT_RANGES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)

    def __init__(self, bench):
        self.bench = bench
        self.identity = Identity("MAKER", "ANALYZER", "A-1", "1")
        self.swapped = False
        self.ct_gain = [1.0, 1.0, 1.0]
        self.wires = [(0, 1), (1, 1), (2, 1)]
        self.frequency_error = 1.0
        self.selected = None
        self.spoilt = lambda reading: reading

    def identify(self):
        self.bench.note("analyzer identify")
        return self.identity

    def configure(self):
        self.bench.note("configure")

    def select_ranges(self, voltage_v, current):
        self.bench.note("analyzer ranges")
        self.selected = self.ranges_for(voltage_v, current)
        return self.selected

    def ranges_for(self, voltage_v, current):
        volts = smallest_range("voltage", voltage_v, self.VOLTAGE_RANGES, 1.05)
        inputs = tuple(smallest_range("input", each, self.INPUT_RANGES, 1.05) for each in current)
        return AnalyzerRanges((volts,) * 3, inputs)

    def has_selected(self, voltage_v, current):
        return self.selected == self.ranges_for(voltage_v, current)

    def read(self):
        self.bench.note("analyzer read")
        if self.on_passing is not None:
            self.on_passing(self.spoilt(self.measured()))
        self.bench.clock.sleep(UPDATE_S)
        return self.spoilt(self.measured())

    def latest(self):
        self.bench.note("analyzer latest")
        return self.spoilt(self.measured())

    def measured(self):
        source, part = self.bench.source, self.bench.source.part()
        if source.setting is None or part == 0.0:
            nothing = ElementReading(0.0, 0.0, 0.0, 0.0, 0.0, None, None, None)
            return AnalyzerReading(self.bench.clock.s, (nothing,) * 3)
        stimulus = WIRING.terminals_of(source.setting)
        elements = []
        for place in (0, 2, 1) if self.swapped else (0, 1, 2):
            wire, sign = self.wires[place]
            volts, currents = stimulus.voltages[place], stimulus.ct_inputs[wire]
            u = rms(volts) * part * source.gains[place]
            i = rms(currents) * self.ct_gain[place]
            angle = volts[0].phase_deg if volts else None
            current_angle = currents[0].phase_deg + (0.0 if sign > 0 else 180.0) if currents else None
            frequency_hz = stimulus.frequency_hz * self.frequency_error
            elements.append(ElementReading(u, i, u * i, 0.0, u * i, frequency_hz, angle, current_angle))
        self.bench.highest_v = max(self.bench.highest_v, *(element.u_v for element in elements))
        self.bench.highest_ct_v = max(self.bench.highest_ct_v, *(element.i for element in elements))
        return AnalyzerReading(self.bench.clock.s, tuple(map(self.in_range, elements, range(3))))

    def in_range(self, element, place):
        if self.selected is None:
            return element
        u_over = element.u_v > 1.4 * self.selected.voltage[place]
        i_over = element.i > 1.4 * self.selected.current[place]
        return replace(
            element,
            u_v=None if u_over else element.u_v,
            i=None if i_over else element.i,
            u_over=u_over,
            i_over=i_over,
        )

    def start_integration(self):
        self.bench.note("start_integration")

    def stop_integration(self):
        raise NotImplementedError

    def close(self):
        self.bench.note("analyzer close")


class StandInGuardian:
    def __init__(self, bench):
        self.bench = bench
        self.armed = False

    def arm(self, recipes):
        self.bench.note("arm")
        self.armed = True

    def disarm(self):
        self.bench.note("disarm")
        self.armed = False

    def beat(self):
        pass

    def off_by(self, within_s):
        pass

    def trouble(self):
        return None

    def switch_off(self, reason):
        self.bench.note("guardian switches off")
        if self.bench.source.is_stuck:
            return [SafeOffResult("SOURCE", False, "is stuck")]
        self.bench.source.on_since_s = None
        return [SafeOffResult("SOURCE", True, "off")]

    @contextlib.contextmanager
    def quietly(self):
        yield


class StandInContacts:
    """The safety circuit as a switch unit senses it; ``fails`` is raised instead of an answer."""

    def __init__(self, bench):
        self.bench = bench
        self.interlock, self.emergency_stop = True, True
        self.fails = None

    def sense(self):
        self.bench.note("sense")
        if self.fails is not None:
            raise self.fails
        return SafetyContacts(self.interlock, self.emergency_stop)


class RecordedBench:
    """``calls`` is everything that reached an instrument or the guardian; call number ``fail_at`` raises once."""

    def __init__(self, *, rating=UL, path=WIRING, wired=True, ramp_s=5.0, with_analyzer=True, **options):
        self.calls = []
        self.events = []
        self.fail_at = math.inf
        self.highest_v = self.highest_ct_v = 0.0
        self.clock = StandInClock(self)
        self.source = StandInSource(self)
        self.analyzer = StandInAnalyzer(self) if with_analyzer else None
        self.guardian = StandInGuardian(self)
        self.contacts = StandInContacts(self)
        safe_when = {"interlock": "closed", "emergency_stop": "closed"} if wired else {}
        self.inputs = SafetyInputs(self.contacts.sense, safe_when, now_s=self.clock.now_s)
        events = Events()
        events.subscribe(OutputsChanged, lambda event: self.events.append(event.named()))
        self.on_time = lambda _goes_down: None
        parts = Supervised(
            source=self.source,
            analyzer=self.analyzer,
            path=path,
            clock=self.clock,
            guardian=self.guardian,
            rating=rating,
            ramp_s=ramp_s,
            inputs=self.inputs,
            events=events,
            on_time=lambda goes_down: self.on_time(goes_down),
            **options,
        )
        self.supervisor = Supervisor(parts)

    def note(self, call):
        self.calls.append(call)
        if len(self.calls) - 1 == self.fail_at:
            raise InstrumentError("X", f"{call} failed")

    def while_time_passes(self):
        self.supervisor.watch()

    @property
    def steps_done(self):
        """Names of the steps of energising that were told as done."""
        return tuple(text.split(", ")[1].split(":")[0] for kind, text in self.events if kind == "energise")

    @property
    def is_off(self):
        return self.source.on_since_s is None

    def calls_after(self, number):
        return self.calls[number + 1 :]


def energised_bench(**options):
    """A recorded bench at ``POINT``."""
    bench = RecordedBench(**options)
    bench.supervisor.energise(POINT)
    return bench


def refused(bench, kind=RigError, point=POINT):
    """The error with which a bench does not go to ``point``."""
    with pytest.raises(kind) as caught:
        bench.supervisor.energise(point)
    return caught.value


def turn(thing, **changes):
    """Change a stand-in, where a lambda cannot assign."""
    for name, value in changes.items():
        setattr(thing, name, value)
