"""A meter of the sampled road as the tests of a characterisation see it, in this process and in its own time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from meter_model.behaviour.profile import DEFAULT, BehaviourProfile
from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.objects.access import ObjectAccessError
from meter_model.sampled.sampling import UnitErrors
from meter_model.stimulus import Stimulus
from rig.bench.schema.bench import NominalPart
from rig.bench.wiring import Wiring
from rig.load_point import LoadPoint
from rig.procedures.characterise.subject import UPDATES

WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)
POLL_S = 0.05
OFF = Stimulus(60.0, ((), (), ()), ((), (), ()))


@dataclass
class SampledSubject:
    """A meter with the choices of ``profile``; its own errors are those of a usual unit."""

    profile: BehaviourProfile = DEFAULT
    allow_reset: bool = True
    system_type: int = 40
    seed: int = 7
    points: list[LoadPoint] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.nominal = NominalPart(voltage_v=277.0, system_type=self.system_type, system_voltage_v=480.0)
        self._meter = S4100(
            serial_number="1",
            device_instance=1,
            configuration=Configuration(system_type=self.system_type, system_voltage_v=480.0),
            errors=UnitErrors.drawn_from(self.seed),
            profile=self.profile,
            seed=self.seed,
        )
        self._stimulus = OFF

    def load(self, point: LoadPoint) -> Stimulus:
        self.points.append(point)
        self._stimulus = WIRING.terminals(point)
        self.let_pass(UPDATES)
        return self._stimulus

    def apply(self, point: LoadPoint) -> None:
        self.points.append(point)
        self._stimulus = WIRING.terminals(point)

    def poll(self, instance: int, for_s: float) -> list[tuple[float, float]]:
        found = []
        for count in range(round(for_s / POLL_S)):
            found.append((count * POLL_S, self.inputs((instance,))[instance]))
            self.let_pass(POLL_S)
        return found

    def interrupt(self, width_s: float) -> float:
        self._meter.advance(width_s, self._stimulus, False)
        self.let_pass(self.profile.start_up_s + UPDATES)
        return width_s

    def inputs(self, instances: Iterable[int]) -> Mapping[int, float]:
        return {instance: float(self._meter.read("AI", instance, "present-value")) for instance in instances}

    def read(self, kind: str, instance: int, name: str) -> Any:
        return self._meter.read(kind, instance, name)

    def command(self, code: int) -> bool:
        try:
            self._meter.write("AV", 1, "present-value", float(code))
        except ObjectAccessError:
            return False
        return True

    def write_delay_s(self, av: int, value: float) -> float:
        self._meter.write("AV", av, "present-value", value)
        passed_s = 0.0
        while self._meter.read("AV", av, "reliability") or self._meter.read("AV", av, "present-value") != value:
            self.let_pass(0.05)
            passed_s += 0.05
        return passed_s

    @contextmanager
    def configured(self, values: Mapping[int, float]) -> Iterator[None]:
        before = {av: self._meter.configuration.value(av) for av in values}
        self._write(values)
        try:
            yield
        finally:
            self._write(before)

    def _write(self, values: Mapping[int, float]) -> None:
        for av, value in values.items():
            self.write_delay_s(av, value)
            self.let_pass(2.0)

    def configuration(self) -> Configuration:
        return self._meter.configuration

    def let_pass(self, dt_s: float) -> None:
        self._meter.advance(dt_s, self._stimulus)

    @contextmanager
    def beyond(self) -> Iterator[None]:
        self._stimulus = OFF
        yield
        self._stimulus = OFF
