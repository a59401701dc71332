"""How far the reference analyzer can be trusted: its accuracy specification as data, as components of a budget."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from drivers.errors import RigError
from rig.load_point import PHASE_NAMES
from rig.metrology.limits import Quantity
from rig.metrology.uncertainty import Component, Distribution

_NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class ReferenceNotUsable(RigError):
    """The reference says nothing about a quantity here: ``quantity`` on ``phase`` is zero, so has no relative error."""

    def __init__(self, quantity: str, phase: str) -> None:
        super().__init__(
            f"the reference value of {quantity} on {phase} is zero, which has no relative uncertainty; "
            "judge this quantity only where it is not zero"
        )
        self.quantity = quantity
        self.phase = phase


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Accuracy(_Strict):
    """Accuracy of one measured quantity: percent of reading plus percent of range, added linearly; degrees for angles.

    ``distribution`` says what the figure is: ``rectangular``, the half-width of a specification; or ``normal``, an
    expanded uncertainty from a certificate with coverage factor ``k``.
    """

    reading_pct: _NotNegative = 0.0
    range_pct: _NotNegative = 0.0
    fixed_deg: _NotNegative = 0.0
    distribution: Literal["rectangular", "normal"] = "rectangular"
    k: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _k_fits_distribution(self) -> Accuracy:
        if (self.distribution == "normal") != (self.k is not None):
            raise ValueError("distribution: normal needs 'k', rectangular has none")
        return self

    def component(self, name: str, stated: float) -> Component:
        """Return a budget line for a ``stated`` percentage with this accuracy's distribution."""
        if self.k is not None:
            return Component(name, stated, self.k, Distribution.NORMAL)
        return Component.rectangular(name, stated)


class ReferenceAccuracy(_Strict):
    """The accuracy of a reference analyzer within its calibration interval; the ``accuracy`` part of a bench file.

    ``power``: active power at power factor 1, of range meaning voltage range times current range. ``phase``: the
    error of the angle between a voltage and a current input, or between two voltage inputs, as ``fixed_deg``; it
    enters as tan φ for P and cot φ for Q. ``integrator``: what the energy integrator adds (time base, gate), as
    ``reading_pct`` of the energy; None where nothing is stated.
    """

    voltage: Accuracy
    current: Accuracy
    power: Accuracy
    phase: Accuracy
    integrator: Accuracy | None = None

    @model_validator(mode="after")
    def _says_what_counts(self) -> ReferenceAccuracy:
        for name in ("voltage", "current", "power"):
            row: Accuracy = getattr(self, name)
            if row.fixed_deg or not row.model_fields_set & {"reading_pct", "range_pct"}:
                raise ValueError(f"{name} is stated as reading_pct and range_pct")
        if self.phase.reading_pct or self.phase.range_pct or "fixed_deg" not in self.phase.model_fields_set:
            raise ValueError("phase is stated as fixed_deg")
        if self.integrator is not None and (self.integrator.range_pct or self.integrator.fixed_deg):
            raise ValueError("integrator is stated as reading_pct")
        return self


@dataclass(frozen=True, slots=True)
class ElementState:
    """What one element of the analyzer measures, and on which ranges.

    ``voltage_v`` and ``voltage_range_v`` volts rms; ``current`` and ``current_range`` rms in one unit, whichever
    (volts of a CT signal or primary amperes: only ratios count); ``angle_deg`` of the current relative to this
    element's voltage, negative = lag.
    """

    voltage_v: float
    voltage_range_v: float
    current: float
    current_range: float
    angle_deg: float

    @property
    def apparent(self) -> float:
        """S in volts times the current's unit."""
        return self.voltage_v * self.current

    @property
    def active(self) -> float:
        """P in volts times the current's unit; negative = export."""
        return self.apparent * math.cos(math.radians(self.angle_deg))

    @property
    def reactive(self) -> float:
        """Q in volts times the current's unit; lagging positive."""
        return -self.apparent * math.sin(math.radians(self.angle_deg))

    @property
    def power_range(self) -> float:
        """Voltage range times current range."""
        return self.voltage_range_v * self.current_range


