"""The electrical connections between the instruments: source terminals, wires, dividers, inputs of the meters."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from meter_model.sampled.input_impedance import CT_OHM, VOLTAGE_LN_OHM
from meter_model.stimulus import Phasor, Spectrum, Stimulus

Spectra = tuple[Spectrum, Spectrum, Spectrum]
NOTHING: Spectra = ((), (), ())


@dataclass(frozen=True, slots=True)
class SourceTerminals:
    """What a source puts out, open circuit: three voltage channels, three current channels in volts or amperes.

    ``current_is_volts`` says for each current channel whether it is switched to give a voltage.
    """

    frequency_hz: float
    voltages: Spectra
    currents: Spectra
    current_is_volts: tuple[bool, bool, bool]

    def cut_off(self) -> SourceTerminals:
        """Return what is behind an open contactor."""
        return replace(self, voltages=NOTHING, currents=NOTHING)


@dataclass(frozen=True, slots=True)
class CurrentLoop:
    """Real transformers in place of dividers: each current channel drives one primary, ``turns`` times through.

    ``ratio_error`` (a fraction) and ``phase_deg`` (negative = lag) are the transformers' own. ``loop_ohm`` is what a
    channel drives, ``source_ohm`` what limits one that was left in volts.
    """

    turns: float
    primary_a: float
    ratio_error: float = -2e-4
    phase_deg: float = 0.0
    loop_ohm: float = 0.01
    source_ohm: float = 1.0


@dataclass(frozen=True, slots=True)
class Wiring:
    """The passive parts of the emulated bench, all real (no reactance), so that it changes no angle.

    Voltage: the channels drive the voltage inputs of all ``meters`` and of the analyzer in parallel through
    ``lead_ohm``. Current: each position has its own divider ``divider_ratio``:1 of ``divider_input_ohm``, loaded by
    one CT input (``ct_secondary`` 1 or 3 picks its impedance) and the analyzer's sensor input. A current channel
    left in amperes drives the divider up to ``compliance_v``. With ``loop`` there are transformers instead.
    ``pickup_pct``: percent of the rated signal that each CT input has of its phase's voltage, beside what the
    source gives: a seeded fault.
    """

    meters: int = 1
    ct_secondary: int = 1
    divider_ratio: float = 8.0
    divider_input_ohm: float = 800.0
    lead_ohm: float = 0.05
    compliance_v: float = 14.0
    analyzer_voltage_ohm: float = 10e6
    analyzer_sensor_ohm: float = 1e6
    temperature_c: float = 25.0
    loop: CurrentLoop | None = None
    pickup_pct: float = 0.0

    @property
    def divider_output_ohm(self) -> float:
        """The divider's source impedance as the CT input sees it: its two resistors in parallel, ohms."""
        lower = self.divider_input_ohm / self.divider_ratio
        return lower * (1.0 - lower / self.divider_input_ohm)

    @property
    def voltage_factor(self) -> float:
        """Volts at the meter's voltage terminals for one volt of the source."""
        conductance = self.meters / VOLTAGE_LN_OHM + 1.0 / self.analyzer_voltage_ohm
        return 1.0 / (1.0 + self.lead_ohm * conductance)

    @property
    def ct_factor(self) -> float:
        """Volts at the meter's CT terminals for one volt of a current channel."""
        conductance = 1.0 / CT_OHM[self.ct_secondary] + 1.0 / self.analyzer_sensor_ohm
        return 1.0 / self.divider_ratio / (1.0 + self.divider_output_ohm * conductance)

    def stimulus(self, source: SourceTerminals) -> Stimulus:
        """Return what the source gives at the terminals of each meter (and of the analyzer, which sits beside it)."""
        return Stimulus(
            frequency_hz=source.frequency_hz,
            voltages=_each(lambda channel: _scaled(source.voltages[channel], self.voltage_factor)),
            ct_inputs=_each(lambda channel: (*self._ct_input(source, channel), *self._pickup(source, channel))),
            temperature_c=self.temperature_c,
        )

    def _pickup(self, source: SourceTerminals, channel: int) -> Spectrum:
        volts, turn_deg = abs(self.pickup_pct) / 100.0 / self.ct_secondary, 180.0 * (self.pickup_pct < 0.0)
        angles = (part.phase_deg for part in source.voltages[channel] if part.order == 1 and part.rms)
        return tuple(Phasor(1, volts, angle + turn_deg) for angle in angles) if volts else ()

    def _ct_input(self, source: SourceTerminals, channel: int) -> Spectrum:
        spectrum = source.currents[channel]
        if self.loop is not None:
            return self._transformed(spectrum, self.loop, source.current_is_volts[channel])
        if source.current_is_volts[channel]:
            return _scaled(spectrum, self.ct_factor)
        volts = rms(spectrum) * self.divider_input_ohm
        limit = min(1.0, self.compliance_v / volts) if volts else 1.0
        return _scaled(spectrum, self.divider_input_ohm * limit * self.ct_factor)

    def _transformed(self, spectrum: Spectrum, loop: CurrentLoop, is_volts: bool) -> Spectrum:
        amperes = 1.0 / (loop.loop_ohm + loop.source_ohm) if is_volts else 1.0
        volts = amperes * loop.turns / loop.primary_a / self.ct_secondary * (1.0 + loop.ratio_error)
        return tuple(Phasor(p.order, p.rms * volts, p.phase_deg + p.order * loop.phase_deg) for p in spectrum)


def rms(spectrum: Spectrum) -> float:
    """Return the rms value of a waveform."""
    return math.sqrt(sum(phasor.rms**2 for phasor in spectrum))


def _scaled(spectrum: Spectrum, factor: float) -> Spectrum:
    return tuple(Phasor(phasor.order, phasor.rms * factor, phasor.phase_deg) for phasor in spectrum)


def _each(make: Callable[[int], Spectrum]) -> Spectra:
    return make(0), make(1), make(2)
