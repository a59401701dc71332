"""C1 to C3, C5, C8, C9, C11 and C16: loads at which the options of a choice read differently, in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from meter_model.behaviour.profile import DEFAULT, BehaviourProfile, PhaseLoss
from rig.errors import LimitExceeded, UsageRefused
from rig.load_point import LoadPoint
from rig.procedures.characterise.evidence import Evidence, Seen, Sureness, compare, decided, not_asked
from rig.procedures.characterise.subject import Subject

POWERS = (11, 12, 13, 14, *range(55, 67))
LEAD_DEG = 20.0
"""Angle of the usual load, PF 0.94 lead: by either meaning of its sign a power factor is positive there."""

BACK_DEG = 160.0
"""Export in Q3: by either meaning of its sign a power factor is negative there."""

_CT_PHASES = (10, 11)
"""System types with one CT: what adds phases up cannot be told there."""


@dataclass(frozen=True, slots=True)
class LoadTest:
    """One choice and the loads that tell its options apart.

    ``make``: the loads, from the bench's nominal one at 50 % and PF 0.94 lead. ``set_up``: analog values meanwhile, by
    what is decided already.
    ``instances``: the inputs that are compared. ``goes_beyond``: a load is where the meter only reports.
    ``polyphase``: needs more than one CT.
    """

    key: str
    choice: str
    text: str
    make: Callable[[LoadPoint], Sequence[LoadPoint]]
    instances: Sequence[int] = POWERS
    set_up: Callable[[BehaviourProfile], Mapping[int, float]] = lambda _base: {}
    goes_beyond: bool = False
    polyphase: bool = False


def _turned(point: LoadPoint, angle_deg: float) -> LoadPoint:
    return replace(point, angle_deg=angle_deg)


def _opposed(point: LoadPoint) -> LoadPoint:
    """A imports, B exports less, C lags: no two rules of adding up give the same total."""
    return replace(point, angle_deg=0.0, currents_pct=(100.0, 40.0, 100.0), current_shift_deg=(0.0, 180.0, -60.0))


LOAD_TESTS: tuple[LoadTest, ...] = (
    # Signs first: what follows is compared with a meter that has or has not got them.
    LoadTest(
        "C3",
        "power_range",
        "export at PF 0.94, Q3",
        lambda p: [_turned(p, BACK_DEG)],
        instances=(11, 12, 55, 56, 57, 58, 59, 60),
    ),
    LoadTest(
        "C1",
        "reactive_power",
        "30 degrees lag, third harmonics of 10 % of voltage and 40 % of current at a right angle",
        lambda p: [replace(p, angle_deg=-30.0, waveform="third_across")],
        instances=(12, 58, 59, 60),
    ),
    LoadTest(
        "C2",
        "total_apparent",
        "A imports, B exports 40 %, C lags by 60 degrees",
        lambda p: [_opposed(p)],
        instances=(13,),
        polyphase=True,
    ),
    LoadTest(
        "C3",
        "pf_sign",
        "PF 0.5 lag and PF 0.5 lead, import and export",
        lambda p: [_turned(p, angle) for angle in (-60.0, 60.0, 120.0, -120.0)],
        instances=(14, 64, 65, 66),
    ),
    LoadTest("C3", "low_power_factor", "export at PF 0.94, Q3", lambda p: [_turned(p, BACK_DEG)], instances=(83,)),
    LoadTest(
        "C5",
        "anti_alias",
        "27th harmonic of 20 % in the voltage, above half the sample rate",
        lambda p: [replace(p, waveform="above_half_rate")],
        instances=(15, 16, 67, 68, 69, 70, 71, 72),
    ),
    LoadTest(
        "C8",
        "phase_loss",
        "all voltages at 80 % with AV8 = 10 %",
        lambda p: [replace(p, voltage_v=0.8 * p.voltage_v)],
        instances=(83,),
        set_up=lambda _base: {8: 10.0, 9: 50.0},
    ),
    LoadTest(
        "C8",
        "imbalance_reference",
        "voltage of the last phase at 77 % with AV9 = 20 %",
        lambda p: [replace(p, voltages_pct=_last_low(p))],
        instances=(83,),
        set_up=lambda _base: {8: 50.0, 9: 20.0},
        polyphase=True,
    ),
    LoadTest(
        "C8",
        "pair_alarm",
        "voltage B turned by 40 degrees towards A: A-B is 74 % and lost below 80 %, no phase is",
        lambda p: [replace(p, voltage_shift_deg=(0.0, 40.0, 0.0))],
        instances=(83,),
        set_up=lambda base: {8: 20.0 if base.phase_loss is PhaseLoss.DROP_BELOW else 80.0, 9: 90.0},
        polyphase=True,
    ),
    LoadTest(
        "C8",
        "low_voltage",
        "all voltages at 70 V",
        lambda p: [replace(p, voltage_v=70.0, current_pct=10.0)],
        instances=(83,),
        goes_beyond=True,
    ),
    LoadTest("C9", "alarm_limit", "110 % of current", lambda p: [replace(p, current_pct=110.0)], instances=(83,)),
    LoadTest(
        "C14",
        "reserved_inputs",
        "nominal voltage and 50 % of current",
        lambda p: [p],
        instances=(28, 77, 79, 80),
    ),
    LoadTest("C16", "zero_power_pf", "voltage without current", lambda p: [replace(p, current_pct=0.0)],
             instances=(14, 64, 65, 66)),
)  # fmt: skip


def _last_low(point: LoadPoint) -> tuple[float, float, float]:
    return (100.0, 77.0, 100.0) if point.ct_phases == "AB" else (100.0, 100.0, 77.0)


def run_load_test(test: LoadTest, subject: Subject, base: BehaviourProfile) -> Evidence:
    """Make the test, with the choices that are decided already in ``base``; what the bench refuses is not asked."""
    nominal = subject.nominal.point(50.0, LEAD_DEG)
    if test.polyphase and nominal.system_type in _CT_PHASES:
        return not_asked(test.key, test.choice, f"system type {nominal.system_type} has one CT")
    try:
        with ExitStack() as stack:
            if set_up := test.set_up(base):
                stack.enter_context(subject.configured(set_up))
            if test.goes_beyond:
                stack.enter_context(subject.beyond())
            seen = list(_seen(test, subject, nominal))
    except (LimitExceeded, UsageRefused) as refused:
        return not_asked(test.key, test.choice, str(refused))
    return compare(test.key, test.choice, test.text, seen, base, test.instances)


def _seen(test: LoadTest, subject: Subject, nominal: LoadPoint) -> Iterator[Seen]:
    configuration = subject.configuration()
    for point in test.make(nominal):
        stimulus = subject.load(point)
        yield Seen(stimulus, configuration, subject.inputs(test.instances))


def frequency_reach(subject: Subject) -> list[Evidence]:
    """C11: voltage on all phases but A: which inputs are unreliable, and whether the registers follow."""
    key = "C11"
    point = replace(subject.nominal.point(50.0), voltages_pct=(0.0, 100.0, 100.0))
    if "B" not in point.ct_phases:
        why = f"system type {point.system_type} has no phase B"
        return [not_asked(key, name, why) for name in ("frequency_error_reach", "register_reliability")]
    subject.load(point)
    faults = {instance: int(subject.read("AI", instance, "reliability")) for instance in (2, 18, 74, 19)}
    text = ", ".join(f"Reliability of AI{instance} {value}" for instance, value in faults.items())
    applied = "voltage A missing, B and C nominal"
    reach = _by_flag(key, "frequency_error_reach", applied, text, faults[74] != 0, ("all_measured", "frequency_only"))
    if reach.proposed != "all_measured":
        why = "registers could follow only where powers are unreliable, which no load of this bench makes them"
        return [reach, not_asked(key, "register_reliability", why)]
    follows = faults[2] != 0 and faults[19] != 0
    return [reach, _by_flag(key, "register_reliability", applied, text, follows, ("follows_power", "no_fault"))]


def _by_flag(key: str, choice: str, applied: str, read: str, is_first: bool, options: tuple[str, str]) -> Evidence:
    return decided(key, choice, applied, read, {options[0]: float(not is_first), options[1]: float(is_first)})


def creep_threshold(subject: Subject) -> Evidence:
    """C16: the current, percent of rated, below which it reads zero: halved until it is known within 10 %."""
    key, choice = "C16", "no_load_current_pct"
    high, low = 0.2, 0.0
    base = subject.nominal.point(high)
    try:
        if not _reads_current(subject, base):
            return not_asked(key, choice, f"{high:g} % of rated current reads zero already; see the starting current")
        while high - low > 0.1 * high and high > 0.002:
            middle = (high + low) / 2.0
            reads = _reads_current(subject, replace(base, current_pct=middle))
            high, low = (middle, low) if reads else (high, middle)
    except (LimitExceeded, UsageRefused) as refused:
        return not_asked(key, choice, str(refused))
    found = round((high + low) / 2.0, 4)
    applied = "current lowered from 0.2 % of rated, by halves"
    return threshold(key, choice, found, (low, high), applied, "%")


def _reads_current(subject: Subject, point: LoadPoint) -> bool:
    subject.load(point)
    return math.fsum(value for value in subject.inputs((73,)).values() if not math.isnan(value)) > 0.0


def threshold(key: str, choice: str, found: float, span: tuple[float, float], applied: str, unit: str) -> Evidence:
    """Propose a number that was bracketed; the default where that lies in the bracket."""
    default = float(getattr(DEFAULT, choice))
    proposed = default if span[0] <= default <= span[1] else found
    read = f"between {span[0]:.4g} {unit} and {span[1]:.4g} {unit}"
    return Evidence(key, choice, proposed, Sureness.CLEAR, applied, read)
