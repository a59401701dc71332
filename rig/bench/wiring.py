"""Convert between instrument terminals and meter terminals, both ways, with ratio and phase; the only place for it."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.analyzer.base import AnalyzerReading, ElementReading
from drivers.source.base import Channel, CurrentUnit, SourceSetting, Tone
from meter_model.configuration import Configuration
from meter_model.stimulus import Phasor, Spectrum, Stimulus
from rig.bench.equivalent_waveform import MeasuredElement, equivalent, wrapped
from rig.bench.schema.bench import CurrentLoopPart, PathPart, WiringPart
from rig.errors import UsageRefused
from rig.load_point import PHASE_NAMES, ByPhase, LoadPoint, three
from rig.metrology.corrections.applied import PathCorrections
from rig.safety.errors import ReferenceInvalid
from rig.waveforms import Part, waveform, why_not

_NO_VOLTAGE_V = 1.0
"""Below this a voltage's angle may be missing: the phase is not fed."""

_NO_CURRENT = 1e-3
"""Below this part of the transducer's rated volts a current's angle may be missing: there is nothing to measure."""


_STRAIGHT = PathPart()


@dataclass(frozen=True, slots=True)
class Wiring:
    """How source, analyzer and meter hang together; the analyzer sits at the meter's terminals.

    ``ct_primary_a`` and ``ct_secondary_v``: the transducer that the current channels stand for, or that is there
    where they give amperes (``current_loop``). ``pt_ratio``: primary volts for one volt at the meter's terminals.
    ``corrections``: of every reading, for what stands in front of the analyzer.
    """

    ct_primary_a: float
    ct_secondary_v: float
    pt_ratio: float = 1.0
    voltage: PathPart = _STRAIGHT
    current_divider: PathPart = _STRAIGHT
    current_loop: CurrentLoopPart | None = None
    corrections: PathCorrections | None = None

    @classmethod
    def from_part(cls, part: WiringPart) -> Wiring:
        """Make the wiring that a bench file describes."""
        return cls(
            ct_primary_a=part.ct.primary_a,
            ct_secondary_v=part.ct.secondary_v,
            pt_ratio=part.pt_ratio,
            voltage=part.voltage,
            current_divider=part.current_divider or _STRAIGHT,
            current_loop=part.current_loop,
            corrections=PathCorrections(part.corrections, part.ct.secondary_v) if part.corrections else None,
        )

    @property
    def _current_path(self) -> PathPart:
        """From the source's current terminals, in volts or amperes, to volts at the CT inputs."""
        if self.current_loop is None:
            return self.current_divider
        amperes = self.ct_primary_a / self.current_loop.turns
        return PathPart.model_construct(ratio=amperes / self.ct_secondary_v, phase_deg=self.current_loop.phase_deg)

    @property
    def power_scale(self) -> float:
        """Primary-side watts for one "watt" at the terminals (volts times CT input volts)."""
        return self.pt_ratio * self.ct_primary_a / self.ct_secondary_v

    def terminals(self, point: LoadPoint) -> Stimulus:
        """Tell what a load point means at the meter's terminals: volts line to neutral, volts at the CT inputs.

        Raises UsageRefused for a waveform that is not known, or of components between the harmonics.
        """
        ct_volts = self.ct_secondary_v * point.current_pct / 100.0
        angles = point.voltage_angles_deg
        shape = waveform(point.waveform)
        if shape.cycles > 1:
            raise UsageRefused(f"{point.label}: {why_not(shape, shape.highest_order)}")
        voltages = [
            _shaped(shape.voltage, volts / self.pt_ratio, angle) if volts > 0 else ()
            for volts, angle in zip(point.phase_voltages_v, angles, strict=True)
        ]
        currents = [
            _shaped(shape.current, ct_volts * percent / 100.0, angle + point.angle_deg + shift_deg)
            if name in point.phases and ct_volts * percent > 0
            else ()
            for name, angle, percent, shift_deg in zip(
                PHASE_NAMES, angles, point.currents_pct, point.current_shift_deg, strict=True
            )
        ]
        return Stimulus(point.frequency_hz, three(voltages), three(currents))

    def source_setting(self, point: LoadPoint) -> SourceSetting:
        """Tell what the source has to give for a load point."""
        return self.setting_for(self.terminals(point))

    def setting_for(self, stimulus: Stimulus) -> SourceSetting:
        """Go from meter terminals to source terminals; angles are relative to the source's own voltage channel 1."""
        current_path = self._current_path
        turn_deg = self.voltage.phase_deg - current_path.phase_deg
        voltage = [_scaled(spectrum, self.voltage.ratio, 0.0) for spectrum in stimulus.voltages]
        current = [_scaled(spectrum, current_path.ratio, turn_deg) for spectrum in stimulus.ct_inputs]
        unit: CurrentUnit = "V" if self.current_loop is None else "A"
        return SourceSetting(stimulus.frequency_hz, three(_tones(voltage)), three(_tones(current)), unit)

    def terminals_of(self, setting: SourceSetting) -> Stimulus:
        """Go from source terminals to meter terminals: the inverse of ``setting_for``."""
        current_path = self._current_path
        turn_deg = current_path.phase_deg - self.voltage.phase_deg
        voltage = [_scaled(_phasors(channel), 1.0 / self.voltage.ratio, 0.0) for channel in setting.voltage]
        current = [_scaled(_phasors(c), 1.0 / current_path.ratio, turn_deg) for c in setting.current]
        return Stimulus(setting.frequency_hz, three(voltage), three(current))

    def stimulus(self, reading: AnalyzerReading) -> Stimulus:
        """Tell what the analyzer measured at the meter's terminals, as a waveform that has all it measured.

        Its rms voltages and currents, its active powers and the angles of the fundamentals are those of the reading;
        harmonics are put together in one order (``rig.bench.equivalent_waveform``).
        A phase that is not fed has no angle, and the frequency is that of the first phase that is. Raises
        ReferenceInvalid where the analyzer gave no valid value: a missing value never becomes a number. So it is
        where phase A is missing, whose voltage all angles refer to.
        """
        reading = self._corrected(reading)
        of_phase = next((place for place, e in enumerate(reading.elements) if e.u_v and e.u_v >= _NO_VOLTAGE_V), 0)
        frequency_hz = _valid(reading.elements[of_phase].frequency_hz, "frequency", PHASE_NAMES[of_phase])
        voltages: list[Spectrum] = []
        currents: list[Spectrum] = []
        for name, element in zip(PHASE_NAMES, reading.elements, strict=True):
            volts = _valid(element.u_v, "voltage", name)
            ct_volts = _valid(element.i, "CT input voltage", name)
            is_fed = element.u_phase_deg is not None or volts >= _NO_VOLTAGE_V
            is_loaded = element.i_phase_deg is not None or ct_volts >= _NO_CURRENT * self.ct_secondary_v
            u_deg = _valid(element.u_phase_deg, "angle of the voltage", name) if is_fed else 0.0
            i_deg = _valid(element.i_phase_deg, "angle of the current", name) if is_loaded else 0.0
            has_power = is_fed and is_loaded and element.p is not None
            measured = MeasuredElement(
                volts,
                ct_volts,
                u_deg,
                i_deg,
                active=element.p if has_power else None,
                voltage_thd=_fraction(element.u_thd_pct),
                current_thd=_fraction(element.i_thd_pct),
            )
            voltage, current = equivalent(measured)
            voltages.append(voltage if is_fed else ())
            currents.append(current if is_loaded else ())
        return Stimulus(frequency_hz, three(voltages), three(currents))

    def powers_off(self, reading: AnalyzerReading, stimulus: Stimulus) -> tuple[ByPhase, ByPhase]:
        """Return by how much P and Q as measured exceed those of ``stimulus(reading)``, volts times CT volts.

        P: what no waveform explains, such as a power above U times I by the separate errors of the three. Q is that of
        the fundamentals: their rms values and the angle between them, which the measured power does not change.
        """
        reading = self._corrected(reading)
        active, reactive = [], []
        for element, voltage, current in zip(reading.elements, stimulus.voltages, stimulus.ct_inputs, strict=True):
            pairs = [(v, i) for v in voltage for i in current if v.order == i.order]
            power = sum((v.rms * i.rms * _turn(v.phase_deg - i.phase_deg) for v, i in pairs), 0j)
            active.append(element.p - power.real if pairs and element.p is not None else 0.0)
            reactive.append(_fundamental_q(element) - _q_of(voltage, current) if pairs else 0.0)
        return three(active), three(reactive)

    def energy_factor(self, point: LoadPoint) -> float:
        """Return by what an energy that the analyzer integrated at ``point`` is multiplied to be corrected."""
        return 1.0 if self.corrections is None else self.corrections.energy_factor(point)

    def _corrected(self, reading: AnalyzerReading) -> AnalyzerReading:
        return reading if self.corrections is None else self.corrections.corrected(reading)

    def check_configuration(self, configuration: Configuration) -> None:
        """Refuse a meter that is set up for another transducer or PT ratio than is injected; raises UsageRefused."""
        self.check_transducers(configuration.ct_primary_a, configuration.ct_secondary, configuration.pt_ratio)

    def check_transducers(self, ct_primary_a: float, ct_secondary: int, pt_ratio: float) -> None:
        """Refuse other transducers than are injected for, as AV3, AV4 and AV5 say them; raises UsageRefused."""
        meter_v = 1.0 / ct_secondary
        if not math.isclose(meter_v, self.ct_secondary_v, rel_tol=1e-6):
            raise UsageRefused(
                f"the meter is set to {_ct_name(meter_v)} transducers (AV4 = {ct_secondary}) but the "
                f"bench injects for {_ct_name(self.ct_secondary_v)}",
                "set AV4, or ct: secondary_v in the bench file",
            )
        for number, what, meter, bench, key in (
            (3, "CT primary", ct_primary_a, self.ct_primary_a, "ct: primary_a"),
            (5, "PT ratio", pt_ratio, self.pt_ratio, "pt_ratio"),
        ):
            if not math.isclose(meter, bench, rel_tol=1e-6):
                raise UsageRefused(
                    f"the meter's {what} is {meter:g} (AV{number}) but the bench stands for {bench:g}",
                    f"set AV{number}, or 'wiring: {key}' in the bench file",
                )


