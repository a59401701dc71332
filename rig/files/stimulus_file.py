"""The stimulus file of ``rig predict``: primary-side phasors and a meter configuration, in YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from meter_model.configuration import FIELDS, Configuration, ValueRefused
from meter_model.prediction.sampling_phase import SamplingPhaseDependent, require_determined
from meter_model.stimulus import Phasor, Spectrum, Stimulus
from rig.files.yaml_file import load_yaml_model
from rig.files.yaml_types import Amperes, Ratio, Strict, Volts
from rig.load_point import three

_Rms = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
"""Volts or amperes on the primary side."""


class _Phasor(Strict):
    order: Annotated[int, Field(ge=1, le=100)]
    rms: _Rms
    phase_deg: Annotated[float, Field(ge=-3600, le=3600, allow_inf_nan=False)] = 0.0


_Spectrum = Annotated[tuple[_Phasor, ...], Field(strict=False, max_length=200)]


class _Phase(Strict):
    voltage: _Spectrum = ()
    current: _Spectrum = ()


class _Phases(Strict):
    a: _Phase
    b: _Phase = _Phase()
    c: _Phase = _Phase()


class _Configuration(Strict):
    system_type: int = 40
    ct_primary_a: Amperes = 100.0
    ct_secondary: int = 1
    pt_ratio: Ratio = 1.0
    system_voltage_v: Volts = 600.0


class _StimulusFile(Strict):
    frequency_hz: Annotated[float, Field(ge=40, le=70, allow_inf_nan=False)]
    """The range in which prediction and sampled meter are compared; the meter measures 45 to 65 Hz."""
    configuration: _Configuration = _Configuration()
    phases: _Phases


def load_stimulus_file(path: Path) -> tuple[Stimulus, Configuration]:
    """Read a stimulus file; returns the stimulus at the meter's terminals and the meter's configuration.

    Voltages are volts line to neutral and currents amperes, both rms on the primary side; angles in degrees relative
    to the fundamental of the phase-A voltage, negative = lag. Raises BenchFileError naming file and line.
    """
    data = load_yaml_model(path, _StimulusFile, check=_refuse_what_cannot_be_predicted)
    configuration = _configuration(data.configuration)
    return _stimulus(data, configuration), configuration


def _stimulus(data: _StimulusFile, configuration: Configuration) -> Stimulus:
    phases = (data.phases.a, data.phases.b, data.phases.c)
    voltages = three(_spectrum(phase.voltage) for phase in phases)
    currents = three(_spectrum(phase.current) for phase in phases)
    return configuration.stimulus_from_primary(data.frequency_hz, voltages, currents)


def _spectrum(parts: tuple[_Phasor, ...]) -> Spectrum:
    return tuple(Phasor(part.order, part.rms, part.phase_deg) for part in parts)


def _configuration(data: _Configuration) -> Configuration:
    configuration = Configuration()
    for av in range(2, 7):
        configuration = configuration.write(av, getattr(data, FIELDS[av]))
    return configuration


def _refuse_what_cannot_be_predicted(data: _StimulusFile) -> tuple[tuple[str | int, ...], str] | None:
    """Name the first key for which there is no prediction, and why."""
    return (
        _order_given_twice(data)
        or _refused_by_the_meter(data)
        or _read_by_sampling_phase(data, _configuration(data.configuration))
    )


def _order_given_twice(data: _StimulusFile) -> tuple[tuple[str | int, ...], str] | None:
    for name, phase in (("a", data.phases.a), ("b", data.phases.b), ("c", data.phases.c)):
        for which in ("voltage", "current"):
            seen: set[int] = set()
            for index, part in enumerate(getattr(phase, which)):
                if part.order in seen:
                    return ("phases", name, which, index), f"order {part.order} stands twice; give one phasor an order"
                seen.add(part.order)
    return None


def _read_by_sampling_phase(
    data: _StimulusFile, configuration: Configuration
) -> tuple[tuple[str | int, ...], str] | None:
    try:
        require_determined(_stimulus(data, configuration), has_neutral=configuration.system.number not in (11, 31))
    except SamplingPhaseDependent as error:
        channel = error.channels[1]
        which, phase = ("voltage" if channel[0] == "V" else "current"), channel[-1].lower()
        parts = getattr(getattr(data.phases, phase), which)
        index = next((i for i, part in enumerate(parts) if part.order == error.orders[1]), 0)
        return ("phases", phase, which, index), str(error)
    return None


def _refused_by_the_meter(data: _StimulusFile) -> tuple[tuple[str | int, ...], str] | None:
    """Name the first configuration value that the meter's own write rules (PICS) refuse."""
    try:
        _configuration(data.configuration)
    except ValueRefused as refusal:
        return ("configuration", FIELDS[refusal.av]), str(refusal)
    return None
