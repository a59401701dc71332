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
    """IEEE display rule of some meters: lead positive, lag negative, in either direction of energy."""


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


class DatabaseRevision(StrEnum):
    """What the Device's Database_Revision reads."""

    CONSTANT = "constant"
    """0, always: as the table of page 22 prints it."""
    COUNTED = "counted"
    """One more after every change of Object_Identifier or Object_Name, as ASHRAE 135 clause 12 has it; kept in NV."""


class AlarmLimit(StrEnum):
    """From where on BI1 to BI6 call a voltage or current out of range."""

    OVER_RANGE = "over_range"
    """20 % above 347 V line to neutral, 600 V line to line or the CT's primary current."""
    RATING = "rating"
    """At those ratings themselves."""


class LowVoltage(StrEnum):
    """Whether BI1 to BI3 also report a voltage below the smallest for which accuracy is stated."""

    NO_ERROR = "no_error"
    """Only a voltage that exceeds the range is an error; what is low is a phase loss."""
    ERROR = "error"
    """Below 90 V line to neutral or 156 V line to line at the terminals too."""


class FrequencyErrorReach(StrEnum):
    """Which values are unreliable while BI7 is active."""

    FREQUENCY_ONLY = "frequency_only"
    """AI18."""
    ALL_MEASURED = "all_measured"
    """Every instantaneous value."""


class RegisterReliability(StrEnum):
    """What the Reliability of energies and present demand reads while their power cannot be measured."""

    NO_FAULT = "no_fault"
    """What has been accumulated stands."""
    FOLLOWS_POWER = "follows_power"
    """Unreliable-other, as the power itself."""


class MissingReliability(StrEnum):
    """What the Reliability of an input reads that is QNAN because the system type does not have it."""

    NO_FAULT = "no_fault"
    UNRELIABLE_OTHER = "unreliable_other"


class PowerRange(StrEnum):
    """Whether powers and present demand carry the sign of their direction."""

    SIGNED = "signed"
    """Negative on export (P) and while leading (Q)."""
    MAGNITUDE = "magnitude"
    """0 to AI76, as the range is printed; the direction shows in the power factor and the registers."""


class MaximumReactiveDirection(StrEnum):
    """Which maximum demand a reactive demand counts for: AI23 (import) or AI26 (export)."""

    SIGN_OF_Q = "sign_of_q"
    """Import is Q1 and Q2: lagging."""
    SIGN_OF_P = "sign_of_p"
    """The direction of the real power decides, as for apparent demand; the magnitude counts."""


class RollingStart(StrEnum):
    """What rolling demand shows until as many sub-intervals are complete as make an interval."""

    MEAN_OF_COMPLETED = "mean_of_completed"
    """The mean of those that are."""
    FULL_INTERVAL = "full_interval"
    """Their sum over the number configured: what is not there counts as nothing."""


class LowPowerFactor(StrEnum):
    """What "less than 50 %" means for BI12 to BI14 on a power factor that may be negative."""

    MAGNITUDE = "magnitude"
    """Export at a good power factor is no alert."""
    SIGNED = "signed"
    """Every export is one."""


class ImbalanceReference(StrEnum):
    """What AV9 percent is a part of."""

    HIGHEST = "highest"
    """The highest voltage of the kind."""
    MEAN = "mean"
    """The mean of the kind; a voltage too high by so much is imbalance too."""


class PairAlarm(StrEnum):
    """Which phases' bits a line-to-line voltage sets."""

    FIRST_PHASE = "first_phase"
    """AB: A, BC: B, CA: C."""
    BOTH_PHASES = "both_phases"
    """AB: A and B."""


class AlarmBitmapAt(StrEnum):
    """Where the alarm bitmap reads."""

    AI83 = "ai83"
    AI52_TOO = "ai52_too"
    """In AI52 as well, in place of KVAh_Export_A."""


class MaximumPowerAt(StrEnum):
    """Where the theoretical maximum power reads."""

    AI76 = "ai76"
    AI45_TOO = "ai45_too"
    """In AI45 as well, in place of KVARh_Q3_C."""


class ServicesSupported(StrEnum):
    """What Protocol_Services_Supported says of ReinitializeDevice, which is executed in either case."""

    AS_PRINTED = "as_printed"
    """Bit 20 is not set, though the service is executed."""
    WITH_REINITIALIZE_DEVICE = "with_reinitialize_device"
    """Bit 20 is set, as the PICS' DM-RD-B demands."""


class ObjectTypesSupported(StrEnum):
    """Length and last bit of Protocol_Object_Types_Supported."""

    TREND_LOG = "trend_log"
    """25 bits (protocol revision 4), bit 20 set: Trend_Log."""
    AS_PRINTED = "as_printed"
    """30 bits, bit 19 set: Multi-state Value."""


class Accumulation(StrEnum):
    """In which format the meter adds up its energies (it shows them as float32 in any case)."""

    DOUBLE = "double"
    """Fine enough that no second's energy is lost."""
    SINGLE = "single"
    """float32: registers stall where a second's energy is less than half their step."""


class AntiAlias(StrEnum):
    """What the front end does with components beyond half its sample rate, 1260 Hz."""

    NONE = "none"
    """They fold back."""
    IDEAL = "ideal"
    """They do not reach the converter."""