def _valid(value: float | None, what: str, phase: str) -> float:
    if value is None or not math.isfinite(value):
        raise ReferenceInvalid(what, phase)
    return value


def _turn(angle_deg: float) -> complex:
    return cmath.rect(1.0, math.radians(angle_deg))


def _fundamental_q(element: ElementReading) -> float:
    """Return the reactive power of an element's fundamentals, lagging positive, in its own units."""
    assert element.u_v is not None
    assert element.i is not None
    assert element.u_phase_deg is not None
    assert element.i_phase_deg is not None
    volts = element.u_v / math.hypot(1.0, _fraction(element.u_thd_pct) or 0.0)
    current = element.i / math.hypot(1.0, _fraction(element.i_thd_pct) or 0.0)
    return volts * current * _turn(element.u_phase_deg - element.i_phase_deg).imag


def _q_of(voltage: Spectrum, current: Spectrum) -> float:
    pairs = [(v, i) for v in voltage for i in current if v.order == i.order == 1]
    return math.fsum(v.rms * i.rms * _turn(v.phase_deg - i.phase_deg).imag for v, i in pairs)


def _fraction(percent: float | None) -> float | None:
    return None if percent is None or not math.isfinite(percent) else percent / 100.0


def _ct_name(volts: float) -> str:
    return "1 V" if volts == 1.0 else "1/3 V"


def _shaped(parts: Sequence[Part], rms: float, angle_deg: float) -> Spectrum:
    """Return a waveform in place of a sine wave of ``rms`` at ``angle_deg``; its shape does not depend on the angle."""
    return tuple(
        Phasor(part.order, rms * part.percent / 100.0, wrapped(part.order * angle_deg + part.phase_deg))
        for part in parts
    )


def _scaled(spectrum: Spectrum, factor: float, turn_deg: float) -> Spectrum:
    return tuple(Phasor(p.order, p.rms * factor, wrapped(p.phase_deg + p.order * turn_deg)) for p in spectrum)


def _phasors(channel: Channel) -> Spectrum:
    return tuple(Phasor(tone.order, tone.rms, tone.phase_deg) for tone in channel)


def _tones(spectra: Sequence[Spectrum]) -> list[Channel]:
    return [tuple(Tone(p.order, p.rms, p.phase_deg) for p in spectrum) for spectrum in spectra]
