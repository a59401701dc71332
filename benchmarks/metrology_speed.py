"""How fast the whole meter is simulated, sample by sample: simulated seconds per second, and where the time goes.

One meter, six channels of 15 harmonics each, a drawn unit's noise and quantisation on, frequency and spectrum changing
every simulated second. One thread. Run: ``python benchmarks/metrology_speed.py [seconds]``.
"""

from __future__ import annotations

import os
import sys
import time

import numpy as np

from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.prediction.prediction import predict
from meter_model.prediction.sampling_phase import SamplingPhaseDependent
from meter_model.sampled.energy import EnergyAccumulators
from meter_model.sampled.measurement import SecondMeter
from meter_model.sampled.sampling import FrontEnd
from meter_model.sampled.unit_errors import UnitErrors
from meter_model.stimulus import Phasor, Spectrum, Stimulus

ORDERS = range(1, 16)
ROUNDS = 5
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def stimuli(count: int, seed: int = 1) -> list[Stimulus]:
    """Return ``count`` unlike stimuli: 45 to 65 Hz, every harmonic up to the 15th on all six channels."""
    rng = np.random.default_rng(seed)

    def spectrum(rms: float, distortion: float) -> Spectrum:
        sizes, angles = rng.uniform(0.1, 1.0, 15), rng.uniform(-180.0, 180.0, 15)
        return tuple(
            Phasor(order, float(rms * sizes[order - 1] * (1.0 if order == 1 else distortion)), float(angles[order - 1]))
            for order in ORDERS
        )

    return [
        Stimulus(
            float(rng.uniform(45.0, 65.0)),
            (spectrum(277.0, 0.03), spectrum(277.0, 0.03), spectrum(277.0, 0.03)),
            (spectrum(1.0, 0.2), spectrum(1.0, 0.2), spectrum(1.0, 0.2)),
        )
        for _ in range(count)
    ]


def _is_predicted(stimulus: Stimulus, configuration: Configuration) -> bool:
    """Whether there is a closed form; some frequencies have images that meet in the samples, and are refused."""
    try:
        predict(stimulus, configuration)
    except SamplingPhaseDependent:
        return False
    return True


def _pin_one_thread() -> None:
    """Start again with one BLAS thread: one core is what is promised, and numpy reads this when it is loaded."""
    if any(os.environ.get(variable) != "1" for variable in THREADS):
        os.environ.update(dict.fromkeys(THREADS, "1"))
        os.execv(sys.executable, [sys.executable, *sys.argv])


def main() -> None:
    """Print the figures."""
    _pin_one_thread()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    load = stimuli(count)
    errors = UnitErrors.drawn_from(1)
    configuration = Configuration(system_voltage_v=480.0)

    meter = S4100("1", 1, configuration, errors, seed=1)
    for each in load[:20]:
        meter.advance(1.0, each)
    rates = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        for each in load:
            meter.advance(1.0, each)
        rates.append(count / (time.process_time() - begin))
    rates.sort()
    print(f"whole meter: {rates[ROUNDS // 2]:.0f} simulated seconds per second of one core")
    print(f"             median of {ROUNDS} rounds of {count} s, {rates[0]:.0f} to {rates[-1]:.0f}; promised: 1000")

    front_end, ideal = FrontEnd(errors, 1), FrontEnd(UnitErrors.none(), 1)
    second = SecondMeter(configuration, meter.profile)
    samples = []
    for each in load[:50]:
        taken = front_end.sample(1.0, each, 1.0)[:, :2519]  # a copy follows: the front end uses its memory again
        samples.append(np.pad(taken, ((0, 0), (0, 2520 - taken.shape[1]))))
    energy = EnergyAccumulators(meter.profile)
    reading = second.measure(samples[0])
    predicted = [each for each in load if _is_predicted(each, configuration)]
    parts = {
        "front end, noise and quantisation": lambda n: front_end.sample(1.0, load[n % count], 1.0),
        "  of which waveforms alone": lambda n: ideal.sample(1.0, load[n % count], 1.0),
        "measurement": lambda n: second.measure(samples[n % 50]),
        "energy registers": lambda _: energy.add(reading.energy_p_w, reading.energy_q_var, reading.s_va, 1.0),
        "(closed-form prediction, for comparison)": lambda n: predict(predicted[n % len(predicted)], configuration),
    }
    for name, part in parts.items():
        begin = time.process_time()
        for number in range(200):
            part(number)
        print(f"  {name:<44}{(time.process_time() - begin) / 200 * 1e6:8.0f} µs")


if __name__ == "__main__":
    main()
