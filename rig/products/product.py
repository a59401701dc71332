"""What a product file says of a variant: strict, frozen models; no I/O."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from meter_model.configuration import Configuration, ValueRefused
from rig.files.yaml_types import Degrees, Hertz, Line, Name, Percent, Prose, Seconds, Strict, Volts
from rig.products.failure_classes import FailureClass

_LONGEST_SERIAL = 40
_FieldNumber = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
_DriftPct = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False)]


class SerialNumberPart(Strict):
    """How a serial number is written: ``pattern``, a regular expression for all of it, and ``words`` for people.

    A serial number is a text from the scanner to the label: ``007`` and ``1E5`` stay what they are.
    """

    pattern: Line
    words: Line
    longest: Annotated[int, Field(ge=1, le=_LONGEST_SERIAL)] = _LONGEST_SERIAL

    @field_validator("pattern")
    @classmethod
    def _is_an_expression(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"{value!r} is no regular expression ({error})") from None
        return value

    def fits(self, text: str) -> bool:
        """Whether a text is a serial number of this product."""
        return len(text) <= self.longest and re.fullmatch(self.pattern, text) is not None


class ConfigurationPart(Strict):
    """Analog values as they are shipped, by the names of their objects (manual pages 23 and 24); all are written."""

    system_type: Literal[10, 11, 12, 31, 40]
    ct_primary_a: _FieldNumber
    ct_secondary: Literal[1, 3]
    """1 for CTs of 1 V, 3 for CTs of 1/3 V."""
    pt_ratio: _FieldNumber = 1.0
    system_voltage_v: _FieldNumber
    display_units: Literal[0, 1] = 1
    phase_loss_pct: _FieldNumber = 10.0
    imbalance_pct: _FieldNumber = 25.0
    subintervals: Annotated[int, Field(ge=1, le=6)] = 1
    subinterval_cs: Annotated[int, Field(ge=0, le=2**31)] = 90_000

    @property
    def configuration(self) -> Configuration:
        """As the meter model has it."""
        return Configuration(**{name: getattr(self, name) for name in type(self).model_fields})

    @model_validator(mode="after")
    def _is_taken_by_a_meter(self) -> ConfigurationPart:
        try:
            self.configuration.write(6, self.system_voltage_v)
        except ValueRefused as refusal:
            raise ValueError(str(refusal)) from None
        return self

    @property
    def by_instance(self) -> dict[int, float]:
        """Value of each AV2 to AV11."""
        configuration = self.configuration
        return {av: configuration.value(av) for av in range(2, 12)}


class LoadPart(Strict):
    """The nominal load: ``voltage_v`` line to neutral (of type 10, 11: as its system type has it)."""

    voltage_v: Volts
    frequency_hz: Hertz = 60.0
    rating: Name = "UL"
    current_pct: Percent = 100.0
    """Of the largest current at the unbalanced point, percent of the CTs' rated current."""
    angle_deg: Degrees = 60.0
    """At which phase errors show: 60 degrees is a power factor of 0.5."""


class LimitsPart(Strict):
    """Production limits: each row of the tables less ``drift_pct``, guard-banded by U.

    ``drift_pct``: allowance for the change of the error until the meter is looked at again, percentage points by
    quantity.
    """

    tables: Annotated[tuple[Line, ...], Field(strict=False)] = ()
    active_power_drift_pct: _DriftPct = 0.02
    reactive_power_drift_pct: _DriftPct = 0.1
    voltage_drift_pct: _DriftPct = 0.01
    current_drift_pct: _DriftPct = 0.01


class RetestPart(Strict):
    """How often a unit may be tested: ``most_attempts`` in all, and ``after`` which failure classes once more."""

    most_attempts: Annotated[int, Field(ge=1, le=20)] = 2
    after: Annotated[tuple[FailureClass, ...], Field(strict=False)] = (
        FailureClass.COMMUNICATION,
        FailureClass.IDENTITY,
        FailureClass.WIRING,
    )

    @field_validator("after", mode="before")
    @classmethod
    def _words_are_classes(cls, value: object) -> object:
        if not isinstance(value, list | tuple):
            return value
        known = {each.value: each for each in FailureClass}
        for word in value:
            if str(word) not in known:
                raise ValueError(f"{word!r} is no failure class; they are {', '.join(known)}")
        return tuple(known[str(word)] for word in value)


class RoutePart(Strict):
    """Where it is written that a unit passed the dielectric test: a FILE (CSV or JSON) or a URL with ``{serial}``."""

    file: Line | None = None
    url: Line | None = None
    timeout_s: Seconds = 5.0

    @model_validator(mode="after")
    def _one_of_both(self) -> RoutePart:
        if (self.file is None) == (self.url is None):
            raise ValueError("a route is read from 'file' or from 'url': give one of them")
        if self.url is not None and ("{serial}" not in self.url or not self.url.startswith(("http://", "https://"))):
            raise ValueError("url begins with http:// or https:// and has {serial} where the serial number goes")
        return self


Part = Literal["alarm_contact", "pulse_input", "panel"]
"""What a bench may lack."""


class ShippingPart(Strict):
    """How a unit leaves: energies, demand and logs cleared, pulse count 0 where it is cleared, clock set."""

    clear_energy: bool = True
    clear_demand: bool = True
    clear_logs: bool = True
    clear_pulse_count: bool = True
    clock_within_s: Seconds = 5.0


class PanelPart(Strict):
    """What the operator is asked about the front panel; the steps that the model derives are asked too."""

    ask: bool = True
    steps: Annotated[tuple[Line, ...], Field(strict=False)] = ()
    """Steps by name, of those that are derived; all of them where none is named."""


class Product(Strict):
    """A product variant: how its units are scanned, set up, tested and shipped."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    name: Name
    description: Prose = ""
    meter_type: Name = "s4100"
    serial_number: SerialNumberPart
    released_firmware: Annotated[tuple[Line, ...], Field(strict=False, min_length=1)]
    configuration: ConfigurationPart
    load: LoadPart
    limits: LimitsPart = LimitsPart()
    route: RoutePart | None = None
    required: Annotated[tuple[Part, ...], Field(strict=False)] = ()
    """Parts of the bench without which this product is not tested; others are skipped with the reason."""
    panel: PanelPart = PanelPart()
    retest: RetestPart = RetestPart()
    shipping_state: ShippingPart = ShippingPart()

    def placed(self, folder: Path) -> Product:
        """Return it with the file of its route taken from ``folder``, where it has one that is not absolute."""
        if self.route is None or self.route.file is None:
            return self
        route = self.route.model_copy(update={"file": str(folder / self.route.file)})
        return self.model_copy(update={"route": route})
