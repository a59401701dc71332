"""A bench whose analyzer errs as its stated accuracy says: numpy only, from the bench file's own figures.

It shares nothing with ``rig.metrology``: the errors that it draws must not repeat a mistake of the budget.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PHASES_DEG = np.array([0.0, -120.0, 120.0])
U_V = 277.0
U_RANGE = 300.0
SENSOR_RANGES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
READINGS = 6
NOISE, METER_NOISE = 1e-5, 3e-5


@dataclass(frozen=True)
class Point:
    """Percent of the CT's rated current, the angle of the currents, and the phases that carry them."""

    current_pct: float
    angle_deg: float
    phases: str = "ABC"


@dataclass
class Trials:
    """What the analyzer answered and the meter read: arrays [trial, reading, element] and [trial, sample, element]."""

    u: np.ndarray
    i: np.ndarray
    p: np.ndarray
    u_deg: np.ndarray
    i_deg: np.ndarray
    true: dict[str, np.ndarray]
    energy_error: np.ndarray
    meter_error: np.ndarray
    meter_noise: np.ndarray


def draw(rng: np.random.Generator, row: dict, worse: float, shape: tuple[int, ...]) -> np.ndarray:
    """Draw a figure of 1 as a row states it: rectangular ±1, or normal of which 1 is k standard deviations."""
    if row.get("distribution", "rectangular") == "normal":
        return worse * rng.normal(0.0, 1.0 / row["k"], shape)
    return worse * rng.uniform(-1.0, 1.0, shape)


def each(rng: np.random.Generator, stated: dict, row: dict, worse: float, trials: int) -> np.ndarray:
    """Draw one figure for each of the three elements: the same for all unless they are stated to be independent."""
    independent = stated.get("between_elements") == "independent"
    drawn = draw(rng, row, worse, (trials, 3 if independent else 1))
    return np.broadcast_to(drawn, (trials, 3))


def rounded(values: np.ndarray, digits: int) -> np.ndarray:
    """Round to significant digits."""
    scale = 10.0 ** (digits - 1 - np.floor(np.log10(np.maximum(np.abs(values), 1e-30))))
    return np.round(values * scale) / scale


def common(rng: np.random.Generator, stated: dict, worse: float, trials: int) -> np.ndarray:
    """Temperature and drift: relative, the same for all elements of one quantity."""
    total = np.zeros((trials, 1))
    if "temperature" in stated:
        half = stated["temperature"]["pct_per_k"] * stated["temperature"]["within_k"] / 100.0
        total += worse * rng.uniform(-half, half, (trials, 1))
    if "drift" in stated:
        half = stated["drift"]["reading_pct"] / 100.0
        total += worse * rng.uniform(-half, half, (trials, 1))
    return total


def run(
    stated: dict, point: Point, trials: int, seed: int, worse: float = 1.0, noise_seed: int | None = None
) -> Trials:
    """Measure ``trials`` meters with as many analyzers; all errors are fixed within a trial but for the noise.

    ``noise_seed``: of the noise and the meters' errors, for the same analyzers (``seed``) at another moment.
    """
    rng = np.random.default_rng(seed)
    loaded = np.array([name in point.phases for name in "ABC"])
    # The true values differ from trial to trial, so that the last digit is not always rounded alike. Currents lie just
    # above a power of ten, where the last digit is worth most.
    u = U_V * (1.0 + rng.uniform(-4e-3, 4e-3, (trials, 3)))
    i = point.current_pct / 100.0 * (1.0 + rng.uniform(1e-3, 9e-3, (trials, 3))) * loaded
    lead = np.radians(point.angle_deg + rng.uniform(-0.3, 0.3, (trials, 3)))
    i_range = next(r for r in SENSOR_RANGES if 1.05 * point.current_pct / 100.0 <= r)
    true = {"u": u, "i": i, "p": u * i * np.cos(lead), "q": -u * i * np.sin(lead)}
    angles = np.radians(PHASES_DEG + rng.uniform(-0.3, 0.3, (trials, 3)) * np.array([[0.0, 1.0, 1.0]]))
    phasors = u * np.exp(1j * angles)
    true["ll"] = np.abs(phasors[:, 0] - phasors[:, 1])

    def amplitude(row: dict, value: np.ndarray, of_range: float) -> np.ndarray:
        figure = (row.get("reading_pct", 0.0) * np.abs(value) + row.get("range_pct", 0.0) * of_range) / 100.0
        return figure * each(rng, stated, row, worse, trials) + value * common(rng, stated, worse, trials)

    u_err = amplitude(stated["voltage"], u, U_RANGE)
    i_err = amplitude(stated["current"], i, i_range) * loaded
    phase = stated["phase"]
    turn = np.radians(phase["fixed_deg"] * each(rng, stated, phase, worse, trials))
    between = np.radians(phase["fixed_deg"] * draw(rng, phase, worse, (trials, 1))) * np.array([[0.0, 1.0, 0.0]])
    power = stated["power"]
    p_err = amplitude(power, true["p"], U_RANGE * i_range) * loaded
    p_seen = u * i * np.cos(lead + turn) + p_err

    integrator = stated.get("integrator", {"reading_pct": 0.02})
    energy = integrator["reading_pct"] / 100.0 * draw(rng, integrator, worse, (trials,))
    if noise_seed is not None:
        rng = np.random.default_rng(noise_seed)

    def noisy(values: np.ndarray) -> np.ndarray:
        return values[:, None, :] * (1.0 + rng.normal(0.0, NOISE, (trials, READINGS, 3)))

    digits = stated.get("resolution", {}).get("digits", 12)
    step = stated.get("resolution", {}).get("phase_deg", 1e-9)

    def stepped(values: np.ndarray) -> np.ndarray:
        return np.round(np.degrees(values) / step) * step

    u_deg = np.broadcast_to(stepped(angles + between)[:, None, :], (trials, READINGS, 3))
    i_deg = np.broadcast_to(stepped(angles + between + lead + turn)[:, None, :], (trials, READINGS, 3))
    total = true["p"].sum(axis=1)
    energy_error = p_seen.sum(axis=1) / total - 1.0 + energy
    return Trials(
        u=rounded(noisy(u + u_err), digits),
        i=rounded(noisy(i + i_err), digits) * loaded,
        p=rounded(noisy(p_seen), digits) * loaded,
        u_deg=u_deg,
        i_deg=i_deg,
        true=true,
        energy_error=energy_error,
        meter_error=rng.uniform(-1e-3, 1e-3, trials),
        meter_noise=rng.normal(0.0, METER_NOISE, (trials, READINGS - 1)),
    )
