"""Closed form: voltages, currents and powers from phasors, phase by phase and in total."""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping
from dataclasses import dataclass

from meter_model.behaviour.profile import (
    DEFAULT,
    AntiAlias,
    BehaviourProfile,
    PowerFactorSign,
    ReactivePower,
    TotalApparent,
    ZeroPowerFactor,
)
from meter_model.configuration import Configuration
from meter_model.prediction.sampling_phase import SAMPLE_RATE_HZ, require_determined
from meter_model.stimulus import Spectrum, Stimulus

_PHASES = "ABC"
_SIGN_TOLERANCE = 1e-9  # of S: an angle of exactly 90 degrees is neither import nor export but for rounding

_ORDER_TOLERANCE = 1e-6
_CYCLE_TOLERANCE = 1e-3

_Components = dict[int, complex]
"""Complex RMS by order. A component that sampling folds to no harmonic has minus its own order."""


@dataclass(frozen=True, slots=True)
class Powers:
    """Active (W), reactive (var, lagging positive), apparent power (VA) and power factor."""

    p_w: float
    q_var: float
    s_va: float
    pf: float


@dataclass(frozen=True, slots=True)
class Electrical:
    """Everything instantaneous on the primary side, by the phases and pairs that the system type has.

    ``frequency_hz`` is NaN out of 45 to 65 Hz or without voltage on phase A. ``phases`` holds the powers of each
    phase's element; in system type 31 against the mean of the terminals, in type 11 of V_AB and I_A.
    """

    frequency_hz: float
    line_to_neutral_v: Mapping[str, float]
    line_to_line_v: Mapping[str, float]
    currents_a: Mapping[str, float]
    phases: Mapping[str, Powers]
    total: Powers


def electrical(stimulus: Stimulus, configuration: Configuration, profile: BehaviourProfile = DEFAULT) -> Electrical:
    """Return what an ideal meter of this configuration and profile measures for a constant stimulus.

    Raises SamplingPhaseDependent where a reading depends on where the meter's sampling instants lie.
    """
    system = configuration.system
    require_determined(stimulus, profile, has_neutral=system.number not in (11, 31))
    sampled = [_sampled(each, stimulus.frequency_hz, profile) for each in (*stimulus.voltages, *stimulus.ct_inputs)]
    volts = [_components(each, configuration.pt_ratio) for each in sampled[:3]]
    scale = configuration.amperes_per_ct_volt
    amperes = {phase: _components(sampled[3 + _PHASES.index(phase)], scale) for phase in system.phases}
    floor_v = profile.minimum_voltage_v * configuration.pt_ratio
    floor_a = profile.no_load_current_pct / 100.0 * configuration.ct_primary_a

    elements = {phase: _element_voltage(volts, phase, system.number) for phase in system.phases}
    floors = (floor_v, floor_a)
    phases = {
        phase: _powers(elements[phase], amperes[phase], floors, profile, stimulus.frequency_hz)
        for phase in system.phases
    }
    reference = elements["A"].get(1, 0j)
    valid = abs(reference) >= floor_v and 45.0 <= stimulus.frequency_hz <= 65.0
    return Electrical(
        frequency_hz=stimulus.frequency_hz if valid else math.nan,
        line_to_neutral_v={phase: _rms(volts[_PHASES.index(phase)], floor_v) for phase in system.line_to_neutral},
        line_to_line_v={
            pair: _rms(_difference(volts[_PHASES.index(pair[0])], volts[_PHASES.index(pair[1])]), floor_v)
            for pair in system.line_to_line
        },
        currents_a={phase: _rms(amperes[phase], floor_a) for phase in system.phases},
        phases=phases,
        total=_total(list(phases.values()), profile),
    )


def _sampled(spectrum: Spectrum, frequency_hz: float, profile: BehaviourProfile) -> _Components:
    """Complex RMS by order as the samples see it; components of one order add up.

    x = sqrt(2)·rms·sin(order·2πft + phase) beyond half the sample rate looks like its image, the distance of its
    frequency from the nearest multiple of the rate; an image from below is turned over in time.
    """
    found: _Components = {}
    for each in spectrum:
        order, value = each.order, cmath.rect(each.rms, math.radians(each.phase_deg))
        if order * frequency_hz >= SAMPLE_RATE_HZ / 2.0:
            if profile.anti_alias is AntiAlias.IDEAL:
                continue
            image = math.remainder(order * frequency_hz, SAMPLE_RATE_HZ) / frequency_hz
            folded = round(abs(image))
            is_harmonic = folded > 0 and abs(abs(image) - folded) < _ORDER_TOLERANCE
            order = folded if is_harmonic else -order
            value = -value.conjugate() if is_harmonic and image < 0.0 else value
        found[order] = found.get(order, 0j) + value
    return found


def _components(sampled: _Components, scale: float) -> _Components:
    return {order: value * scale for order, value in sampled.items()}


