"""The configuration of a meter, AV2 to AV11, with the PICS write rules (manual pages 21, 23 and 24)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

from meter_model.objects.points import ANALOG_VALUES
from meter_model.stimulus import Phasor, Spectrum, Stimulus
from meter_model.system_type import SYSTEM_TYPES, SystemType

COMMANDS: dict[int, str] = {
    30078: "clear all energy accumulators",
    21211: "begin a new demand sub-interval",
    21212: "reset maximum demand to present demand",
    16498: "clear the pulse counter",
}
"""What may be written to AV1 and what it does."""

_WIRE_TOLERANCE = 1e-6  # values arrive as 32-bit floats: 0.01 arrives as 0.0099999998
_VOLTAGE_SPAN = (82.0, 660.0)  # volts at the terminals: AV6 / AV5
_DISCRETE = frozenset({2, 4, 7, 10, 11})


class ValueRefused(ValueError):
    """A value is not one that an AV takes; ``av``, ``value`` and ``reason`` say which and why."""

    def __init__(self, av: int, value: float, reason: str) -> None:
        super().__init__(f"AV{av} does not take {value:g}: {reason}")
        self.av = av
        self.value = value
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Configuration:
    """AV2 to AV11 with the factory defaults; construction checks every range, ``write`` the couplings too.

    ``ct_secondary``: 1 for CTs with 1 V outputs, 3 for 1/3 V. ``system_voltage_v``: line to line, in system type 10
    line to neutral, on the primary side of the PTs. ``subinterval_cs``: hundredths of a second, 0 = sync-to-comms.
    """

    system_type: int = 40
    ct_primary_a: float = 100.0
    ct_secondary: int = 1
    pt_ratio: float = 1.0
    system_voltage_v: float = 600.0
    display_units: int = 1
    phase_loss_pct: float = 10.0
    imbalance_pct: float = 25.0
    subintervals: int = 1
    subinterval_cs: int = 90000

    def __post_init__(self) -> None:
        for av in range(2, 12):
            _check(av, self.value(av))

    def value(self, av: int) -> float:
        """Return what AV ``av`` reads; AV1 always reads 0. Raises KeyError beyond AV11."""
        return 0.0 if av == 1 else float(getattr(self, FIELDS[av]))

    def write(self, av: int, value: float) -> Configuration:
        """Return the configuration after a write to AV2 to AV11, or raise ``ValueRefused`` as the meter does."""
        if av not in FIELDS:
            raise ValueRefused(av, value, "only AV2 to AV11 hold configuration")
        _check(av, value)
        if av == 6:
            low, high = (limit * self.pt_ratio for limit in _VOLTAGE_SPAN)
            if not low * (1 - _WIRE_TOLERANCE) <= value <= high * (1 + _WIRE_TOLERANCE):
                raise ValueRefused(6, value, f"it must be 82 to 660 times the PT ratio, {low:g} to {high:g} V")
        change: Callable[..., Configuration] = replace
        return change(self, **{FIELDS[av]: round(value) if av in _DISCRETE else float(value)})

    @property
    def system(self) -> SystemType:
        """The system type's row of the manual's table."""
        return SYSTEM_TYPES[self.system_type]

    @property
    def max_power_kw(self) -> float:
        """AI76, the theoretical maximum power: sqrt(3)·V·I for types 40 and 31, V·I for 12, 11 and 10.

        Type 12 has two legs of half the voltage. With all defaults 103.92 kW (manual page 19).
        """
        factor = math.sqrt(3.0) if self.system_type in (40, 31) else 1.0
        return factor * self.system_voltage_v * self.ct_primary_a / 1000.0

    @property
    def nominal_ln_v(self) -> float | None:
        """Nominal line-to-neutral voltage on the primary side, None without a neutral."""
        divisor = self.system.ln_divisor
        return self.system_voltage_v / divisor if divisor else None

    @property
    def ct_rated_v(self) -> float:
        """RMS volts at the CT input at the rated primary current: 1 or 1/3."""
        return 1.0 / self.ct_secondary

    @property
    def amperes_per_ct_volt(self) -> float:
        """Primary amperes for one volt at a CT input."""
        return self.ct_primary_a * self.ct_secondary

    @property
    def volts_per_terminal_volt(self) -> float:
        """Primary volts for one volt at a voltage terminal: the PT ratio."""
        return self.pt_ratio

    def stimulus_from_primary(
        self,
        frequency_hz: float,
        voltages: Sequence[Sequence[Phasor]],
        currents: Sequence[Sequence[Phasor]],
        temperature_c: float = 25.0,
    ) -> Stimulus:
        """Return the stimulus at the terminals for primary-side volts (as ``Stimulus.voltages``) and amperes A, B, C.

        PTs and CTs are taken as perfect and as connected the right way round.
        """
        return Stimulus(
            frequency_hz,
            _scaled(voltages, 1.0 / self.volts_per_terminal_volt),
            _scaled(currents, 1.0 / self.amperes_per_ct_volt),
            temperature_c,
        )


FIELDS: dict[int, str] = {2 + index: entry.name for index, entry in enumerate(fields(Configuration))}
"""Field of ``Configuration`` by AV number, AV2 to AV11."""


def check_command(value: float) -> int:
    """Return the command that a write to AV1 means, or raise ``ValueRefused``."""
    if value not in COMMANDS:
        raise ValueRefused(1, value, f"the command register takes {', '.join(map(str, COMMANDS))} only")
    return int(value)


def _check(av: int, value: float) -> None:
    """Raise ``ValueRefused`` unless the value is in the range that AV ``av`` has by itself."""
    point = ANALOG_VALUES[av - 1]
    if not math.isfinite(value):
        raise ValueRefused(av, value, "it is not a number")
    if point.allowed:
        if value not in point.allowed:
            raise ValueRefused(av, value, f"it takes {', '.join(f'{each:g}' for each in point.allowed)} only")
        return
    low, high = point.low, point.high
    assert isinstance(low, float)
    assert isinstance(high, float)
    if av == 11 and value == 0:
        return
    if not low * (1 - _WIRE_TOLERANCE) <= value <= high * (1 + _WIRE_TOLERANCE):
        raise ValueRefused(av, value, f"the range is {low:g} to {high:.10g}")
    if av == 11 and value % 100:
        raise ValueRefused(av, value, "it must be a multiple of 100 (whole seconds)")
    if av == 10 and value != round(value):
        raise ValueRefused(av, value, "it must be a whole number")


def _scaled(spectra: Sequence[Sequence[Phasor]], factor: float) -> tuple[Spectrum, Spectrum, Spectrum]:
    a, b, c = (tuple(Phasor(each.order, each.rms * factor, each.phase_deg) for each in one) for one in spectra)
    return a, b, c