class ReferenceUncertainty:
    """Budget components, in percent of the value, of every quantity the analyzer gives at one load point.

    ``elements`` by phase; ``current`` exactly 0 for a phase whose source channel is off: it then adds nothing to a
    total, since the open channel is better evidence of zero than the analyzer. Elements of one instrument are
    calibrated against one standard, so their amplitude and phase errors are taken as fully correlated: a total's
    uncertainty is the linear sum of its elements'. That is the larger of the two extremes for loads of one sign.
    """

    def __init__(self, accuracy: ReferenceAccuracy, elements: Mapping[str, ElementState]) -> None:
        unknown = sorted(set(elements) - set(PHASE_NAMES))
        if unknown:
            raise ValueError(f"elements are named by phase, A, B and C, not {', '.join(unknown)}")
        self._accuracy = accuracy
        self._elements = dict(elements)

    def of(self, quantity: Quantity, phase: str) -> tuple[Component, ...]:
        """Return the components of a limited quantity on ``phase`` ("A", "AB", or "ABC" for a total)."""
        by_quantity = {
            Quantity.ACTIVE_POWER: self.active_power,
            Quantity.REACTIVE_POWER: self.reactive_power,
            Quantity.ACTIVE_ENERGY: self.active_energy,
            Quantity.REACTIVE_ENERGY: self.reactive_energy,
            Quantity.VOLTAGE: self.voltage,
            Quantity.CURRENT: self.current,
        }
        return by_quantity[quantity](phase)

    def voltage(self, phase: str) -> tuple[Component, ...]:
        """Return the components of a line to neutral voltage ("A") or a line to line voltage ("AB").

        A line to line voltage is the difference of two phasors: amplitude errors correlated (the same percentage),
        the phase error between two elements enters with half the cotangent of half the angle between them, which is
        taken as 120 degrees.
        """
        parts = [self._element(name, "voltage") for name in phase]
        percent = max(_percent(self._accuracy.voltage, e.voltage_v, e.voltage_range_v, "voltage", phase) for e in parts)
        amplitude = self._accuracy.voltage.component(f"reference voltage {phase}", percent)
        if len(phase) == 1:
            return (amplitude,)
        weight = 0.5 / math.tan(math.radians(60.0))
        angle = self._accuracy.phase.component(
            f"reference phase between voltages {phase}", 100.0 * weight * math.radians(self._accuracy.phase.fixed_deg)
        )
        return (amplitude, angle)

    def current(self, phase: str) -> tuple[Component, ...]:
        """Return the component of the current of one phase."""
        element = self._element(phase, "current")
        percent = _percent(self._accuracy.current, element.current, element.current_range, "current", phase)
        return (self._accuracy.current.component(f"reference current {phase}", percent),)

    def active_power(self, phases: str) -> tuple[Component, ...]:
        """Return amplitude and phase components of P, of one phase or of the total of ``phases``."""
        chosen = list(self._loaded(phases, "active power").values())
        total = abs(sum(element.active for element in chosen))
        across = abs(sum(element.reactive for element in chosen))
        _refuse_zero(total, chosen, "active power", phases)
        return self._power(chosen, [abs(element.active) for element in chosen], total, across, f"power {phases}")

    def reactive_power(self, phases: str) -> tuple[Component, ...]:
        """Return amplitude and phase components of Q, of one phase or of the total of ``phases``."""
        chosen = list(self._loaded(phases, "reactive power").values())
        total = abs(sum(element.reactive for element in chosen))
        across = abs(sum(element.active for element in chosen))
        _refuse_zero(total, chosen, "reactive power", phases)
        parts = [abs(element.reactive) for element in chosen]
        return self._power(chosen, parts, total, across, f"reactive power {phases}")

    def apparent_power(self, phases: str) -> tuple[Component, ...]:
        """Return voltage and current components of S = U I, of one phase or the arithmetic total of ``phases``."""
        chosen = self._loaded(phases, "apparent power")
        total = sum(element.apparent for element in chosen.values())
        _refuse_zero(total, list(chosen.values()), "apparent power", phases)
        voltage = current = 0.0
        for name, e in chosen.items():
            weight = e.apparent / total
            voltage += weight * _percent(self._accuracy.voltage, e.voltage_v, e.voltage_range_v, "voltage", name)
            current += weight * _percent(self._accuracy.current, e.current, e.current_range, "current", name)
        return (
            self._accuracy.voltage.component(f"reference voltage in apparent power {phases}", voltage),
            self._accuracy.current.component(f"reference current in apparent power {phases}", current),
        )

    def power_factor(self, phases: str) -> tuple[Component, ...]:
        """Return the components of PF = P / S, percent of PF; P and S as if independent, which is the larger."""
        return (*self.active_power(phases), *self.apparent_power(phases))

    def active_energy(self, phases: str) -> tuple[Component, ...]:
        """Return the components of active energy from the integrator, at a constant load."""
        return (*self.active_power(phases), *self._integrator())

    def reactive_energy(self, phases: str) -> tuple[Component, ...]:
        """Return the components of reactive energy from the integrator, at a constant load."""
        return (*self.reactive_power(phases), *self._integrator())

    def _integrator(self) -> tuple[Component, ...]:
        stated = self._accuracy.integrator
        return () if stated is None else (stated.component("reference energy integrator", stated.reading_pct),)

    def _power(
        self, chosen: list[ElementState], parts: list[float], total: float, across: float, name: str
    ) -> tuple[Component, ...]:
        """``across`` is the power at right angles to the one asked for: the phase error turns it into the other."""
        spec = self._accuracy.power
        stated = sum(
            spec.reading_pct * part + spec.range_pct * element.power_range
            for element, part in zip(chosen, parts, strict=True)
        )
        angle = 100.0 * math.radians(self._accuracy.phase.fixed_deg) * across
        return (
            spec.component(f"reference {name}", stated / total),
            self._accuracy.phase.component(f"reference phase error in {name}", angle / total),
        )

    def _loaded(self, phases: str, quantity: str) -> dict[str, ElementState]:
        elements = {name: self._element(name, quantity) for name in phases}
        return {name: element for name, element in elements.items() if element.current != 0.0}

    def _element(self, phase: str, quantity: str) -> ElementState:
        if phase not in self._elements:
            raise ReferenceNotUsable(quantity, phase)
        return self._elements[phase]


def _refuse_zero(total: float, chosen: list[ElementState], quantity: str, phases: str) -> None:
    """Refuse a total that is rounding only, such as P at exactly 90 degrees."""
    if not total > 1e-12 * sum(element.apparent for element in chosen):
        raise ReferenceNotUsable(quantity, phases)


def _percent(spec: Accuracy, reading: float, full_range: float, quantity: str, phase: str) -> float:
    """Return the specification as percent of ``reading`` (> 0, same unit as ``full_range``)."""
    if not reading > 0.0:
        raise ReferenceNotUsable(quantity, phase)
    return spec.reading_pct + spec.range_pct * full_range / reading
