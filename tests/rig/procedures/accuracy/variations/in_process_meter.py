"""Measurements of a meter in this process, without a bench: the reference reads exactly what is at the terminals."""

from dataclasses import replace

from drivers.analyzer.base import AnalyzerRanges
from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from rig.bench.wiring import Wiring
from rig.emulation.defects.library import with_behaviour_defects
from rig.load_point import LoadPoint
from rig.metrology.accuracy import ReferenceAccuracy
from rig.procedures.accuracy.readings import MeterSample, PointMeasurement

CONFIGURATION = Configuration(system_voltage_v=480.0)
WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)
RANGES = AnalyzerRanges(voltage=(300.0,) * 3, current=(2.0,) * 3)
AT_IN = LoadPoint(277.0, 100.0, 0.0)


def accuracy(percent=0.01):
    figure = {"reading_pct": percent, "distribution": "normal", "k": 2}
    stated = {"voltage": figure, "current": figure, "power": figure, "phase": {"fixed_deg": 0.003}}
    return ReferenceAccuracy.model_validate(stated | {"resolution": {"digits": 5, "phase_deg": 0.01}})


def meter(*defects, **given):
    return with_behaviour_defects(S4100(configuration=CONFIGURATION, **given), defects)


class InProcess:
    """One meter, measured at load points one after another."""

    def __init__(self, one, temperature_c=25.0):
        self.meter = one
        self.temperature_c = temperature_c
        self.ranges = RANGES

    def idle(self, dt_s, point=AT_IN):
        self.meter.advance(dt_s, self._stimulus(point))

    def measure(self, point: LoadPoint, updates=5, invalid="") -> PointMeasurement:
        stimulus = self._stimulus(point)
        self.meter.advance(3.0, stimulus)
        samples = []
        for _ in range(updates):
            self.meter.advance(1.0, stimulus)
            values = {n: self.meter.read("AI", n, "present-value") for n in range(1, 84)}
            samples.append(MeterSample(values, 0.0, 0.0))
        references = (stimulus,) * (updates + 1)
        return PointMeasurement(point, tuple(samples), references, self.ranges, CONFIGURATION, invalid)

    def _stimulus(self, point):
        return replace(WIRING.terminals(point), temperature_c=self.temperature_c)
