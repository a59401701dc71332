"""The meter that is characterised, as the tests see it; on a bench it is behind an inquiry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from bacpypes3.primitivedata import Real

from drivers.generator.base import PulseTrain
from drivers.meter.requests.packing import THIS_DEVICE
from meter_model.configuration import Configuration
from meter_model.stimulus import Stimulus
from rig.bench.schema.bench import NominalPart
from rig.errors import BenchFault, UsageRefused
from rig.load_point import LoadPoint
from rig.procedures.behaviour.inquiry import Inquiry

_BACK_WITHIN_S = 60
"""Seconds that a meter may take to start."""

UPDATES = 3
"""Updates until a meter shows a load and nothing of the time before."""


class Subject(Protocol):
    """A meter under test."""

    @property
    def nominal(self) -> NominalPart:
        """The bench's nominal values."""

    @property
    def allow_reset(self) -> bool:
        """Whether what the meter has accumulated and logged may be cleared."""

    def load(self, point: LoadPoint) -> Stimulus:
        """Apply a load and wait until the meter shows it; returns what is at the terminals."""

    def apply(self, point: LoadPoint) -> None:
        """Apply a load without waiting for the meter."""

    def poll(self, instance: int, for_s: float) -> list[tuple[float, float]]:
        """Read one input as often as the bus allows for so many seconds; returns seconds since the call, and values."""

    def interrupt(self, width_s: float) -> float:
        """Interrupt control power once, and wait until the meter is there; returns for how long, as measured.

        Raises UsageRefused where the bench cannot time that.
        """

    def inputs(self, instances: Iterable[int]) -> Mapping[int, float]:
        """Read analog inputs of one update; NaN is QNAN."""

    def read(self, kind: str, instance: int, name: str) -> Any:
        """Read any property; of the Device object with any instance."""

    def command(self, code: int) -> bool:
        """Write a code to AV1; whether it was accepted."""

    def write_delay_s(self, av: int, value: float) -> float:
        """Write an analog value; returns after how many seconds it reads back without a fault."""

    def configured(self, values: Mapping[int, float]) -> AbstractContextManager[None]:
        """Write analog values, and put back what was there in the end."""

    def configuration(self) -> Configuration:
        """Return what the meter is set to."""

    def let_pass(self, dt_s: float) -> None:
        """Spend bench time, seconds."""

    def beyond(self) -> AbstractContextManager[None]:
        """Let loads go where the meter only reports, from off to off; raises UsageRefused where that is not allowed."""


@dataclass(frozen=True)
class BenchSubject:
    """The meter of a run on an open bench, set up for the bench's system."""

    asked: Inquiry
    nominal: NominalPart

    @property
    def allow_reset(self) -> bool:
        """As of the inquiry."""
        return self.asked.allow_reset

    def load(self, point: LoadPoint) -> Stimulus:
        """Apply and settle; what the reference measured, or, for a waveform of its own, what was asked for.

        An analyzer tells no angles of harmonics, so that its readings do not say what a waveform is, and without a
        voltage on phase A it has no angle to refer to.
        """
        run = self.asked.run
        run.apply(point)
        self.asked.updates(UPDATES)
        wiring, analyzer = run.bench.wiring, run.bench.analyzer
        if wiring is None:
            raise BenchFault(f"bench {run.bench_file.name} does not say how its source is connected to the meter")
        if point.waveform or analyzer is None or not point.voltages_pct[0]:
            return wiring.terminals(point)
        return wiring.stimulus(analyzer.read())

    def apply(self, point: LoadPoint) -> None:
        """Apply and go on."""
        self.asked.run.apply(point)

    def poll(self, instance: int, for_s: float) -> list[tuple[float, float]]:
        """Read one input again and again."""
        clock = self.asked.run.bench.clock
        began_s = clock.now_s()
        found: list[tuple[float, float]] = []
        while not found or found[-1][0] < for_s:
            value = self.asked.input(instance)
            found.append((clock.now_s() - began_s, value))
        return found

    def interrupt(self, width_s: float) -> float:
        """Interrupt control power by the generator, as the counter measures it."""
        timed = self.asked.run.bench.timed.get("control_power")
        if timed is None:
            raise UsageRefused(f"bench {self.asked.run.bench_file.name} cannot time gaps of control power")
        (measured_s,) = timed.give(PulseTrain(1, width_s, 2.0 * width_s))
        instance, bus = self.asked.run.position.identity.device_instance, self.asked.meter.bus
        for _ in range(_BACK_WITHIN_S):
            self.asked.run.let_pass(1.0)
            if bus.who_is(instance, instance, timeout_s=0.5):
                self.asked.updates()
                return measured_s
        raise BenchFault(f"the meter was not on the bus again within {_BACK_WITHIN_S} s of a gap of its control power")

    def inputs(self, instances: Iterable[int]) -> Mapping[int, float]:
        """Read analog inputs."""
        return self.asked.inputs(instances)

    def read(self, kind: str, instance: int, name: str) -> Any:
        """Read any property."""
        return self.asked.properties.read(kind, THIS_DEVICE if kind == "DE" else instance, name)

    def command(self, code: int) -> bool:
        """Write a code to AV1."""
        return self.asked.write_refusal(1, code) == "accepted"

    def write_delay_s(self, av: int, value: float) -> float:
        """Write an analog value and read it until it is there."""
        clock = self.asked.run.bench.clock
        self.asked.properties.write("AV", av, "present-value", Real(value))
        began_s = clock.now_s()
        while True:
            read = self.asked.properties.read_several([("AV", av, ("present-value", "reliability"))])
            passed_s = clock.now_s() - began_s
            if read["AV", av, "reliability"] == 0 and abs(read["AV", av, "present-value"] - value) < 1e-3:
                return passed_s
            if passed_s > 10.0:
                raise UsageRefused(f"AV{av} did not take {value:g} within 10 s")
            clock.sleep(0.1)

    def configured(self, values: Mapping[int, float]) -> AbstractContextManager[None]:
        """Write analog values for a while."""
        return self.asked.configured(values)

    def configuration(self) -> Configuration:
        """Return what the meter is set to."""
        return self.asked.configuration()

    def let_pass(self, dt_s: float) -> None:
        """Spend bench time."""
        self.asked.run.let_pass(dt_s)

    def beyond(self) -> AbstractContextManager[None]:
        """Go where the meter only reports."""
        return self.asked.beyond_measuring()
