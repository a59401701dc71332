"""Rows of a standard beside its error limits: differences, influence quantities, repeatability, starting, no load."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, PrivateAttr, StrictBool, WithJsonSchema, model_validator

from rig.metrology.standards.row_parts import Band, Checked, Factor, LoadKind, Number, Positive, Quantity, Text

_MINUTES_AND_WATTS = 60_000.0
"""One pulse of 1/k kWh in dt minutes is a mean power of 60 000 / (k dt) watts."""


def _band(value: object) -> object:
    """Take one number as the band that holds it alone."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"from": value, "to": value}
    return value


_NUMBER_OR_BAND = {
    "anyOf": [
        {"type": "number", "minimum": 0},
        {
            "type": "object",
            "properties": {"from": {"type": "number"}, "to": {"type": "number"}, "below": {"type": "number"}},
            "required": ["from"],
            "additionalProperties": False,
        },
    ]
}
Currents = Annotated[Band, BeforeValidator(_band), WithJsonSchema(_NUMBER_OR_BAND)]
"""Percent of In: a band, or one number."""


class Influence(StrEnum):
    """What is changed while everything else stays at its reference value."""

    VOLTAGE = "voltage"
    FREQUENCY = "frequency"
    PHASE_SEQUENCE = "phase_sequence"
    VOLTAGE_UNBALANCE = "voltage_unbalance"
    PHASES_MISSING = "phases_missing"
    AUXILIARY_VOLTAGE = "auxiliary_voltage"
    FIFTH_HARMONIC = "fifth_harmonic"
    PHASE_FIRED = "phase_fired"
    BURST = "burst"
    QUADRIFORM = "quadriform"
    PEAKED = "peaked"
    INTERHARMONICS = "interharmonics"
    WAVEFORM = "waveform"
    TEMPERATURE = "temperature"
    SELF_HEATING = "self_heating"

    @property
    def has_values(self) -> bool:
        """Whether a row says to which values it is changed; the others are present or absent."""
        return self in _WITH_VALUES

    @property
    def waveform(self) -> str:
        """The name of the waveform that is injected, empty where it stays a sine wave or the row names it."""
        return self.value if self in _WAVEFORMS else ""


_WITH_VALUES = {
    Influence.VOLTAGE,
    Influence.FREQUENCY,
    Influence.VOLTAGE_UNBALANCE,
    Influence.AUXILIARY_VOLTAGE,
    Influence.TEMPERATURE,
}
_WAVEFORMS = {
    Influence.FIFTH_HARMONIC,
    Influence.PHASE_FIRED,
    Influence.BURST,
    Influence.QUADRIFORM,
    Influence.PEAKED,
    Influence.INTERHARMONICS,
}


class InTable(Checked):
    """A row that knows its table, as ``rig.metrology.limits.LimitRow`` does. ``title`` is the table's own."""

    title: Text
    _of: tuple[str, str, str] = PrivateAttr(default=("", "", ""))

    def placed(self, standard: str, edition: str, accuracy_class: str) -> Self:
        """Return the row as one of a standard's edition and class."""
        row = self.model_copy()
        row._of = (standard, edition, accuracy_class)  # noqa: SLF001 - of its own class
        return row

    @property
    def standard(self) -> str:
        """The standard, such as IEC 62053-22."""
        return self._of[0]

    @property
    def edition(self) -> str:
        """Its edition, empty where it has none."""
        return self._of[1]

    @property
    def accuracy_class(self) -> str:
        """The class for which the row is, empty where the standard has none."""
        return self._of[2]

    @property
    def table(self) -> str:
        """The table of the standard in which the row stands."""
        return self.title

    @property
    def verified(self) -> bool:
        """Whether a person has checked the row against a bought copy."""
        return bool(self.checked_by)


class DifferenceRow(InTable):
    """Limit of the difference between a single-phase error and the balanced error, both at the same current and factor.

    ``limit_pct`` in percentage points; the other fields as in LimitRow.
    """

    quantities: tuple[Quantity, ...] = Field(min_length=1)
    current_pct: Positive
    factor: Factor
    limit_pct: Positive


