"""Uncertainty of the reference analyzer at a load point: its stated accuracy as components of a budget."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from drivers.errors import RigError
from rig.load_point import PHASE_NAMES
from rig.metrology.accuracy import ASSUMED_INTEGRATOR_PCT, Accuracy, ReferenceAccuracy
from rig.metrology.limits import Quantity
from rig.metrology.uncertainty import Component


class ReferenceNotUsable(RigError):
    """The reference says nothing about a quantity here: ``quantity`` on ``phase`` is zero, so has no relative error."""

    def __init__(self, quantity: str, phase: str) -> None:
        super().__init__(
            f"the reference value of {quantity} on {phase} is zero, which has no relative uncertainty; "
            "judge this quantity only where it is not zero"
        )
        self.quantity = quantity
        self.phase = phase


@dataclass(frozen=True, slots=True)
class ElementState:
    """What one element of the analyzer measures, and on which ranges.

    ``voltage_v`` and ``voltage_range_v`` volts rms; ``current`` and ``current_range`` rms in one unit, whichever
    (volts of a CT signal, which a stated ``fixed_v`` needs, or primary amperes where only ratios count);
    ``angle_deg`` of the current relative to this element's voltage, negative = lag.
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


@dataclass(frozen=True)
class ReferenceUncertainty:
    """Budget components, in percent of the value, of every quantity the analyzer gives at one load point.

    ``elements`` by phase; ``current`` exactly 0 for a phase whose source channel is off: it then adds nothing to a
    total, since the open channel is better evidence of zero than the analyzer. Unless the accuracy says otherwise the
    amplitude and phase errors of the elements are taken as fully correlated: a total's uncertainty is the linear sum of
    its elements'. That is the larger of the two extremes for loads of one sign.
    ``frequency_hz`` and ``power_factor`` of the nominal point choose the rows of the accuracy; a method that needs a
    quantity without a row raises AccuracyNotStated.
    """

    accuracy: ReferenceAccuracy
    elements: Mapping[str, ElementState]
    frequency_hz: float | None = None
    power_factor: float | None = None

    def __post_init__(self) -> None:
        unknown = sorted(set(self.elements) - set(PHASE_NAMES))
        if unknown:
            raise ValueError(f"elements are named by phase, A, B and C, not {', '.join(unknown)}")

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
        return (*by_quantity[quantity](phase), *self._of_instrument(quantity, phase))

    def voltage(self, phase: str) -> tuple[Component, ...]:
        """Return the components of a line to neutral voltage ("A") or a line to line voltage ("AB").

        A line to line voltage is the difference of two phasors at about 120 degrees: half of each amplitude's
        percentage, and the phase error between two elements with half the cotangent of half the angle between them.
        """
        parts = [self._element(name, "voltage") for name in phase]
        spec = self._spec("voltage")
        shares = [_percent(spec, e.voltage_v, e.voltage_range_v, "voltage", phase) / len(parts) for e in parts]
        amplitude = spec.component("reference voltage", self._together(shares), phase)
        if len(phase) == 1:
            return (amplitude,)
        weight = 0.5 / math.tan(math.radians(60.0))
        between = self._spec("phase")
        stated = 100.0 * weight * math.radians(between.fixed_deg)
        angle = between.component("reference phase between voltages", stated, phase)
        return (amplitude, angle)

    def current(self, phase: str) -> tuple[Component, ...]:
        """Return the component of the current of one phase."""
        element = self._element(phase, "current")
        spec = self._spec("current")
        percent = _percent(spec, element.current, element.current_range, "current", phase)
        return (spec.component("reference current", percent, phase),)

    def active_power(self, phases: str) -> tuple[Component, ...]:
        """Return amplitude and phase components of P, of one phase or of the total of ``phases``."""
        chosen = list(self._loaded(phases, "active power").values())
        total = abs(sum(element.active for element in chosen))
        across = self._together([element.reactive for element in chosen])
        _refuse_zero(total, chosen, "active power", phases)
        spec = self._spec("power")
        parts = [spec.reading_pct * abs(e.active) + spec.range_pct * e.power_range for e in chosen]
        amplitude = spec.component("reference power", self._together(parts) / total, phases)
        if spec.includes_phase:
            return (amplitude,)
        return (amplitude, self._turned(total, across, "power", phases))

    def reactive_power(self, phases: str) -> tuple[Component, ...]:
        """Return voltage, current and phase components of Q = U I sin φ, of one phase or of the total of ``phases``."""
        chosen = self._loaded(phases, "reactive power")
        elements = list(chosen.values())
        total = abs(sum(element.reactive for element in elements))
        across = self._together([element.active for element in elements])
        _refuse_zero(total, elements, "reactive power", phases)
        volts, amperes, name = self._spec("voltage"), self._spec("current"), "reactive power"
        of_voltage, of_current = [], []
        for phase, e in chosen.items():
            share = e.reactive / total
            of_voltage.append(share * _percent(volts, e.voltage_v, e.voltage_range_v, "voltage", phase))
            of_current.append(share * _percent(amperes, e.current, e.current_range, "current", phase))
        return (
            volts.component(f"reference voltage in {name}", self._together(of_voltage), phases),
            amperes.component(f"reference current in {name}", self._together(of_current), phases),
            self._turned(total, across, name, phases),
        )

    def active_energy(self, phases: str) -> tuple[Component, ...]:
        """Return the components of active energy from the integrator, at a constant load."""
        return (*self.active_power(phases), *self._integrator())

    def reactive_energy(self, phases: str) -> tuple[Component, ...]:
        """Return the components of reactive energy from the integrator, at a constant load."""
        return (*self.reactive_power(phases), *self._integrator())

    def between_lines(self) -> tuple[Component, ...]:
        """Return what it adds to a power of phase A against neutral that it is converted to one against line B."""
        amplitude, angle = self.voltage("AB")
        return (
            replace(amplitude, name="conversion from V_AN to V_AB", group=""),
            replace(angle, name="conversion from V_AN to V_AB: angle between the voltages", group=""),
        )

    def _of_instrument(self, quantity: Quantity, phase: str) -> tuple[Component, ...]:
        """Return temperature, drift and resolution of the analyzer; a line of 0 says that one of them is not stated."""
        stated = self.accuracy
        warm, drift = stated.temperature, stated.drift
        # Reactive power is made of two readings, a voltage and a current, which drift independently.
        made_of = math.sqrt(2.0) if quantity in (Quantity.REACTIVE_POWER, Quantity.REACTIVE_ENERGY) else 1.0
        return (
            Component.rectangular(
                "analyzer temperature" if warm else "analyzer temperature (not stated)",
                made_of * warm.pct_per_k * warm.within_k if warm else 0.0,
            ),
            Component.rectangular(
                "analyzer drift since calibration" if drift else "analyzer drift since calibration (not stated)",
                made_of * drift.reading_pct if drift else 0.0,
            ),
            self._resolution(quantity, phase),
        )

    def _resolution(self, quantity: Quantity, phase: str) -> Component:
        """Return what the last digits of the readings add: of the values, and for Q and line voltages of the angles."""
        stated = self.accuracy.resolution
        if stated is None:
            return Component.rectangular("analyzer resolution (not stated)", 0.0)
        parts = [self._element(name, str(quantity)) for name in phase]
        half_deg = math.radians(stated.phase_deg / 2.0)
        if quantity is Quantity.VOLTAGE:
            digits = max(stated.half_step_pct(e.voltage_v) for e in parts)
            angle = 0.5 / math.tan(math.radians(60.0)) * half_deg if len(phase) == 2 else 0.0
        elif quantity is Quantity.CURRENT:
            digits, angle = max(stated.half_step_pct(e.current) for e in parts), 0.0
        else:
            loaded = [e for e in parts if e.apparent > 0.0]
            is_active = quantity in (Quantity.ACTIVE_POWER, Quantity.ACTIVE_ENERGY)
            values = [e.active if is_active else e.reactive for e in loaded]
            total = abs(math.fsum(values))
            digits = sum(stated.half_step_pct(value) * abs(value) for value in values if value) / total
            across = abs(math.fsum(e.active for e in loaded))
            angle = 0.0 if is_active else half_deg * across / total
        return Component.rectangular("analyzer resolution", math.hypot(digits, 100.0 * angle))

    def _integrator(self) -> tuple[Component, ...]:
        if self.accuracy.integrator is None:
            name = f"reference energy integrator (not stated: {ASSUMED_INTEGRATOR_PCT:g} % of reading assumed)"
            return (Component.rectangular(name, ASSUMED_INTEGRATOR_PCT),)
        stated = self._spec("integrator")
        return (stated.component("reference energy integrator", stated.reading_pct),)

    def _spec(self, name: str) -> Accuracy:
        return self.accuracy.at(name, self.frequency_hz, self.power_factor)

    def _together(self, parts: Sequence[float]) -> float:
        """Add up the shares of the elements, signed: linearly, or as the root of squares where they are independent."""
        return abs(math.fsum(parts)) if self.accuracy.between_elements == "correlated" else math.hypot(*parts)

    def _turned(self, total: float, across: float, name: str, phases: str) -> Component:
        """``across`` is the power at right angles to the one asked for: the phase error turns it into the other."""
        spec = self._spec("phase")
        angle = 100.0 * math.radians(spec.fixed_deg) * across
        return spec.component(f"reference phase error in {name}", angle / total, phases)

    def _loaded(self, phases: str, quantity: str) -> dict[str, ElementState]:
        elements = {name: self._element(name, quantity) for name in phases}
        return {name: element for name, element in elements.items() if element.current != 0.0}

    def _element(self, phase: str, quantity: str) -> ElementState:
        if phase not in self.elements:
            raise ReferenceNotUsable(quantity, phase)
        return self.elements[phase]


def _refuse_zero(total: float, chosen: list[ElementState], quantity: str, phases: str) -> None:
    """Refuse a total that is rounding only, such as P at exactly 90 degrees."""
    if not total > 1e-12 * sum(element.apparent for element in chosen):
        raise ReferenceNotUsable(quantity, phases)


def _percent(spec: Accuracy, reading: float, full_range: float, quantity: str, phase: str) -> float:
    """Return the specification as percent of ``reading`` (> 0, same unit as ``full_range``)."""
    if not reading > 0.0:
        raise ReferenceNotUsable(quantity, phase)
    return spec.reading_pct + (spec.range_pct * full_range + 100.0 * spec.fixed_v) / reading