def _difference(first: _Components, second: _Components) -> _Components:
    return {order: first.get(order, 0j) - second.get(order, 0j) for order in {*first, *second}}


def _element_voltage(volts: list[_Components], phase: str, system_number: int) -> _Components:
    """Voltage that a phase's current is multiplied with."""
    own = volts[_PHASES.index(phase)]
    if system_number == 11:
        return _difference(own, volts[1])
    if system_number == 31:
        orders = {order for each in volts for order in each}
        mean = {order: sum(each.get(order, 0j) for each in volts) / 3.0 for order in orders}
        return _difference(own, mean)
    return own


def _rms(components: _Components, floor: float) -> float:
    value = math.sqrt(math.fsum(abs(each) ** 2 for each in components.values()))
    return value if value >= floor else 0.0


def _powers(
    voltage: _Components,
    current: _Components,
    floors: tuple[float, float],
    profile: BehaviourProfile,
    frequency_hz: float,
) -> Powers:
    """``floors``: of voltage and current, below which a channel reads 0."""
    s_va = _rms(voltage, floors[0]) * _rms(current, floors[1])
    if s_va == 0.0:
        return Powers(0.0, 0.0, 0.0, _power_factor(0.0, 0.0, 0.0, profile))
    cross = {order: voltage[order] * current[order].conjugate() for order in voltage.keys() & current.keys()}
    p_w = math.fsum(each.real for each in cross.values())
    q1_var = cross.get(1, 0j).imag
    match profile.reactive_power:
        case ReactivePower.FUNDAMENTAL:
            q_var = q1_var
        case ReactivePower.BUDEANU:
            seen = (_at_harmonic(order, each, frequency_hz) for order, each in cross.items())
            q_var = math.fsum(each.imag for _, each in seen)
        case ReactivePower.FRYZE:
            q_var = math.sqrt(max(s_va**2 - p_w**2, 0.0))
            q_var = -q_var if q1_var < -_SIGN_TOLERANCE * s_va else q_var
        case ReactivePower.QUARTER_PERIOD_SHIFT:
            # the voltage's component h falls back by h quarter turns
            seen = (_at_harmonic(order, each, frequency_hz) for order, each in cross.items())
            q_var = math.fsum((each * (-1j) ** (harmonic % 4)).real for harmonic, each in seen)
    return Powers(p_w, q_var, s_va, _power_factor(p_w, q_var, s_va, profile))


def _at_harmonic(order: int, cross: complex, frequency_hz: float) -> tuple[int, complex]:
    """Return the harmonic at which the meter sees a product V·I*, and how much of it: reactive power is a projection.

    An image beside a harmonic is seen there as far as whole cycles of about a second do not tell the two apart.
    """
    if order > 0:
        return order, cross
    image_hz = math.remainder(-order * frequency_hz, SAMPLE_RATE_HZ)
    harmonic = round(abs(image_hz) / frequency_hz)
    if harmonic < 1 or harmonic * frequency_hz >= SAMPLE_RATE_HZ / 2.0:
        return 1, 0j
    window_s = max(1, math.floor(frequency_hz + _CYCLE_TOLERANCE)) / frequency_hz
    beside = math.pi * (abs(image_hz) - harmonic * frequency_hz) * window_s
    gain = (math.sin(beside) / beside) ** 2 if beside else 1.0
    return harmonic, gain * (cross.conjugate() if image_hz < 0.0 else cross)


def _total(phases: list[Powers], profile: BehaviourProfile) -> Powers:
    p_w = math.fsum(each.p_w for each in phases)
    q_var = math.fsum(each.q_var for each in phases)
    match profile.total_apparent:
        case TotalApparent.ARITHMETIC:
            s_va = math.fsum(each.s_va for each in phases)
        case TotalApparent.VECTOR:
            s_va = math.hypot(p_w, q_var)
        case TotalApparent.SIGNED:
            s_va = math.fsum(-each.s_va if each.p_w < -_SIGN_TOLERANCE * each.s_va else each.s_va for each in phases)
    return Powers(p_w, q_var, s_va, _power_factor(p_w, q_var, abs(s_va), profile))


def _power_factor(p_w: float, q_var: float, s_va: float, profile: BehaviourProfile) -> float:
    if s_va == 0.0:
        match profile.zero_power_pf:
            case ZeroPowerFactor.ONE:
                return 1.0
            case ZeroPowerFactor.ZERO:
                return 0.0
            case ZeroPowerFactor.QNAN:
                return math.nan
    ratio = min(1.0, max(-1.0, p_w / s_va))
    if profile.pf_sign is PowerFactorSign.SIGN_OF_P:
        return ratio
    leads = p_w * q_var < -((_SIGN_TOLERANCE * s_va) ** 2)
    return abs(ratio) if leads or abs(q_var) <= _SIGN_TOLERANCE * s_va else -abs(ratio)
