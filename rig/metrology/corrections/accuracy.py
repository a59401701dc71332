"""The accuracy of a reference with corrected paths in front of it: budget lines of their ratio and phase errors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

from rig.errors import UsageRefused
from rig.metrology.accuracy import AccuracyNotStated, ReferenceAccuracy
from rig.metrology.corrections.applied import PathCorrections
from rig.metrology.corrections.curves import PathError
from rig.metrology.uncertainty import Component, Distribution

_NO_AMPLITUDE = ("power_factor",)
"""What is a quotient of powers: the ratio error of a path is in both."""


class Element(Protocol):
    """What an element of the analyzer measures: volts, volts at a CT input, and its powers."""

    @property
    def voltage_v(self) -> float:
        """Volts."""

    @property
    def current(self) -> float:
        """Volts at a CT input."""

    @property
    def active(self) -> float:
        """Signed."""

    @property
    def reactive(self) -> float:
        """Signed, lagging positive."""

    @property
    def apparent(self) -> float:
        """U times I."""


class CorrectionNotStated(AccuracyNotStated):
    """A correction says nothing at this signal: ``what`` path, and where it is stated; it is not extrapolated."""

    def __init__(self, path: str, phase: str, value: float, stated: tuple[float, float]) -> None:
        unit = "%" if path == "current" else "V"
        UsageRefused.__init__(
            self,
            f"the correction of the {path} on phase {phase} is stated from {stated[0]:g} to {stated[1]:g} {unit}, not "
            f"at {value:.3g} {unit}; nothing is extrapolated: add points to its file or leave the load point out",
        )
        self.what = path
        self.frequency_hz = self.power_factor = None
        self.stated = ()


class CorrectedAccuracy(ReferenceAccuracy):
    """An accuracy beside the corrections of what stands in front of the analyzer; made by ``with_paths``."""

    paths: PathCorrections

    def path_lines(self, quantity: str, phases: str, elements: Mapping[str, Element]) -> tuple[Component, ...]:
        """Return the lines of ratio and phase of both paths, in percent of ``quantity`` on ``phases``.

        Those of several phases are of one source: one laboratory measured them against one standard. Raises
        CorrectionNotStated beyond the ends of a curve.
        """
        loaded = {name: elements[name] for name in phases if name in elements}
        ratio = {path: _ratio_shares(quantity, path, loaded) for path in ("voltage", "current")}
        phase = _phase_shares(quantity, loaded)
        lines = []
        for path, shares in ratio.items():
            for name, share in shares.items():
                error = self._error(path, name, loaded[name])
                if error is not None and share:
                    lines.append(_line(f"correction of {path} ratio", name, error.ratio_u_pct * share, error.k))
        for path, sign in (("voltage", 1.0), ("current", -1.0)):
            for name, share in phase.items():
                error = self._error(path, name, loaded[name])
                if error is not None and share:
                    stated = 100.0 * math.radians(error.phase_u_deg) * share * sign
                    lines.append(_line(f"correction of {path} phase", name, stated, error.k))
        return tuple(lines)

    def _error(self, path: str, phase: str, element: Element) -> PathError | None:
        value = element.voltage_v if path == "voltage" else 100.0 * element.current / self.paths.rated_v
        curve = self.paths.corrections.curve(path, phase)
        if curve is not None and value > 0.0 and not self.paths.corrections.covers(path, phase, value):
            raise CorrectionNotStated(path, phase, value, (curve.at[0], curve.at[-1]))
        return self.paths.corrections.error(path, phase, value)


def with_paths(accuracy: ReferenceAccuracy, paths: PathCorrections | None) -> ReferenceAccuracy:
    """Return an accuracy whose budgets have lines of the corrections; unchanged where nothing is corrected."""
    if paths is None:
        return accuracy
    stated = {name: getattr(accuracy, name) for name in type(accuracy).model_fields}
    return CorrectedAccuracy.model_construct(**stated, paths=paths)


def _ratio_shares(quantity: str, path: str, loaded: Mapping[str, Element]) -> dict[str, float]:
    """Return by what a ratio error of a path on each phase changes the quantity, both relative."""
    if quantity in _NO_AMPLITUDE or quantity == "frequency":
        return {}
    if quantity in ("voltage", "current"):
        return {name: 1.0 / len(loaded) for name in loaded} if quantity == path else {}
    powers = {name: _power(quantity, element) for name, element in loaded.items()}
    total = abs(math.fsum(powers.values()))
    return {name: power / total for name, power in powers.items()} if total else {}


def _phase_shares(quantity: str, loaded: Mapping[str, Element]) -> dict[str, float]:
    """Return by what part of itself a phase error, radians, on each phase changes the quantity."""
    if quantity == "voltage" and len(loaded) == 2:
        first, second = loaded
        weight = 0.5 / math.tan(math.radians(60.0))
        return {first: weight, second: -weight}
    if quantity in ("voltage", "current", "frequency", "apparent_power"):
        return {}
    total = abs(math.fsum(_power(quantity, element) for element in loaded.values()))
    is_active = quantity in ("active_power", "active_energy", "power_factor")
    across = {name: e.reactive if is_active else -e.active for name, e in loaded.items()}
    return {name: value / total for name, value in across.items()} if total else {}


def _power(quantity: str, element: Element) -> float:
    if quantity in ("reactive_power", "reactive_energy"):
        return element.reactive
    return element.apparent if quantity == "apparent_power" else element.active


def _line(name: str, phase: str, stated: float, k: float) -> Component:
    return Component(
        f"{name} {phase}",
        abs(stated),
        k,
        Distribution.NORMAL,
        math.copysign(1.0, stated),
        group=name,
        source=name,
        correlation=1.0,
    )
