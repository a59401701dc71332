"""An in-process bench for tests of registers: a model meter, a source, an analyzer of data sets, an integrator."""

import math
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading, ElementReading, IntegratorReading
from meter_model.device.meter import S4100
from meter_model.stimulus import Phasor, Stimulus
from rig.bench.wiring import Wiring
from rig.load_point import LoadPoint
from rig.metrology.decision import DecisionRule
from rig.procedures.registers.examined import Examined
from rig.safety.conditions import deviations
from tests.heard import heard
from tests.rig.procedures.accuracy.test_energy_gates import ACCURACY

WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)
OFF = Stimulus(60.0, ((), (), ()), ((), (), ()))
BUS_S, UPDATE_S = 0.03, 0.5


def used(hours=2.0, **settings):
    """A good meter that has been in use, import and export."""
    meter = S4100(**settings)
    for angle_deg in (-30.0, -150.0, 150.0, 30.0):
        meter.advance(900.0 * hours, WIRING.terminals(LoadPoint(277.0, 61.3, angle_deg)))
    meter.advance(2.0, OFF)
    return meter


class Shown:
    """A meter whose registers are shown in steps of ``step_kwh`` and have ``history_kwh`` behind them."""

    def __init__(self, meter, step_kwh=0.0, history_kwh=0.0):
        self._meter, self._step_kwh, self._history_kwh = meter, step_kwh, history_kwh

    def __getattr__(self, name):
        return getattr(self._meter, name)

    def read(self, kind, instance, prop, index=None):
        value = self._meter.read(kind, instance, prop, index)
        if kind != "AI" or not (instance <= 10 or 31 <= instance <= 54):
            return value
        value += 0.0 if instance in (1, 8) else self._history_kwh
        return math.floor(value / self._step_kwh + 1e-9) * self._step_kwh if self._step_kwh else value


