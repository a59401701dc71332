"""Base class of the reference power analyzers: their readings, ranges and capabilities, in the instrument's terms."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from drivers.instrument import Instrument

_HOLDS = 1.0 + 1e-9


@dataclass(frozen=True, slots=True)
class ElementReading:
    """One input element. ``None`` is "no valid data" (NAN, INF, over range): never a number.

    ``u_v`` volts rms; ``i`` rms of the current input in the unit it is scaled to (volts for an unscaled external
    sensor input); ``p``, ``q``, ``s`` in volts times that unit, lagging (inductive) q positive; ``frequency_hz``;
    ``u_phase_deg`` angle of this element's voltage fundamental relative to element 1's, ``i_phase_deg`` angle of
    its current fundamental relative to element 1's voltage fundamental, negative = lag. ``u_over``, ``i_over``: the
    instrument says that this input is over range, so that its ``None`` means "too much"; else a ``None`` means that
    there is no valid value, and does not say why. ``u_thd_pct`` and ``i_thd_pct``: total harmonic distortion of voltage
    and current, percent of the fundamental; None too where the driver does not ask for it.
    """

    u_v: float | None
    i: float | None
    p: float | None
    q: float | None
    s: float | None
    frequency_hz: float | None
    u_phase_deg: float | None
    i_phase_deg: float | None
    u_over: bool = False
    i_over: bool = False
    u_thd_pct: float | None = None
    i_thd_pct: float | None = None


@dataclass(frozen=True, slots=True)
class AnalyzerReading:
    """One fresh, synchronised data set of all elements; ``monotonic_s`` is the host's time when it arrived."""

    monotonic_s: float
    elements: tuple[ElementReading, ElementReading, ElementReading]


@dataclass(frozen=True, slots=True)
class IntegratorReading:
    """Energy since the integration started: watt hours (volt times current unit times hours) for each element.

    ``import_wh`` and ``export_wh`` are both positive; ``elapsed_s`` is the instrument's own integration time.
    """

    elapsed_s: float
    import_wh: tuple[float | None, float | None, float | None]
    export_wh: tuple[float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class AnalyzerRanges:
    """The selected measuring ranges of the three elements (rms): volts, and the current input's unit."""

    voltage: tuple[float, float, float]
    current: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class AnalyzerCapabilities:
    """What a family of analyzers can measure, as data: known before any I/O, checked when a bench file is read.

    ``voltage_v``: highest rms of the voltage inputs. ``ct_input_v``: smallest and largest range, in rms volts, of the
    inputs that take the CT inputs' signal; None where no input takes low voltages. ``update_s``: shortest and longest
    data update period in seconds. ``phases``: how many it measures at once. ``angles_between_voltages``: whether it
    can tell the rotation. ``integrates``: whether its driver works an energy integrator. ``measures_distortion``:
    whether its readings have ``u_thd_pct`` and ``i_thd_pct``. ``voltage_ranges_v`` and ``ct_ranges_v``: nominal ranges,
    rising, rms; the smallest that holds a signal times ``headroom`` is selected. ``why_not``: why something is
    missing, as a refusal says it; empty where nothing is. ``angle_from_part``: the part of its range that an input
    must have, and the voltage that its angle refers to too, before the angle means anything.
    """

    voltage_v: float
    ct_input_v: tuple[float, float] | None
    update_s: tuple[float, float]
    phases: int = 3
    angles_between_voltages: bool = True
    integrates: bool = True
    measures_distortion: bool = False
    voltage_ranges_v: tuple[float, ...] = ()
    ct_ranges_v: tuple[float, ...] = ()
    headroom: float = 1.0
    why_not: str = ""
    angle_from_part: float = 0.01

    def ranges_for(self, voltage_v: float, ct_inputs_v: tuple[float, float, float]) -> AnalyzerRanges | None:
        """Return the ranges that would be selected for these rms volts; None where some signal is in none of them."""
        volts = next((each for each in self.voltage_ranges_v if voltage_v * self.headroom <= each * _HOLDS), None)
        inputs = [
            next((r for r in self.ct_ranges_v if value * self.headroom <= r * _HOLDS), None) for value in ct_inputs_v
        ]
        one, two, three = inputs
        if volts is None or one is None or two is None or three is None:
            return None
        return AnalyzerRanges((volts, volts, volts), (one, two, three))


class ReferenceAnalyzer(Instrument):
    """A reference power analyzer that measures at the meter's terminals."""

    capabilities: AnalyzerCapabilities
    """What the family can measure; a class attribute."""

    update_s: float
    """The data update period in seconds, as set."""

    on_passing: Callable[[AnalyzerReading], None] | None = None
    """Where given, ``read`` hands it each data set that it passes over because it was begun before the call: for
    watching, since what is wrong in it is wrong. What it raises ends the reading."""

    @property
    def set_s(self) -> float:
        """Longest time in seconds from the end of one data set to the end of the next, on a signal that is there."""
        return self.update_s

    @abstractmethod
    def configure(self) -> None:
        """Bring the instrument to a known state: wiring 3P4W, external sensor current inputs, items, update rate."""

    @abstractmethod
    def select_ranges(self, voltage_v: float, current: tuple[float, float, float]) -> AnalyzerRanges:
        """Select the smallest fixed ranges that hold these rms values; returns what was selected, read back."""

    @abstractmethod
    def has_selected(self, voltage_v: float, current: tuple[float, float, float]) -> bool:
        """Whether ``select_ranges`` with these rms values (volts) would change nothing; no I/O."""

    @abstractmethod
    def read(self) -> AnalyzerReading:
        """Return a data set that was begun after this call; waits for it (time is spent in the clock given)."""

    @abstractmethod
    def latest(self) -> AnalyzerReading:
        """Return the newest complete data set, whenever it was begun: for watching, never for measuring.

        Spends no bench time in the clock given; an instrument that only answers at the end of its cycle (0.05 to 1 s)
        takes as long as that.
        """

    @abstractmethod
    def start_integration(self) -> None:
        """Reset and start the energy integrator."""

    @abstractmethod
    def stop_integration(self) -> IntegratorReading:
        """Stop the energy integrator and read it."""
