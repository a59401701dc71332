"""The emulated analyzer's own arithmetic: what a power analyzer makes of the phasors at its terminals.

It shares nothing with ``meter_model.prediction.power``: a mistake there must not be repeated here. Formulas: Yokogawa
WT series, TYPE1: S = U·I, Q = s·sqrt(S²-P²) with s = -1 when the current leads, λ = P/S, φ = ±acos(P/S), negative for
lead.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from meter_model.stimulus import Spectrum, Stimulus

ELEMENTS = 3
OVER_RANGE = 1.4
"""Rms over this multiple of the range is over-range (crest factor 3)."""

ZERO_BELOW = 0.003
"""Rms below this fraction of the range is shown as zero (the instrument's rounding to zero)."""

FREQUENCY_FROM = 0.1
"""A frequency is measured from this fraction of the voltage range on."""


def _unit_gains() -> tuple[float, ...]:
    return (0.0,) * (2 * ELEMENTS)


@dataclass(frozen=True, slots=True)
class AnalyzerErrors:
    """The instrument's own errors, channels U1, U2, U3, I1, I2, I3: gain (fraction), phase (degrees), noise.

    ``noise`` is the relative standard deviation of each rms in one update, ``phase_noise_deg`` that of each angle.
    """

    gain: tuple[float, ...] = field(default_factory=_unit_gains)
    phase_deg: tuple[float, ...] = field(default_factory=_unit_gains)
    noise: float = 0.0
    phase_noise_deg: float = 0.0

    @classmethod
    def drawn_from(cls, seed: int) -> AnalyzerErrors:
        """Return one instrument's errors: gain at most 0.01 %, phase at most 0.003 degrees, noise 0.001 %."""
        generator = np.random.default_rng([seed, 0xA0])
        count = 2 * ELEMENTS
        return cls(
            gain=tuple(np.clip(generator.normal(0.0, 4e-5, count), -1e-4, 1e-4).tolist()),
            phase_deg=tuple(np.clip(generator.normal(0.0, 1e-3, count), -3e-3, 3e-3).tolist()),
            noise=1e-5,
            phase_noise_deg=3e-4,
        )


@dataclass(slots=True)
class ElementSums:
    """Time integrals of one element over (a part of) an update; divided by the time they are its averages."""

    u_squared: float = 0.0
    i_squared: float = 0.0
    watts: float = 0.0
    u: dict[int, complex] = field(default_factory=dict)
    i: dict[int, complex] = field(default_factory=dict)

    def add(self, part: ElementSums, weight: float) -> None:
        """Add another integral, ``weight`` times."""
        self.u_squared += part.u_squared * weight
        self.i_squared += part.i_squared * weight
        self.watts += part.watts * weight
        for mine, other in ((self.u, part.u), (self.i, part.i)):
            for order, phasor in other.items():
                mine[order] = mine.get(order, 0.0) + phasor * weight


def element_sums(stimulus: Stimulus, errors: AnalyzerErrors) -> tuple[ElementSums, ...]:
    """Return, for each element, what one second of a stimulus adds up to, as this instrument sees it."""
    return tuple(
        _sums_of(
            _phasors(stimulus.voltages[index], errors.gain[index], errors.phase_deg[index]),
            _phasors(stimulus.ct_inputs[index], errors.gain[index + ELEMENTS], errors.phase_deg[index + ELEMENTS]),
        )
        for index in range(ELEMENTS)
    )


def _phasors(spectrum: Spectrum, gain: float, phase_deg: float) -> dict[int, complex]:
    phasors: dict[int, complex] = {}
    for part in spectrum:
        angle = math.radians(part.phase_deg + part.order * phase_deg)
        phasors[part.order] = phasors.get(part.order, 0.0) + cmath.rect(part.rms * (1.0 + gain), angle)
    return phasors


def _sums_of(u: dict[int, complex], i: dict[int, complex]) -> ElementSums:
    return ElementSums(
        u_squared=sum(abs(phasor) ** 2 for phasor in u.values()),
        i_squared=sum(abs(phasor) ** 2 for phasor in i.values()),
        watts=sum((phasor * i[order].conjugate()).real for order, phasor in u.items() if order in i),
        u=u,
        i=i,
    )


@dataclass(frozen=True, slots=True)
class ElementResult:
    """One element in one update. Volts; the current in the unit it is scaled to; ``is_over``: over-range.

    ``u_harmonics`` and ``i_harmonics``: rms phasors by order, angles in radians against a common reference.
    """

    u: float
    i: float
    p: float
    q: float
    s: float
    frequency_hz: float | None
    is_over: bool
    u_harmonics: dict[int, complex]
    i_harmonics: dict[int, complex]


class Update:
    """The accumulation of one data update; ``elapsed_s`` of it has passed."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0
        self._elements = tuple(ElementSums() for _ in range(ELEMENTS))
        self._cycles = 0.0

    def add(self, sums: Sequence[ElementSums], frequency_hz: float, dt_s: float) -> None:
        """Add ``dt_s`` seconds of a constant stimulus."""
        self.elapsed_s += dt_s
        self._cycles += frequency_hz * dt_s
        for element, part in zip(self._elements, sums, strict=True):
            element.add(part, dt_s)

    def results(
        self,
        ranges: Sequence[tuple[float, float]],
        amperes_per_volt: Sequence[float],
        errors: AnalyzerErrors,
        generator: np.random.Generator,
    ) -> tuple[ElementResult, ...]:
        """Return the data set; ``ranges`` are (volts, volts or amperes at the current input) of each element."""
        draws = generator.standard_normal((ELEMENTS, 4)) if errors.noise else np.zeros((ELEMENTS, 4))
        return tuple(
            self._result(
                element,
                ranges[index],
                amperes_per_volt[index],
                draws[index] * (errors.noise, errors.noise, errors.phase_noise_deg, errors.phase_noise_deg),
            )
            for index, element in enumerate(self._elements)
        )

    def _result(
        self,
        sums: ElementSums,
        ranges: tuple[float, float],
        scale: float,
        noise: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    ) -> ElementResult:
        time_s = self.elapsed_s
        u_turn, i_turn = (cmath.rect(1.0 + noise[k], math.radians(noise[k + 2])) for k in (0, 1))
        u_harmonics = {order: phasor / time_s * u_turn for order, phasor in sums.u.items()}
        i_harmonics = {order: phasor / time_s * i_turn * scale for order, phasor in sums.i.items()}
        u_raw, i_raw = math.sqrt(sums.u_squared / time_s), math.sqrt(sums.i_squared / time_s)
        u = u_raw * abs(u_turn) if u_raw >= ZERO_BELOW * ranges[0] else 0.0
        i = i_raw * abs(i_turn) * scale if i_raw >= ZERO_BELOW * ranges[1] else 0.0
        fundamental = sums.u.get(1, 0j) * sums.i.get(1, 0j).conjugate() / time_s
        # Turning current against voltage by a small angle exchanges a little of P and Q.
        turn = u_turn * i_turn.conjugate()
        watts = (sums.watts / time_s * turn.real - fundamental.imag * turn.imag) * scale if u and i else 0.0
        s = u * i
        lagging = (fundamental * turn).imag >= 0.0
        q = math.copysign(math.sqrt(max(0.0, s * s - watts * watts)), 1.0 if lagging else -1.0)
        return ElementResult(
            u=u,
            i=i,
            p=watts,
            q=q if s else 0.0,
            s=s,
            frequency_hz=self._cycles / time_s if u_raw >= FREQUENCY_FROM * ranges[0] else None,
            is_over=u_raw > OVER_RANGE * ranges[0] or i_raw > OVER_RANGE * ranges[1],
            u_harmonics=u_harmonics,
            i_harmonics=i_harmonics,
        )
