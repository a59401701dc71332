"""What may be chosen where the manual leaves a behaviour open or contradicts itself: one enumeration a choice."""

from __future__ import annotations

from enum import StrEnum


class ReactivePower(StrEnum):
    """Definition of a phase's reactive power; all agree on a sine wave, lagging positive."""

    QUARTER_PERIOD_SHIFT = "quarter_period_shift"
    """Mean of v(t - T/4)·i(t), T the period of the fundamental."""
    FUNDAMENTAL = "fundamental"
    """V1·I1·sin φ1."""
    BUDEANU = "budeanu"
    """Sum over the harmonics of Vh·Ih·sin φh."""
    FRYZE = "fryze"
    """sqrt(S² - P²) with the sign of V1·I1·sin φ1."""


class TotalApparent(StrEnum):
    """How the three-phase apparent power is made of the phases'."""

    ARITHMETIC = "arithmetic"
    """Sum of the phases' V·I."""
    VECTOR = "vector"
    """sqrt(P² + Q²) of the totals."""
    SIGNED = "signed"
    """Sum of the phases' V·I, each with the sign of its P; negative when export outweighs."""


class TotalImportExport(StrEnum):
    """What the total import and export registers count while phases flow opposite ways."""

    ALGEBRAIC = "algebraic"
    """The net of the phases, once each update: import or export."""
    ARITHMETIC = "arithmetic"
    """Each phase by itself: both may grow in one update."""


class RmsWindow(StrEnum):
    """Over which samples an update's RMS values and mean powers are taken."""

    CYCLE_SYNC = "cycle_sync"
    """The last whole cycles that fit into the second."""
    FIXED_1S = "fixed_1s"
    """All 2520 samples of the second."""


class PhaseLoss(StrEnum):
    """What AV8 percent means."""

    FRACTION_OF_SYSTEM_VOLTAGE = "fraction_of_system_voltage"
    """Below AV8 % of the nominal voltage (600 V, 10 %: below 60 V)."""
    DROP_BELOW = "drop_below"
    """More than AV8 % below the nominal voltage (480 V, 10 %: below 432 V)."""


class Type31PhaseValues(StrEnum):
    """What power, PF and energy of a single phase read in system type 31, which has no neutral."""

    VIRTUAL_NEUTRAL = "virtual_neutral"
    """Against the mean of the three terminals."""
    QNAN = "qnan"
    """QNAN; the totals are not affected."""


class PowerFactorSign(StrEnum):
    """Sign of AI14 and AI64 to AI66."""

    SIGN_OF_P = "sign_of_p"
    """Negative on export."""
    LEAD_POSITIVE = "lead_positive"
    """IEEE display rule of some meters: lead positive, lag negative, whatever the direction."""


class ZeroPowerFactor(StrEnum):
    """What the power factor reads where there is no apparent power."""

    ONE = "one"
    ZERO = "zero"
    QNAN = "qnan"


class UnusedPhaseEnergies(StrEnum):
    """What the energy registers of phases read that the system type does not have."""

    QNAN = "qnan"
    ZERO = "zero"


class ReservedInputs(StrEnum):
    """What AI28, AI77, AI79 and AI80 read ("QNAN or any value")."""

    QNAN = "qnan"
    ZERO = "zero"


class CurrentErrorNames(StrEnum):
    """Object names of BI5 and BI6, which the manual prints as Current_Error_A like BI4."""

    BY_PHASE = "by_phase"
    """Current_Error_B and Current_Error_C."""
    AS_PRINTED = "as_printed"
    """Current_Error_A three times."""


class PowerFactorUnits(StrEnum):
    """Engineering units of the power factor objects, for which the manual prints none."""

    NO_UNITS = "no_units"
    """95."""
    POWER_FACTOR = "power_factor"
    """15."""


class ObjectNameAccess(StrEnum):
    """Whether the Device's Object_Name may be written."""

    READ_ONLY = "read_only"
    """As the table of page 22 says."""
    WRITABLE = "writable"
    """As the PICS of page 21 says."""
