"""A unit with seeded errors at the load points of a plan, computed in this process: no bench, no bus, no time.

By default in closed form, in milliseconds: its errors turn and stretch what arrives. ``sampled``: by the sampled meter.
"""

import math
from dataclasses import dataclass, replace
from functools import cache

from drivers.analyzer.base import AnalyzerRanges
from meter_model.device.meter import S4100
from meter_model.prediction.prediction import predict
from meter_model.sampled.sampling import UnitErrors
from meter_model.stimulus import Phasor, Stimulus
from rig.bench import load_bench
from rig.emulation.defects.library import parse_defect, with_defects
from rig.emulation.world.miswiring import miswired, parse_miswiring
from rig.load_point import PHASE_NAMES, LoadPoint
from rig.metrology.decision import DecisionRule
from rig.metrology.outcome import Outcome
from rig.plans.end_of_line.product_plan import ProductPlan, product_plan
from rig.procedures.accuracy.judgement import judge_power
from rig.procedures.accuracy.readings import MeterSample, PointMeasurement
from rig.procedures.end_of_line.classes import class_of_diagnosis
from rig.procedures.end_of_line.load import UPDATES, classified
from rig.procedures.wiring_check.diagnosis import diagnose
from rig.procedures.wiring_check.look import picture_of
from rig.products import FailureClass, load_product
from rig.records.data import ResultRecord


@cache
def plan_for(product: str = "s4100-480", bench: str = "emulated") -> ProductPlan:
    return product_plan(load_bench(bench), load_product(product))


@dataclass(frozen=True)
class Seen:
    """What the sequence sees of a unit at its load points."""

    wiring: FailureClass | None
    results: tuple[ResultRecord, ...]

    @property
    def failed(self) -> list[ResultRecord]:
        return [each for each in self.results if each.outcome != Outcome.PASS]

    @property
    def classes(self) -> tuple[FailureClass, ...]:
        found = {each.failure_class for each in self.failed} | ({self.wiring} if self.wiring else set())
        return tuple(each for each in FailureClass if each in found)


def stimulus_at(point: LoadPoint, plan: ProductPlan) -> Stimulus:
    """At the terminals, as nominal."""
    rated_v = plan.product.configuration.configuration.ct_rated_v
    voltages, currents = [], []
    for place, name in enumerate(PHASE_NAMES):
        angle = point.voltage_angles_deg[place]
        voltages.append((Phasor(1, point.phase_voltages_v[place], angle),))
        volts = rated_v * point.current_pct / 100.0 * point.currents_pct[place] / 100.0
        has_current = name in point.phases and volts > 0.0
        currents.append((Phasor(1, volts, angle + point.angle_deg),) if has_current else ())
    return Stimulus(point.frequency_hz, tuple(voltages), tuple(currents), 25.0)


def _as_read(arrives: Stimulus, errors: UnitErrors) -> Stimulus:
    """What a unit takes for what arrives: each channel with its gain and delay."""
    channels = [*arrives.voltages, *arrives.ct_inputs]
    read = [
        tuple(
            replace(
                each,
                rms=each.rms * (1.0 + gain / 100.0),
                phase_deg=each.phase_deg - 360.0 * arrives.frequency_hz * delay,
            )
            for each in channel
        )
        for channel, gain, delay in zip(channels, errors.gain_pct, errors.delay_s, strict=True)
    ]
    return replace(arrives, voltages=tuple(read[:3]), ct_inputs=tuple(read[3:]))


def _range_for(spectrum) -> float:
    """The analyzer's smallest range that has room for a CT signal, volts."""
    volts = spectrum[0].rms if spectrum else 0.0
    return next(each for each in (0.1, 0.25, 0.5, 1.0, 2.5) if each >= 1.1 * volts)


def unit(
    *seeded: str, seed: int | None = None, plan: ProductPlan | None = None, points=None, sampled: bool = False
) -> Seen:
    """Let a unit with the defects and wiring faults named be seen; ``seed``: of its own errors, None for none."""
    plan = plan or plan_for()
    errors = UnitErrors.none() if seed is None else UnitErrors.drawn_from(seed)
    faults = [parse_miswiring(each) for each in seeded if each.startswith(("ct-", "voltage-", "pt-", "rotation"))]
    defects = [parse_defect(each) for each in seeded if not each.startswith(("ct-", "voltage-", "pt-", "rotation"))]
    configuration = plan.product.configuration.configuration
    errors = with_defects(errors, defects, 1)
    meter = S4100(configuration=configuration, errors=errors, seed=seed or 0) if sampled else None
    accuracy = plan.bench.parts.analyzer.reference_accuracy
    wiring, results = None, []
    for point in points or plan.points:
        applied = stimulus_at(point, plan)
        arrives = miswired(applied, faults) if faults else applied
        samples = []
        if meter is not None:
            meter.advance(3.0, arrives)
        for _ in range(UPDATES):
            if meter is None:
                predicted = predict(_as_read(arrives, errors), configuration)
                values = {n: each.value for n, each in predicted.items()}
            else:
                meter.advance(1.0, arrives)
                values = {n: meter.analog_input(n) for n in range(1, 84)}
            samples.append(MeterSample(values, 0.0, 0.0))
        ranges = AnalyzerRanges((300.0,) * 3, tuple(_range_for(spectrum) for spectrum in applied.ct_inputs))
        measured = PointMeasurement(point, tuple(samples), (applied,) * (UPDATES + 1), ranges, configuration)
        read = {n: math.fsum(each.values[n] for each in samples) / UPDATES for n in samples[0].values}
        found = class_of_diagnosis(diagnose([picture_of(applied, configuration, read)], configuration.system))
        wiring = wiring or found
        judged = judge_power(measured, plan.judged[point], accuracy, DecisionRule.ILAC_G8_BINARY)
        of_unit = [replace(each, unit_number=1) for each in judged]
        results += [classified(each, of_unit, wiring) for each in of_unit]
    return Seen(wiring, tuple(results))
