"""What a record holds, as frozen dataclasses in plain numbers and strings: written by procedures, read by reports."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rig.load_point import LoadPoint
from rig.records.plain_json import Json
from rig.records.verdicts import worst_outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHeader:
    """What is known when a run begins. ``kind``: certify, eol, regress ... ``retest_of``: id of the run repeated.

    ``environment``: what was recorded of the surroundings, names with units (``{"ambient_temperature_c": 23.1}``).
    ``simulated``: the readings come from the emulated bench, and every report prints that first. ``programme``: how
    much of its suite the run was to cover (``{"load points": (3, 90)}`` is 3 of 90; empty: not recorded).
    ``judged_with``: the reference's accuracy and the wiring, as data, to judge once more. ``after_adjustment_of``: id
    of the run that found the meter before it was adjusted. ``product`` and ``lot``: of an end-of-line run, else empty.
    """

    kind: str
    bench_name: str
    bench_file_sha256: str
    software_version: str
    git_sha: str | None = None
    operator: str = ""
    station: str = ""
    decision_rule: str = ""
    retest_of: str | None = None
    simulated: bool = False
    environment: Mapping[str, Json] = field(default_factory=dict)
    programme: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    judged_with: Mapping[str, Json] = field(default_factory=dict)
    after_adjustment_of: str | None = None
    product: str = ""
    lot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRecord:
    """One meter under test, as it says it is. ``position``: where it sits on the bench; ``scanned``: as its label says.

    Of a meter that did not answer, ``serial_number`` is what was scanned, and ``device_instance`` is 0.
    """

    serial_number: str
    device_instance: int
    model: str = ""
    firmware: str = ""
    application: str = ""
    position: str = ""
    scanned: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentRecord:
    """One instrument used. ``role``: source, analyzer ... ``identity``: what ``*IDN?`` said or the file says.

    A calibration that is None is "not recorded", and is printed in these words. ``calibration_status``: what it was
    worth on the day of the run ("valid", "expired" ...), None where it was not recorded.
    """

    role: str
    identity: str
    serial_number: str = ""
    calibration_certificate: str | None = None
    calibration_date: date | None = None
    calibration_due: date | None = None
    calibration_status: str | None = None

    @property
    def calibration_is_recorded(self) -> bool:
        """Whether a certificate and its date are known; one without the other proves nothing."""
        return bool(self.calibration_certificate) and self.calibration_date is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitProvenance:
    """Where a limit comes from, so that a reader can check it; ``checked_by`` is empty where it was not checked.

    ``standard``: with the class, such as "IEC 62053-22 class 0.2S".
    """

    standard: str
    edition: str = ""
    table: str = ""
    provenance: str = ""
    checked_by: str = ""
    checked_on: str = ""

    @property
    def is_verified(self) -> bool:
        """Whether a person compared the row with a bought copy of the standard."""
        return bool(self.checked_by)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetComponent:
    """One line of an uncertainty budget. ``standard_uncertainty_pct`` is u(x), in percent of the measurand.

    ``kind``: "A" or "B"; ``degrees_of_freedom`` may be infinite. ``source``: what the error comes from, such as one
    standard; lines of one source are correlated with each other by the coefficient ``correlation``.
    """

    name: str
    standard_uncertainty_pct: float
    kind: str = "B"
    distribution: str = "normal"
    sensitivity: float = 1.0
    degrees_of_freedom: float = math.inf
    source: str = ""
    correlation: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRecord:
    """One judged quantity of one load point: what the meter read, what it should have read, and the verdict.

    ``procedure``: power_comparison, energy_register ... ``instance``: of the Analog Input, 0 for the clock.
    ``phase``: A, B, C or ABC.
    ``read_value`` and ``expected_value`` in ``unit``; NaN is "the meter gave no number". ``error_pct``: (read -
    expected) / expected x 100; of a difference, an influence or self-heating the variation of that error against
    ``basis``, percentage points (of a temperature coefficient, points per kelvin); of a repeatability the standard
    deviation of the errors. ``condition``: what was changed, in words, such as "voltage -10 %", and ``basis``: label
    of the load point with whose error this one is compared; both empty where nothing was.
    ``expanded_uncertainty_pct`` = ``k`` x u_c at ``nu_eff`` degrees of freedom from ``n`` readings. ``limit_pct``: the
    half-width L, ``guard_band_pct`` the w of the decision rule, both positive. None is "not computed".
    ``conformance_probability``: 0 to 1. ``reason`` says why there is no plain verdict.
    ``failure_class``: as in a FindingRecord.
    """

    procedure: str
    instance: int
    quantity: str
    phase: str
    read_value: float
    expected_value: float
    unit: str
    outcome: str
    error_pct: float | None = None
    expanded_uncertainty_pct: float | None = None
    k: float | None = None
    nu_eff: float | None = None
    n: int = 0
    limit_pct: float | None = None
    guard_band_pct: float | None = None
    limit: LimitProvenance | None = None
    decision_rule: str = ""
    conformance_probability: float | None = None
    reason: str = ""
    components: tuple[BudgetComponent, ...] = ()
    unit_number: int | None = None
    condition: str = ""
    basis: str = ""
    failure_class: str = ""

    @property
    def place(self) -> str:
        """Where it was read, in words: instance and phase of the Analog Input, or the clock."""
        return f"AI{self.instance} {self.phase}" if self.instance else "clock"

    @property
    def uncertainty_ratio(self) -> float | None:
        """U/L, or None where one of them is missing."""
        if self.expanded_uncertainty_pct is None or not self.limit_pct:
            return None
        return self.expanded_uncertainty_pct / self.limit_pct


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecord:
    """One question answered in words rather than percent, such as identity or configuration read-back.

    ``cites``: the source of what is expected, such as "manual page 22"; empty where the question names none.
    ``failure_class``: what it says of the unit (rig.products.failure_classes), empty where it failed in nothing.
    """

    name: str
    expected: str
    found: str
    outcome: str
    unit_number: int | None = None
    cites: str = ""
    failure_class: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WiringCheckRecord:
    """One check of how a meter is connected, before the first verdict; never a statement about its accuracy.

    ``state``: right, wrong, accepted (wrong, and measured all the same) or unknown (``text`` says why). ``suspect``:
    where to look, "bench or meter" or "meter"; empty where nothing is wrong. ``faults``: alternatives that the
    readings cannot tell apart, each a list of faults with kind, where, factor, text and wires. ``pictures``: what was
    at the terminals (volts and amperes on the primary side, degrees) and what the meter read. ``proof``: whether a
    known good meter has proven this wiring, in words.
    """

    time_utc: datetime
    state: str
    text: str
    suspect: str = ""
    faults: list[Json] = field(default_factory=list)
    pictures: list[Json] = field(default_factory=list)
    proof: str = ""
    unit_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceReading:
    """One reading of the reference; ``raw`` is what the instrument said, ``monotonic_s`` the host's time."""

    raw: Mapping[str, Json]
    monotonic_s: float
    taken_utc: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReading:
    """One reading of the meter: ``values`` by Analog Input instance (NaN = QNAN), and when it was asked and answered.

    ``answered_utc`` is the wall-clock time of the answer; the monotonic times are the host's. ``torn``: the meter
    updated in the middle of it. ``errors``: objects that answered with an error, by instance.
    """

    values: Mapping[int, float]
    requested_monotonic_s: float
    answered_monotonic_s: float
    answered_utc: datetime
    torn: bool = False
    errors: Mapping[int, str] = field(default_factory=dict)
    unit_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """Something that happened. ``severity``: info, warning or error; ``data``: JSON."""

    time_utc: datetime
    kind: str
    severity: str
    text: str
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRecord:
    """A file that belongs to the run; ``sha256`` is that of its content when it was recorded."""

    path: Path
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One entry of the guardian's journal as folded in; ``confirmed``: it saw the outputs off itself."""

    entry_id: str
    time_utc: datetime | None
    reason: str
    confirmed: bool
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectValue:
    """The value of one object when it was saved: ``name`` such as "AV2"; NaN is QNAN."""

    name: str
    value: float
    unit_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionRecord:
    """The worst of one reference condition over a measurement: ``deviation`` against ``limit``, both in ``unit``.

    ``uncertainty`` of the deviation, expanded (k = 2), None where none is stated; ``met``: whether it allows a verdict.
    """

    quantity: str
    unit: str
    deviation: float
    limit: float
    uncertainty: float | None
    met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRecord:
    """One load point of a run, with all that was read and judged there.

    ``stated_outcome`` is the outcome of the point itself (INVALID, ERROR, SKIP), None where the results decide.
    ``deviation``: departures from the nominal point and reference conditions, names with units. ``temperature_c``,
    ``humidity_pct`` and ``pressure_hpa`` of the air, None where no probe measured it. ``conditions``: the worst of each
    reference condition over the measurement; empty in earlier records. ``step``: of the run's plan, empty without one.
    """

    number: int
    load_point: LoadPoint
    label: str
    started_utc: datetime
    finished_utc: datetime | None
    stated_outcome: str | None
    reason: str
    deviation: Mapping[str, Json]
    reference_readings: tuple[ReferenceReading, ...]
    meter_readings: tuple[MeterReading, ...]
    results: tuple[ResultRecord, ...]
    temperature_c: float | None = None
    humidity_pct: float | None = None
    measurement: Mapping[str, Json] | None = None
    pressure_hpa: float | None = None
    conditions: tuple[ConditionRecord, ...] = ()
    step: str = ""

    @property
    def outcome(self) -> str:
        """The outcome that decides over the point; ABORTED where it was begun and never came to an end."""
        stated = [self.stated_outcome] if self.stated_outcome else []
        if self.finished_utc is None and not stated:
            return "ABORTED"
        return worst_outcome(stated + [result.outcome for result in self.results]) or "NOT_JUDGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A load point that does not count for the result. ``purpose``: superseded or check; ``reason``: why, in words."""

    point: PointRecord
    purpose: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRecord:
    """One certificate issued for one unit of a run; entries are added and never changed.

    ``sequence`` counts within the year of ``issued_on``. ``amends``: number of the certificate that it replaces.
    ``parties``: as they were printed. The SHA-256 are of the PDF, its results, and the raw data.
    """

    run_id: str
    unit_number: int
    serial_number: str
    number: str
    sequence: int
    issued_on: date
    issued_utc: datetime
    amends: str | None = None
    reason: str = ""
    parties: Mapping[str, Any] = field(default_factory=dict)  # Any: JSON
    pdf_sha256: str
    results_sha256: str
    raw_data_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One whole run as it is stored: all that a report may say.

    ``outcome`` of a run that never finished is ABORTED, or TERMINATED where the guardian confirmed the safe state.
    ``points`` count; ``set_aside`` has interrupted ones, and those repeated as checks.
    """

    run_id: str
    header: RunHeader
    started_utc: datetime
    finished_utc: datetime | None
    outcome: str
    exit_code: int | None
    units: tuple[UnitRecord, ...]
    instruments: tuple[InstrumentRecord, ...]
    points: tuple[PointRecord, ...]
    findings: tuple[FindingRecord, ...]
    configuration_before: tuple[ObjectValue, ...]
    configuration_after: tuple[ObjectValue, ...]
    registers_before: tuple[ObjectValue, ...]
    events: tuple[EventRecord, ...]
    artifacts: tuple[ArtifactRecord, ...]
    journal: tuple[JournalEntry, ...]
    set_aside: tuple[SetAside, ...] = ()
    wiring_checks: tuple[WiringCheckRecord, ...] = ()
