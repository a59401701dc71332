"""Uncertainty of the reference analyzer at a load point: its stated accuracy as components of a budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from drivers.errors import RigError
from rig.load_point import PHASE_NAMES
from rig.metrology.accuracy import ASSUMED_INTEGRATOR_PCT, Accuracy, ReferenceAccuracy, Resolution
from rig.metrology.limits import Quantity
from rig.metrology.uncertainty import Budget, Component

_READINGS = {"reactive_power": 2, "reactive_energy": 2, "apparent_power": 2, "power_factor": 3}
"""Of how many readings a quantity is made, where it is more than one."""


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
    total, since the open channel is better evidence of zero than the analyzer. A total has a line for each element,
    all of one source. Unless the accuracy says otherwise their amplitude and phase errors are taken as fully
    correlated: a total's uncertainty is the linear sum of its elements'. That is the larger of the two extremes for
    loads of one sign.
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
        by_quantity: dict[str, Callable[[str], tuple[Component, ...]]] = {
            "active_power": self.active_power,
            "reactive_power": self.reactive_power,
            "apparent_power": self.apparent_power,
            "power_factor": self.power_factor_of,
            "active_energy": self.active_energy,
            "reactive_energy": self.reactive_energy,
            "voltage": self.voltage,
            "current": self.current,
            "frequency": self.frequency,
        }
        return (
            *by_quantity[str(quantity)](phase),
            *self.accuracy.path_lines(str(quantity), phase, self.elements),
            *self._of_instrument(quantity, phase),
        )

    def voltage(self, phase: str) -> tuple[Component, ...]:
        """Return the components of a line to neutral voltage ("A") or a line to line voltage ("AB").

        A line to line voltage is the difference of two phasors at about 120 degrees: half of each amplitude's
        percentage, and the phase error between two elements with half the cotangent of half the angle between them.
        """
        spec = self._spec("voltage")
        shares = {name: 1.0 / len(phase) for name in phase}
        amplitudes = self._of_voltage(spec, "reference voltage", shares)
        if len(phase) == 1:
            return amplitudes
        weight = 0.5 / math.tan(math.radians(60.0))
        between = self._spec("phase")
        stated = 100.0 * weight * math.radians(between.fixed_deg)
        return (*amplitudes, between.component("reference phase between voltages", stated, phase))

    def current(self, phase: str) -> tuple[Component, ...]:
        """Return the component of the current of one phase."""
        self._element(phase, "current")
        return self._of_current(self._spec("current"), "reference current", {phase: 1.0})

    def frequency(self, _phase: str = "") -> tuple[Component, ...]:
        """Return the component of the frequency; raises AccuracyNotStated where the accuracy has no row of it."""
        spec = self._spec("frequency")
        return (spec.component("reference frequency", spec.reading_pct),)

    def active_power(self, phases: str) -> tuple[Component, ...]:
        """Return amplitude and phase components of P, of one phase or of the total of ``phases``."""
        chosen = self._loaded(phases, "active power")
        spec = self._spec("power")
        amplitudes = self._of_power(spec, "reference power", chosen, phases)
        return amplitudes if spec.includes_phase else (*amplitudes, *self._turned_active(chosen, "power"))

    def reactive_power(self, phases: str) -> tuple[Component, ...]:
        """Return voltage, current and phase components of Q = U I sin φ, of one phase or of the total of ``phases``."""
        chosen = self._loaded(phases, "reactive power")
        total = abs(sum(element.reactive for element in chosen.values()))
        _refuse_zero(total, chosen, "reactive power", phases)
        shares = {name: element.reactive / total for name, element in chosen.items()}
        across = {name: element.active / total for name, element in chosen.items()}
        return (
            *self._amplitudes(
                self._of_voltage(self._spec("voltage"), "reference voltage in reactive power", shares),
                self._of_current(self._spec("current"), "reference current in reactive power", shares),
            ),
            *self._turned(across, "reactive power"),
        )

    def apparent_power(self, phases: str) -> tuple[Component, ...]:
        """Return voltage and current components of S = U I, of one phase or of the arithmetic total of ``phases``."""
        chosen = self._loaded(phases, "apparent power")
        shares = self._shares_of_apparent(chosen, "apparent power", phases)
        return self._amplitudes(
            self._of_voltage(self._spec("voltage"), "reference voltage in apparent power", shares),
            self._of_current(self._spec("current"), "reference current in apparent power", shares),
        )

    def power_factor_of(self, phases: str) -> tuple[Component, ...]:
        """Return the components of the power factor P / S: power, and against it voltage, current; and the phase.

        Power, voltage and current share one analyzer. As far as their errors are alike (``between_quantities`` of its
        accuracy) they cancel, since voltage and current count against power.
        """
        chosen = self._loaded(phases, "power factor")
        shares = self._shares_of_apparent(chosen, "power factor", phases)
        spec, name = self._spec("power"), "power factor"
        amplitudes = self._amplitudes(
            self._of_power(spec, f"reference power in {name}", chosen, phases),
            self._of_voltage(self._spec("voltage"), f"reference voltage in {name}", shares),
            self._of_current(self._spec("current"), f"reference current in {name}", shares),
            against_first=True,
        )
        return amplitudes if spec.includes_phase else (*amplitudes, *self._turned_active(chosen, name))

    def active_energy(self, phases: str) -> tuple[Component, ...]:
        """Return the components of active energy from the integrator, at a constant load."""
        return (*self.active_power(phases), *self._integrator())

    def reactive_energy(self, phases: str) -> tuple[Component, ...]:
        """Return the components of reactive energy from the integrator, at a constant load."""
        return (*self.reactive_power(phases), *self._integrator())

    def between_lines(self) -> tuple[Component, ...]:
        """Return what it adds to a power of phase A against neutral that it is converted to one against line B."""
        amplitude, angle = Budget(self.voltage("AB")).by_kind
        return (
            replace(amplitude, name="conversion from V_AN to V_AB", group=""),
            replace(angle, name="conversion from V_AN to V_AB: angle between the voltages", group=""),
        )

    def _of_instrument(self, quantity: Quantity, phase: str) -> tuple[Component, ...]:
        """Return temperature, drift and resolution of the analyzer; a line of 0 says that one of them is not stated."""
        stated = self.accuracy
        warm, drift = stated.temperature, stated.drift
        # Reactive power is made of two readings, a voltage and a current, which drift independently.
        made_of = math.sqrt(_READINGS.get(str(quantity), 1))
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
        if str(quantity) == "frequency":
            return Component.rectangular("analyzer resolution", stated.half_step_pct(self.frequency_hz or 1.0))
        parts = [self._element(name, str(quantity)) for name in phase]
        half_deg = math.radians(stated.phase_deg / 2.0)
        if quantity is Quantity.VOLTAGE:
            digits = max(stated.half_step_pct(e.voltage_v) for e in parts)
            angle = 0.5 / math.tan(math.radians(60.0)) * half_deg if len(phase) == 2 else 0.0
        elif quantity is Quantity.CURRENT:
            digits, angle = max(stated.half_step_pct(e.current) for e in parts), 0.0
        elif str(quantity) in ("apparent_power", "power_factor"):
            digits, angle = self._resolution_of_apparent(stated, quantity, parts), 0.0
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

    def _resolution_of_apparent(self, stated: Resolution, quantity: Quantity, parts: Sequence[ElementState]) -> float:
        """Return half the last digits of voltages and currents, and for a power factor of the powers, percent."""
        total = math.fsum(e.apparent for e in parts)
        found = 0.0
        for e in (each for each in parts if each.apparent > 0.0):
            digits = [stated.half_step_pct(e.voltage_v), stated.half_step_pct(e.current)]
            if str(quantity) == "power_factor" and e.active:
                digits.append(stated.half_step_pct(e.active))
            found += math.hypot(*digits) * e.apparent / total
        return found

    def _of_power(
        self, spec: Accuracy, name: str, chosen: Mapping[str, ElementState], phases: str
    ) -> tuple[Component, ...]:
        total = abs(sum(element.active for element in chosen.values()))
        _refuse_zero(total, chosen, name.removeprefix("reference ").replace("power in ", ""), phases)
        # Unsigned, also where loads have two signs: what a range adds has none.
        parts = {
            phase: (spec.reading_pct * abs(e.active) + spec.range_pct * e.power_range) / total
            for phase, e in chosen.items()
        }
        return self._lines(spec, name, parts, "analyzer power")

    def _of_voltage(self, spec: Accuracy, name: str, shares: Mapping[str, float]) -> tuple[Component, ...]:
        parts = {}
        for phase, share in shares.items():
            e = self._element(phase, "voltage")
            parts[phase] = share * _percent(spec, e.voltage_v, e.voltage_range_v, "voltage", phase)
        return self._lines(spec, name, parts, "analyzer voltage")

    def _of_current(self, spec: Accuracy, name: str, shares: Mapping[str, float]) -> tuple[Component, ...]:
        parts = {}
        for phase, share in shares.items():
            e = self._element(phase, "current")
            parts[phase] = share * _percent(spec, e.current, e.current_range, "current", phase)
        return self._lines(spec, name, parts, "analyzer current")

    def _lines(self, spec: Accuracy, name: str, parts: Mapping[str, float], source: str) -> tuple[Component, ...]:
        """Return a line for each element; all of them are of one analyzer, correlated as its accuracy says."""
        return tuple(
            replace(
                spec.component(name, abs(stated), phase),
                sensitivity=math.copysign(1.0, stated),
                source=source,
                correlation=self.accuracy.coefficient_between_elements,
            )
            for phase, stated in parts.items()
        )

    def _amplitudes(self, *quantities: tuple[Component, ...], against_first: bool = False) -> tuple[Component, ...]:
        """Put lines of several quantities together; where these are correlated, those of all elements are one line.

        ``against_first``: the quantities after the first are divided by, so that what they have in common cancels.
        """
        coefficient = self.accuracy.coefficient_between_quantities
        found = []
        for place, lines in enumerate(quantities):
            sign = -1.0 if against_first and place else 1.0
            if coefficient:
                (merged,) = Budget(lines).by_kind
                lines = (replace(merged, source="analyzer amplitudes", correlation=coefficient),)
            found += [replace(line, sensitivity=sign * line.sensitivity) for line in lines]
        return tuple(found)

    def _shares_of_apparent(self, chosen: Mapping[str, ElementState], quantity: str, phases: str) -> dict[str, float]:
        total = math.fsum(element.apparent for element in chosen.values())
        if not total > 0.0:
            raise ReferenceNotUsable(quantity, phases)
        return {name: element.apparent / total for name, element in chosen.items()}

    def _spec(self, name: str) -> Accuracy:
        return self.accuracy.at(name, self.frequency_hz, self.power_factor)

    def _turned_active(self, chosen: Mapping[str, ElementState], name: str) -> tuple[Component, ...]:
        total = abs(sum(element.active for element in chosen.values()))
        return self._turned({phase: e.reactive / total for phase, e in chosen.items()}, name)

    def _turned(self, across: Mapping[str, float], name: str) -> tuple[Component, ...]:
        """``across``: the power at right angles to the one asked for, in parts of it; the phase error turns it."""
        spec = self._spec("phase")
        turn = 100.0 * math.radians(spec.fixed_deg)
        parts = {phase: turn * part for phase, part in across.items()}
        return self._lines(spec, f"reference phase error in {name}", parts, "analyzer phase")

    def _loaded(self, phases: str, quantity: str) -> dict[str, ElementState]:
        elements = {name: self._element(name, quantity) for name in phases}
        return {name: element for name, element in elements.items() if element.current != 0.0}

    def _element(self, phase: str, quantity: str) -> ElementState:
        if phase not in self.elements:
            raise ReferenceNotUsable(quantity, phase)
        return self.elements[phase]


def _refuse_zero(total: float, chosen: Mapping[str, ElementState], quantity: str, phases: str) -> None:
    """Refuse a total that is rounding only, such as P at exactly 90 degrees."""
    if not total > 1e-12 * sum(element.apparent for element in chosen.values()):
        raise ReferenceNotUsable(quantity, phases)


def _percent(spec: Accuracy, reading: float, full_range: float, quantity: str, phase: str) -> float:
    """Return the specification as percent of ``reading`` (> 0, same unit as ``full_range``)."""
    if not reading > 0.0:
        raise ReferenceNotUsable(quantity, phase)
    return spec.reading_pct + (spec.range_pct * full_range + 100.0 * spec.fixed_v) / reading
