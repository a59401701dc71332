"""What a meter and a source may be exposed to: pure checks of a whole plan, made before any I/O; nothing is clamped."""

from __future__ import annotations

import cmath
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from drivers.source.base import Channel, Range, SourceCapabilities, SourceSetting, Tone
from meter_model.prediction.sampling_phase import SamplingPhaseDependent, require_determined
from meter_model.stimulus import Phasor, Spectrum, Stimulus
from rig.errors import LimitExceeded, UsageRefused
from rig.load_point import PHASE_NAMES, LoadPoint
from rig.safety.envelopes import EnvelopeName, MeterRating

PartT = TypeVar("PartT", Phasor, Tone)

_ROUNDING = 1e-9  # relative; a point exactly on a limit is within it
_SAMPLES_PER_ORDER = 64


class InjectionPath(Protocol):
    """What the checks need of the bench's wiring (rig.bench.wiring)."""

    @property
    def ct_secondary_v(self) -> float:
        """Volts at a CT input at rated primary current."""

    def terminals(self, point: LoadPoint) -> Stimulus:
        """Tell what the point means at the meter's terminals."""

    def source_setting(self, point: LoadPoint) -> SourceSetting:
        """Tell what the source has to give for it."""


def check(
    points: Iterable[LoadPoint],
    *,
    rating: MeterRating,
    path: InjectionPath,
    source: SourceCapabilities | None = None,
    envelope: EnvelopeName = "accuracy",
    ramp_s: float | None = None,
) -> None:
    """Refuse a plan that has a point beyond the meter's envelope or the source's abilities; returns None if all fit.

    ``ramp_s``: seconds in which voltages are brought up, None where the ramp is not to be checked. Raises
    LimitExceeded (a value above or below a limit) or UsageRefused (something the source cannot do at all), naming the
    point, the quantity and the limit. Does no I/O.
    """
    for point in points:
        check_stimulus(
            path.terminals(point),
            rating=rating,
            ct_secondary_v=path.ct_secondary_v,
            envelope=envelope,
            what=point.label,
        )
        if ramp_s is not None:
            check_ramp(path.terminals(point), ramp_s, rating=rating, source=source, what=point.label)
        if source is not None:
            check_source(path.source_setting(point), source, what=point.label)


def check_ramp(
    stimulus: Stimulus, ramp_s: float, *, rating: MeterRating, source: SourceCapabilities | None = None, what: str
) -> None:
    """Refuse to bring up voltages in ``ramp_s`` seconds where the meter type or the source's soft start forbids it.

    Raises LimitExceeded, and UsageRefused where the meter type states no fastest rise. Does no I/O.
    """
    limit = rating.damage.ramp_v_per_s
    why = f"damage envelope of {rating.meter_type}, rating {rating.name} ({rating.damage.why})"
    if limit is None:
        raise UsageRefused(f"{what}: how fast a voltage may rise is not known in the {why}; state 'ramp_v_per_s' there")
    if not (math.isfinite(ramp_s) and ramp_s > 0.0):
        raise UsageRefused(f"{what}: a ramp of {ramp_s:g} s is none; give 'ramp_s' more than 0 s")
    rise = max(rms(spectrum) for spectrum in stimulus.voltages) / ramp_s
    _at_most(f"{what}: rise of the voltage", rise, limit, "V/s", f"{why}; make 'ramp_s' longer")
    if source is not None:
        _between(f"{what}: ramp", ramp_s, source.ramp_s, "s", "source's soft start")