class InfluenceRow(InTable):
    """Limit of the variation of percentage error when one influence quantity leaves its reference value.

    ``limit_pct``: percentage points; per kelvin for ``temperature``, where it is the limit of the mean coefficient.
    ``values``: percent of nominal for voltage, frequency and auxiliary voltage; percent of nominal of one phase, the
    others at 100, for voltage unbalance; degrees Celsius for temperature; empty elsewhere. ``waveform``: of the
    influence "waveform" only, a name or file of rig.waveforms. ``current_pct``: percent of In, a band or one number.
    The row holds for any value between the reference value and those stated.
    """

    influence: Influence
    quantities: tuple[Quantity, ...] = Field(min_length=1)
    load: LoadKind = LoadKind.BALANCED
    current_pct: Currents
    factors: tuple[Factor, ...] = Field(min_length=1)
    values: tuple[Number, ...] = ()
    waveform: str = ""
    limit_pct: Positive

    @property
    def injected(self) -> str:
        """The name of the waveform that is injected, empty where it stays a sine wave."""
        return self.waveform or self.influence.waveform

    @model_validator(mode="after")
    def _has_values_where_they_belong(self) -> Self:
        if self.influence.has_values != bool(self.values):
            needs = "needs 'values'" if self.influence.has_values else "has no 'values'"
            raise ValueError(f"a row about {self.influence} {needs}")
        if (self.influence is Influence.WAVEFORM) != bool(self.waveform):
            needs = "has no 'waveform'" if self.waveform else "names its 'waveform', or the path of its file"
            raise ValueError(f"a row about {self.influence} {needs}")
        return self


class RepeatabilityRow(InTable):
    """Limit of the experimental standard deviation of ``repeats`` successive measurements of one load.

    ``share_of_limit``: of the error limit at that load. ``currents_pct``: percent of In at which it is tried.
    """

    quantities: tuple[Quantity, ...] = Field(min_length=1)
    load: LoadKind = LoadKind.BALANCED
    currents_pct: tuple[Positive, ...] = Field(min_length=1)
    factors: tuple[Factor, ...] = Field(min_length=1)
    share_of_limit: Annotated[float, Field(gt=0.0, le=1.0, strict=True)]
    repeats: Annotated[int, Field(ge=3, le=100, strict=True)]

    def limit_pct(self, error_limit_pct: float) -> float:
        """Return the limit of the standard deviation in percent, where errors are limited by ``error_limit_pct``."""
        return self.share_of_limit * error_limit_pct


class StartingRow(InTable):
    """The current at which a meter must start and keep registering.

    ``tolerance_pct``: how far the registered energy may be off, percent; None where the standard states no number.
    ``both_directions``: for import and for export.
    """

    quantities: tuple[Quantity, ...] = Field(min_length=1)
    load: LoadKind = LoadKind.BALANCED
    current_pct: Positive
    factors: tuple[Factor, ...] = Field(min_length=1)
    both_directions: StrictBool = True
    tolerance_pct: Positive | None = None


class MeanPowerOf(StrEnum):
    """What the permitted mean power without load is a share of."""

    MAXIMUM_POWER = "maximum_power"
    """Elements times nominal voltage times maximum current."""
    STARTING_POWER = "starting_power"
    """Elements times test voltage times starting current."""


class NoLoadRow(InTable):
    """No more than one pulse in dt = ``formula_constant`` / (k m U I) minutes, without current.

    ``voltage_pct``: percent of nominal. ``mean_power_share_of`` says which U and I are meant. k in pulses/kWh, m
    elements. A meter without pulses is judged by the mean power that this permits; k cancels out.
    """

    quantities: tuple[Quantity, ...] = Field(min_length=1)
    voltage_pct: Positive
    mean_power_share_of: MeanPowerOf
    formula_constant: Positive

    @property
    def share(self) -> float:
        """The permitted mean power as a share of ``mean_power_share_of``."""
        return _MINUTES_AND_WATTS / self.formula_constant

    def mean_power_w(self, elements: int, nominal_v: float, *, maximum_a: float, starting_a: float) -> float:
        """Return the mean power in watts (or var) that is permitted without load; volts line to neutral, amperes."""
        if self.mean_power_share_of is MeanPowerOf.MAXIMUM_POWER:
            return self.share * elements * nominal_v * maximum_a
        return self.share * elements * (nominal_v * self.voltage_pct / 100.0) * starting_a


ProgrammeRow = DifferenceRow | InfluenceRow | RepeatabilityRow | StartingRow | NoLoadRow