@dataclass
class RegisterBench:
    """Bench time and what is at the meter's terminals.

    ``pickup_pct``: percent of rated signal that is at each CT input besides what the source gives, in phase with the
    voltage; less than ``shown_from_v`` volts the analyzer shows as none. ``voltage_gain``: of the source. ``noise``:
    relative scatter of the analyzer's power from set to set; ``without_power``: bench seconds in which it gives none.
    ``lost``: requests, counted from 1, that are lost and answered six seconds later.
    """

    meter: Any
    point: LoadPoint
    pickup_pct: float = 0.0
    voltage_gain: float = 1.0
    noise: float = 0.0
    without_power: tuple = (0.0, 0.0)
    current_drift_per_h: float = 0.0
    longest_s: float = 3600.0
    bus_s: float = BUS_S
    lost: frozenset = frozenset()
    shown_from_v: float = 0.0
    rule: DecisionRule = DecisionRule.ILAC_G8_NON_BINARY
    now: float = 0.0
    target: Stimulus = OFF
    nominal: Stimulus = OFF
    notes: list = field(default_factory=list)
    finished: list = field(default_factory=list)
    applied: list = field(default_factory=list)
    at_s: dict = field(default_factory=dict)
    wh: float = 0.0
    began_s: float = 0.0
    requests: int = 0
    random: Any = field(default_factory=lambda: np.random.default_rng(1))

    def sleep(self, dt_s):
        while dt_s > 1e-9:
            due = min((s for s in self.at_s if s > self.now), default=math.inf)
            step_s = min(dt_s, due - self.now, 20.0 if self.current_drift_per_h else math.inf)
            self.meter.advance(step_s, self.stimulus)
            self.now += step_s
            self.wh += step_s * self.watts() / 3600.0
            dt_s -= step_s
            if self.now >= due - 1e-9:
                self.at_s.pop(due)(self.meter)

    @property
    def stimulus(self):
        """What is there: the target, what the source is off by, and what is picked up."""
        target, inputs = self.target, []
        factor = 1.0 + self.current_drift_per_h * self.now / 3600.0
        for voltage, current in zip(target.voltages, target.ct_inputs, strict=True):
            parts = [(p.rms * factor, p.phase_deg) for p in current]
            if self.pickup_pct and voltage:
                parts.append((self.pickup_pct / 100.0, voltage[0].phase_deg))
            total = sum(complex(r * math.cos(math.radians(a)), r * math.sin(math.radians(a))) for r, a in parts)
            inputs.append((Phasor(1, abs(total), math.degrees(math.atan2(total.imag, total.real))),) if parts else ())
        volts = tuple(tuple(replace(p, rms=p.rms * self.voltage_gain) for p in each) for each in target.voltages)
        return Stimulus(target.frequency_hz, volts, tuple(inputs))

    def watts(self):
        total = 0.0
        for voltage, current in self.pairs():
            angle_deg = voltage[0].phase_deg - current[0].phase_deg
            total += voltage[0].rms * current[0].rms * math.cos(math.radians(angle_deg))
        return total

    def pairs(self):
        now = self.stimulus
        return [(v, i) for v, i in zip(now.voltages, now.ct_inputs, strict=True) if v and i]

    def apply(self, point):
        self.applied.append(point)
        if not any(self.target.ct_inputs) and point.current_pct:
            self.target = WIRING.terminals(replace(point, current_pct=0.1 * point.current_pct))
            self.sleep(2.0)
        self.target = self.nominal = WIRING.terminals(point)
        self.sleep(0.3)

    def read_set(self):
        self.sleep(2.0 * UPDATE_S)
        now = self.stimulus
        return AnalyzerReading(self.now, tuple(map(self.element, now.voltages, now.ct_inputs)))

    def settle(self):
        self.sleep(2.0)
        return [self.read_set()]

    def element(self, voltage, current):
        u, u_deg = (voltage[0].rms, voltage[0].phase_deg) if voltage else (0.0, None)
        is_seen = current and current[0].rms > self.shown_from_v
        i, i_deg = (current[0].rms, current[0].phase_deg) if is_seen else (0.0, None)
        p = u * i * math.cos(math.radians(u_deg - i_deg)) if u_deg is not None and i_deg is not None else 0.0
        if self.without_power[0] < self.now < self.without_power[1]:
            return ElementReading(u, i, None, None, u * i, 60.0, u_deg, i_deg)
        p *= 1.0 + self.noise * self.random.standard_normal() if self.noise else 1.0
        return ElementReading(u, i, p, None, u * i, 60.0, u_deg, i_deg)

    def start(self):
        self.wh, self.began_s = 0.0, self.now

    def stop(self):
        each = abs(self.wh) / 3.0
        taken, given = (each, 0.0) if self.wh >= 0.0 else (0.0, each)
        return IntegratorReading(self.now - self.began_s, (taken,) * 3, (given,) * 3)

    def read_inputs(self, instances):
        self.requests += 1
        if self.requests in self.lost:
            self.sleep(6.0)
        values = {n: float(np.float32(self.meter.read("AI", n, "present-value"))) for n in instances}
        self.sleep(self.bus_s)
        return values

    def read_load_point(self):
        began = self.now
        return SimpleNamespace(
            values=self.read_inputs((*range(11, 19), *range(55, 76))), requested_at_s=began, answered_at_s=self.now
        )

    def command(self, code):
        self.meter.write("AV", 1, "present-value", float(code))
        self.sleep(self.bus_s)

    def write_value(self, av, value):
        self.meter.write("AV", av, "present-value", float(value))
        self.sleep(2.0)

    def read_configuration(self):
        return {av: float(self.meter.read("AV", av, "present-value")) for av in range(2, 12)}

    def read_time(self):
        import datetime as dt

        day = self.meter.read("DE", self.meter.device_instance, "local-date")
        hour = self.meter.read("DE", self.meter.device_instance, "local-time")
        self.sleep(self.bus_s)
        return dt.datetime.combine(day, hour)

    @property
    def examined(self):
        ranges = AnalyzerRanges((300.0,) * 3, (0.05 if self.point.current_pct < 1.0 else 2.0,) * 3)
        record = SimpleNamespace(
            reference_reading=lambda *_: None,
            meter_reading=lambda *_, **__: None,
            climate=lambda *_: None,
            finish=lambda outcome, **why: self.finished.append((outcome, why)),
        )
        bench = SimpleNamespace(
            supervisor=SimpleNamespace(
                apply=self.apply,
                settle=self.settle,
                analyzer_ranges=ranges,
                deviations_from_nominal=lambda seen, limits: deviations(seen, self.nominal, limits),
            ),
            wiring=WIRING,
            accuracy=ACCURACY,
            analyzer=SimpleNamespace(
                read=self.read_set,
                update_s=UPDATE_S,
                capabilities=SimpleNamespace(integrates=True),
                start_integration=self.start,
                stop_integration=self.stop,
            ),
            climate_probe=None,
            events=heard(self.notes),
            clock=SimpleNamespace(sleep=self.sleep, now_s=lambda: self.now),
        )
        position = SimpleNamespace(meter=self, meter_type=SimpleNamespace(register_step_kwh=None))
        return Examined(
            bench, position, self.point, self.meter.configuration, record, self.rule, longest_s=self.longest_s
        )
