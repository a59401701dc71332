"""Accuracy of a reference analyzer as data: rows of percentages, each for a frequency band and a range of PF."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from rig.errors import UsageRefused
from rig.files.yaml_types import PerhapsLine
from rig.metrology.standards.row_parts import Band, Quantity
from rig.metrology.uncertainty import Component, Distribution

_NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
_Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]

_AMPLITUDE = ("reading_pct", "range_pct", "fixed_v")
_PF_DIGITS = 4
"""A power factor is compared with the ends of a band to this many digits: cos 60 degrees is 0.5000000000000001."""


class AccuracyNotStated(UsageRefused):
    """A specification says nothing about ``what`` at this frequency (Hz) and power factor: it is not extrapolated."""

    def __init__(
        self, what: str, frequency_hz: float | None, power_factor: float | None, stated: tuple[str, ...]
    ) -> None:
        at = [] if frequency_hz is None else [f"{frequency_hz:g} Hz"]
        at += [] if power_factor is None else [f"PF {abs(power_factor):.4g}"]
        super().__init__(
            f"the analyzer's accuracy of {what} is not stated at {', '.join(at) or 'an unknown frequency'}, only for "
            f"{'; '.join(stated)}; nothing is extrapolated: add a row to the specification or leave the point out"
        )
        self.what = what
        self.frequency_hz = frequency_hz
        self.power_factor = power_factor


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class Accuracy(_Strict):
    """Accuracy of one measured quantity: percent of reading plus percent of range plus a fixed part, added linearly.

    ``fixed_v``: volts at the analyzer's terminals, of a voltage or of a CT signal; ``fixed_deg``: degrees, of angles.
    ``distribution`` says what the figure is: ``rectangular``, the half-width of a specification; or ``normal``, an
    expanded uncertainty from a certificate with coverage factor ``k``. ``frequency_hz`` and ``power_factor`` (its
    magnitude, of power only): where the row holds; left out, it holds everywhere. ``includes_phase``: this figure of
    power was found at its power factor, so that the error of the angle is in it.
    """

    reading_pct: _NotNegative = 0.0
    range_pct: _NotNegative = 0.0
    fixed_v: _NotNegative = 0.0
    fixed_deg: _NotNegative = 0.0
    distribution: Literal["rectangular", "normal"] = "rectangular"
    k: _Positive | None = None
    frequency_hz: Band | None = None
    power_factor: Band | None = None
    includes_phase: bool = False

    @model_validator(mode="after")
    def _k_fits_distribution(self) -> Accuracy:
        if (self.distribution == "normal") != (self.k is not None):
            raise ValueError("distribution: normal needs 'k', rectangular has none")
        return self

    @property
    def where(self) -> str:
        """Where the row holds, in words; "all points" where it says nothing of that."""
        words = [] if self.frequency_hz is None else [f"{self.frequency_hz.text} Hz"]
        words += [] if self.power_factor is None else [f"PF {self.power_factor.text}"]
        return ", ".join(words) or "all points"

    def holds_at(self, frequency_hz: float | None, power_factor: float | None) -> bool:
        """Whether the row is about this nominal point; what is not known (None) is in no band."""
        for band, value in (
            (self.frequency_hz, frequency_hz),
            (self.power_factor, None if power_factor is None else round(abs(power_factor), _PF_DIGITS)),
        ):
            if band is not None and (value is None or value not in band):
                return False
        return True

    def component(self, name: str, stated: float, phase: str = "") -> Component:
        """Return a budget line for a ``stated`` percentage, of a ``phase`` if given, with the stated distribution."""
        if self.k is not None:
            line = Component(name, stated, self.k, Distribution.NORMAL)
        else:
            line = Component.rectangular(name, stated)
        return replace(line, name=f"{name} {phase}", group=name) if phase else line


class Temperature(_Strict):
    """How the analyzer's readings follow its temperature, beyond what its accuracy holds for.

    ``pct_per_k``: percent of reading for each kelvin; ``within_k``: how far its air may be, in the room where it
    stands, from the temperature (or outside the band) for which the accuracy is stated.
    """

    pct_per_k: _NotNegative
    within_k: _Positive


class Drift(_Strict):
    """Percent of reading by which the analyzer may have drifted from its calibration until that is due."""

    reading_pct: _Positive


class Resolution(_Strict):
    """The last digit of an answer: ``digits`` significant ones of U, I and P; ``phase_deg`` of an angle, degrees."""

    digits: Annotated[int, Field(ge=3, le=12)]
    phase_deg: _Positive

    def half_step_pct(self, value: float) -> float:
        """Return half the last digit of ``value`` (any unit, not 0) in percent of it."""
        exponent = math.floor(math.log10(abs(value)) + 1e-12)
        return 50.0 * 10.0 ** (exponent - self.digits + 1) / abs(value)


_Coefficient = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Correlation = Literal["correlated", "independent"] | _Coefficient
"""How far errors are alike: in a word, or as a correlation coefficient from 0 to 1."""


def _coefficient(stated: str | float) -> float:
    return {"correlated": 1.0, "independent": 0.0}[stated] if isinstance(stated, str) else float(stated)


ASSUMED_INTEGRATOR_PCT = 0.02
"""Percent of reading that an integrator is taken to add where nothing is stated of it: what makers commonly state for
integration and its timer together. It is no substitute for a statement; each budget with it has that as a remark."""


def _kind(value: Any) -> str:  # Any: what YAML can hold
    return "<rows>" if isinstance(value, list | tuple) else "<row>"


Rows = Annotated[
    Annotated[Accuracy, Tag("<row>")]
    | Annotated[tuple[Accuracy, ...], Field(min_length=1, strict=False), Tag("<rows>")],
    Discriminator(_kind),
]
"""One row, or several of which each says where it holds."""


class ReferenceAccuracy(_Strict):
    """The accuracy of a reference analyzer while its calibration holds: ``accuracy`` in a bench or calibration file.

    ``power``: active power, of range meaning voltage range times current range; at power factor 1 unless its rows say
    otherwise. ``phase``: the error of the angle between a voltage and a current input, or between two voltage inputs,
    as ``fixed_deg``; it enters as tan φ for P (not where a row of power includes it) and cot φ for Q. Q is made from
    voltage, current and angle. ``integrator``:
    what the energy integrator adds (time base, gate), as ``reading_pct`` of the energy; None where nothing is stated:
    then ``ASSUMED_INTEGRATOR_PCT`` is taken. ``temperature``, ``drift`` and ``resolution`` are lines of each budget,
    and a budget says which of them are not stated. ``between_elements``: whether the errors of the three elements are
    alike (calibrated against one standard; the larger total for loads of one sign) or have nothing to do with each
    other, or a correlation coefficient. ``between_quantities``: the same of the errors of voltage, current and power
    in S, PF and Q; independent unless stated. ``between_conditions``: the correlation coefficient of the errors of two
    readings of one quantity on one range under two conditions, for variations; None where it is not stated.
    ``frequency``: as ``reading_pct``; None where nothing is stated.
    ``stated_by``: where the figures come from, in words, for reports. Rows of one quantity never overlap, and none is
    0 %.
    """

    stated_by: PerhapsLine = ""
    voltage: Rows
    current: Rows
    power: Rows
    phase: Rows
    integrator: Rows | None = None
    temperature: Temperature | None = None
    drift: Drift | None = None
    resolution: Resolution | None = None
    frequency: Rows | None = None
    between_elements: Correlation = "correlated"
    between_quantities: Correlation = "independent"
    between_conditions: _Coefficient | None = None

    @property
    def coefficient_between_elements(self) -> float:
        """Correlation coefficient of the errors of two elements, 0 to 1."""
        return _coefficient(self.between_elements)

    @property
    def coefficient_between_quantities(self) -> float:
        """Correlation coefficient of the errors of two quantities of one element, 0 to 1."""
        return _coefficient(self.between_quantities)

    @model_validator(mode="after")
    def _says_what_counts(self) -> ReferenceAccuracy:
        allowed = {
            "voltage": _AMPLITUDE,
            "current": _AMPLITUDE,
            "power": ("reading_pct", "range_pct"),
            "phase": ("fixed_deg",),
            "integrator": ("reading_pct",),
            "frequency": ("reading_pct",),
        }
        for name, figures in allowed.items():
            rows = tuple(self._rows(name))
            for row in rows:
                stated = row.model_fields_set & {*_AMPLITUDE, "fixed_deg"}
                if any(getattr(row, figure) for figure in stated - set(figures)) or not stated & set(figures):
                    raise ValueError(f"{name} is stated as {' and '.join(figures)}")
                if not any(getattr(row, figure) > 0.0 for figure in figures):
                    raise ValueError(
                        f"{name} is stated as 0: no instrument has no error; give what its certificate or "
                        "specification says"
                    )
                if name != "power" and (row.power_factor is not None or row.includes_phase):
                    raise ValueError(f"only power is stated by power factor, not {name}")
            for first, second in combinations(rows, 2):
                if _meet(first, second):
                    raise ValueError(f"two rows of {name} hold for {first.where} and {second.where}; keep them apart")
        return self

    def at(self, name: str, frequency_hz: float | None, power_factor: float | None) -> Accuracy:
        """Return the row of ``name`` (voltage, current, power ...) that holds at a nominal point.

        ``frequency_hz`` and ``power_factor`` (either sign) may be unknown (None) where no row asks for them. Raises
        AccuracyNotStated where no row holds.
        """
        rows = tuple(self._rows(name))
        found = next((row for row in rows if row.holds_at(frequency_hz, power_factor)), None)
        if found is None:
            stated = tuple(row.where for row in rows) or ("nothing",)
            by_factor = any(row.power_factor is not None for row in rows)
            raise AccuracyNotStated(name, frequency_hz, power_factor if by_factor else None, stated)
        return found

    def require(self, quantity: Quantity, phase: str, frequency_hz: float, power_factor: float) -> None:
        """Raise AccuracyNotStated where the uncertainty of ``quantity`` on ``phase`` is not known at such a point."""
        if str(quantity) in ("voltage", "current", "frequency"):
            self.at(quantity.value, frequency_hz, power_factor)
            needs_phase = quantity is Quantity.VOLTAGE and len(phase) == 2
        elif quantity in (Quantity.ACTIVE_POWER, Quantity.ACTIVE_ENERGY):
            needs_phase = not self.at("power", frequency_hz, power_factor).includes_phase
        else:
            self.at("voltage", frequency_hz, power_factor)
            self.at("current", frequency_hz, power_factor)
            needs_phase = str(quantity) != "apparent_power"
            if str(quantity) == "power_factor":
                needs_phase = not self.at("power", frequency_hz, power_factor).includes_phase
        if needs_phase:
            self.at("phase", frequency_hz, power_factor)
        if quantity in (Quantity.ACTIVE_ENERGY, Quantity.REACTIVE_ENERGY) and self.integrator is not None:
            self.at("integrator", frequency_hz, power_factor)

    def path_lines(self, _quantity: str, _phases: str, _elements: Mapping[str, Any]) -> tuple[Component, ...]:
        """Return budget lines of what stands in front of the analyzer; none where no correction is known."""
        return ()

    def _rows(self, name: str) -> Iterator[Accuracy]:
        rows: Accuracy | tuple[Accuracy, ...] | None = getattr(self, name)
        if isinstance(rows, Accuracy):
            yield rows
        elif rows is not None:
            yield from rows


def _meet(first: Accuracy, second: Accuracy) -> bool:
    """Whether some point would find both rows."""
    pairs = ((first.frequency_hz, second.frequency_hz), (first.power_factor, second.power_factor))
    return all(one is None or other is None or one.meets(other) for one, other in pairs)