def check_stimulus(
    stimulus: Stimulus, *, rating: MeterRating, ct_secondary_v: float, envelope: EnvelopeName, what: str
) -> None:
    """Refuse a stimulus (at the meter's terminals) beyond the envelope: rms and composite peak of every input.

    The peak may not be above that of a sine wave at the rms limit. What is known of the damage envelope holds too.
    Raises LimitExceeded, and UsageRefused where the envelope is not known.
    """
    _require_sane(stimulus, what)
    _require_determined(stimulus, what)
    limits = rating.envelope(envelope)
    why = f"{envelope} envelope of {rating.meter_type}, rating {rating.name} ({limits.why})"
    if limits.frequency_hz is None or limits.voltage_ln_v is None or limits.ct_input_pct is None:
        raise UsageRefused(f"{what}: {why} is not known, so it cannot be tested")
    _between(f"{what}: frequency", stimulus.frequency_hz, limits.frequency_hz, "Hz", why)
    for phase, spectrum in zip(PHASE_NAMES, stimulus.voltages, strict=True):
        name = f"{what}: voltage {phase}-N"
        _below(name, spectrum, limits.voltage_ln_v, why)
        if spectrum:
            _at_least(name, rms(spectrum), limits.voltage_min_v, "V", why)
    if limits.voltage_ll_v is not None:
        for one, two in itertools.combinations(range(3), 2):
            name = f"{what}: voltage {PHASE_NAMES[one]}-{PHASE_NAMES[two]}"
            _below(name, difference(stimulus.voltages[one], stimulus.voltages[two]), limits.voltage_ll_v, why)
    ct_limit_v = ct_secondary_v * limits.ct_input_pct / 100.0
    for phase, spectrum in zip(PHASE_NAMES, stimulus.ct_inputs, strict=True):
        _below(f"{what}: CT input {phase}", spectrum, ct_limit_v, why)
    _check_damage(stimulus, rating, what)


def check_source(setting: SourceSetting, source: SourceCapabilities, *, what: str) -> None:
    """Refuse a set-point (at the source's terminals) that no range holds; raises LimitExceeded or UsageRefused."""
    _between(f"{what}: source frequency", setting.frequency_hz, source.frequency_hz, "Hz", "what the source can give")
    for kind, channels, ranges in (
        ("voltage", setting.voltage, source.voltage_ranges),
        (
            "current",
            setting.current,
            source.low_level_ranges if setting.current_unit == "V" else source.current_ranges,
        ),
    ):
        for phase, channel in zip(PHASE_NAMES, channels, strict=True):
            if channel:
                _fits_a_range(f"{what}: source {kind} {phase}", channel, ranges, source.max_order)


def rms(parts: Sequence[Phasor | Tone]) -> float:
    """Rms of a waveform in its own unit; components of the same order are added as phasors first."""
    by_order: dict[int, complex] = {}
    for part in parts:
        value = cmath.rect(part.rms, math.radians(part.phase_deg))
        by_order[part.order] = by_order.get(part.order, 0j) + value
    return math.sqrt(sum(abs(value) ** 2 for value in by_order.values()))


def scaled(parts: tuple[PartT, ...], factor: float) -> tuple[PartT, ...]:
    """Return a waveform with ``factor`` times its components."""
    return tuple(replace(part, rms=part.rms * factor) for part in parts)


def composite_peak(spectrum: Sequence[Phasor]) -> float:
    """Upper bound of the waveform's peak, at most 0.12 % above it; in the spectrum's unit.

    Sampled with N points a period, the peak of a waveform of highest order n is underestimated at most by
    cos(pi·n/N) (Ehlich and Zeller, 1964); dividing by it makes the figure an upper bound.
    """
    if not spectrum:
        return 0.0
    import numpy as np  # here, so that a process that only checks numbers starts without it

    highest = max(part.order for part in spectrum)
    count = _SAMPLES_PER_ORDER * max(highest, 1)
    angle = np.arange(count) * (2.0 * math.pi / count)
    total = np.zeros(count)
    for part in spectrum:
        total += math.sqrt(2.0) * part.rms * np.sin(part.order * angle + math.radians(part.phase_deg))
    return float(np.max(np.abs(total))) / math.cos(math.pi * highest / count)


def _require_sane(stimulus: Stimulus, what: str) -> None:
    """Refuse numbers that no comparison with a limit would catch: NaN compares false with everything."""
    parts = [part for spectrum in (*stimulus.voltages, *stimulus.ct_inputs) for part in spectrum]
    values = [stimulus.frequency_hz, *(x for part in parts for x in (part.rms, part.phase_deg))]
    if not all(math.isfinite(value) for value in values) or any(part.rms < 0 or part.order < 1 for part in parts):
        raise UsageRefused(f"{what}: a component is not a finite, positive number of order 1 or more")


def _require_determined(stimulus: Stimulus, what: str) -> None:
    """Refuse what a sampled meter reads differently from second to second: no reading of it can be judged."""
    try:
        require_determined(stimulus)
    except SamplingPhaseDependent as error:
        raise UsageRefused(f"{what}: {error}") from None


def _check_damage(stimulus: Stimulus, rating: MeterRating, what: str) -> None:
    """Hold a stimulus against what is known of the damage envelope: frequency, and peaks with their harmonics."""
    damage = rating.damage
    why = f"damage envelope of {rating.meter_type}, rating {rating.name} ({damage.why})"
    if damage.frequency_hz is not None:
        _between(f"{what}: frequency", stimulus.frequency_hz, damage.frequency_hz, "Hz", why)
    if damage.voltage_peak_v is None:
        return
    for phase, spectrum in zip(PHASE_NAMES, stimulus.voltages, strict=True):
        _at_most(f"{what}: voltage {phase}-N (peak)", _peak(spectrum), damage.voltage_peak_v, "V", why)


def _between(quantity: str, value: float, bounds: tuple[float, float], unit: str, why: str) -> None:
    _at_least(quantity, value, bounds[0], unit, why)
    _at_most(quantity, value, bounds[1], unit, why)


def _below(quantity: str, spectrum: Spectrum, limit_v: float, why: str) -> None:
    _at_most(quantity, rms(spectrum), limit_v, "V", why)
    _at_most(f"{quantity} (peak)", _peak(spectrum), math.sqrt(2.0) * limit_v, "V", why)


def _at_least(quantity: str, value: float, limit: float, unit: str, why: str) -> None:
    if not value >= limit * (1 - _ROUNDING):
        raise LimitExceeded(quantity, value, limit, unit, f"the lowest of the {why}")


def _at_most(quantity: str, value: float, limit: float, unit: str, why: str) -> None:
    if not value <= limit * (1 + _ROUNDING):
        raise LimitExceeded(quantity, value, limit, unit, why)


def _peak(spectrum: Spectrum) -> float:
    """Peak of a waveform: exact for a sine wave, and else an upper bound."""
    if all(part.order == 1 for part in spectrum):
        return math.sqrt(2.0) * rms(spectrum)
    return composite_peak(spectrum)


def _fits_a_range(quantity: str, channel: Channel, ranges: tuple[Range, ...], max_order: int) -> None:
    if not ranges:
        raise UsageRefused(f"{quantity}: the source has no such output; use a source that has, or leave the point out")
    highest = max(tone.order for tone in channel)
    if highest > max_order:
        raise LimitExceeded(f"{quantity} (order)", highest, max_order, "", "the source's highest harmonic")
    value = rms(channel)
    if any(r.low * (1 - _ROUNDING) <= value <= r.high * (1 + _ROUNDING) for r in ranges):
        return
    highest_range = max(ranges, key=lambda r: r.high)
    if value > highest_range.high:
        raise LimitExceeded(quantity, value, highest_range.high, highest_range.unit, "the source's highest range")
    nearest = min(ranges, key=lambda r: abs(r.low - value))
    raise LimitExceeded(quantity, value, nearest.low, nearest.unit, "the lowest value of the source's nearest range")


def difference(one: Spectrum, two: Spectrum) -> Spectrum:
    """Return the waveform between two terminals, ``one`` against ``two``."""
    return (*one, *(Phasor(part.order, part.rms, part.phase_deg + 180.0) for part in two))
