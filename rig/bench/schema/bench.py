"""What a bench file may say: pydantic models, strict and frozen; loading and line numbers are in ``files``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema, field_validator, model_validator

from rig.bench.schema.climate import ChamberPart, ClimateProbePart
from rig.bench.schema.instrument import LATE, PLACEHOLDER, PLACEHOLDER_SCHEMA, InstrumentPart, LateText
from rig.bench.schema.switch import AlarmContactPart, SafetyInputsPart, SwitchPart
from rig.files.yaml_types import Degrees, Hertz, Line, Name, PerhapsLine, Prose, Ratio, Seconds, Strict, Volts
from rig.load_point import LoadPoint
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.calibration import CalibrationRecord
from rig.metrology.corrections.curves import Corrections
from rig.metrology.corrections.positions import PositionCorrections
from rig.safety.envelopes import Narrowing
from rig.safety.settling import SettlingLimits

__all__ = ["PLACEHOLDER", "SCHEMA_VERSION", "AlarmContactPart", "SwitchPart"]

SCHEMA_VERSION = 1


def _or_placeholder(low: int, high: int) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": "integer", "minimum": low, "maximum": high}, PLACEHOLDER_SCHEMA]})


_LateMac = Annotated[int, Field(ge=0, le=127), LATE, _or_placeholder(0, 127)]
_LateInstance = Annotated[int, Field(ge=0, le=4_194_302), LATE, _or_placeholder(0, 4_194_302)]
_LateBaud = Annotated[int, Field(ge=9600, le=115_200), LATE, _or_placeholder(9600, 115_200)]


class LaunchPart(Strict):
    """A process to start first; it prints one JSON line of endpoints, to which the file refers as ``${launch.x}``."""

    argv: Annotated[tuple[Line, ...], Field(min_length=1, strict=False)]
    """Program and arguments; ``${python}`` is the Python that runs the rig."""
    extra_argv: Annotated[tuple[Line, ...], Field(strict=False)] = ()
    """Appended to ``argv``, so that a variant of a bench can add an option to the bench it extends."""
    ready_timeout_s: Seconds = 20.0


class ClockPart(Strict):
    """Where bench time is spent: the wall clock, or an endpoint that advances time when asked."""

    kind: Literal["wall", "endpoint"] = "wall"
    endpoint: LateText | None = None

    @model_validator(mode="after")
    def _endpoint_fits_kind(self) -> ClockPart:
        if (self.kind == "endpoint") != (self.endpoint is not None):
            raise ValueError("kind: endpoint needs 'endpoint', kind: wall has none")
        return self


class LowLevelSourcePart(InstrumentPart):
    """A source that drives the CT inputs only, phase-locked to the one that drives the voltage inputs."""

    single_client: bool = False
    """The connection takes one program only (a serial or GPIB gateway): a rig that hangs is ended to reach it."""
    options: dict[Name, bool | int | float | PerhapsLine] = Field(default_factory=dict)
    """Options of the driver for this instrument, by the names of its keyword arguments."""
    calibration: CalibrationRecord | None = None


class SourcePart(LowLevelSourcePart):
    """The AC source: which driver, where it is, and its calibration where it has one that matters.

    It drives the voltage inputs, and the CT inputs too where there is no ``low_level_source``.
    """

    ramp_s: Seconds = 5.0
    """Soft start and stop of the voltage, in bench seconds."""
    answer_s: Seconds = 1.2
    """Wall seconds that a setting or an answer may take while the output is on; then the guardian switches it off."""


class AnalyzerPart(InstrumentPart):
    """The reference analyzer at the meter's terminals."""

    update_s: Seconds = 0.5
    accuracy: ReferenceAccuracy | None = None
    """Stated here, or in the calibration's own file."""
    calibration: CalibrationRecord | None = None

    @model_validator(mode="after")
    def _accuracy_is_stated_once(self) -> AnalyzerPart:
        in_calibration = self.calibration is not None and self.calibration.accuracy is not None
        if self.accuracy is not None and in_calibration:
            raise ValueError("accuracy stands here and in the calibration; keep one (accuracy: null takes this away)")
        if self.accuracy is None and not in_calibration:
            raise ValueError("accuracy is missing; state it here or in the calibration's file")
        return self

    @property
    def reference_accuracy(self) -> ReferenceAccuracy:
        """The accuracy that holds, wherever it is stated."""
        if self.accuracy is not None:
            return self.accuracy
        assert self.calibration is not None
        assert self.calibration.accuracy is not None
        return self.calibration.accuracy


class GeneratorOutputsPart(Strict):
    """Outputs by what they drive: high closes the contact at the pulse input, high interrupts control power."""

    pulse_input: Annotated[int, Field(ge=1, le=99)] | None = None
    control_power: Annotated[int, Field(ge=1, le=99)] | None = None


class GeneratorPart(InstrumentPart):
    """A generator whose hardware times pulses at the first position's meter, through driver stages."""

    outputs: GeneratorOutputsPart
    high_v: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = 5.0
    """Level that the driver stages read as active, volts."""


class CounterInputPart(Strict):
    """An input of the counter: its threshold in volts, and whether it is high or low while the event lasts."""

    channel: Annotated[int, Field(ge=1, le=99)]
    level_v: Annotated[float, Field(ge=-1_000, le=1_000, allow_inf_nan=False)] = 1.5
    active: Literal["high", "low"] = "high"


class CounterInputsPart(Strict):
    """Inputs by what they see: the contact at the pulse input closed, control power interrupted."""

    pulse_input: CounterInputPart | None = None
    control_power: CounterInputPart | None = None


class CounterPart(InstrumentPart):
    """The counter that measures how long what the generator does really lasts at the meter's terminals."""

    inputs: CounterInputsPart
    calibration: CalibrationRecord | None = None


class BusPart(Strict):
    """The RS-485 port and how the rig behaves on the MS/TP bus. ``apdu_repeats``: lost requests repeated (counted).

    ``echo``: whether the adapter hears what it sends. ``direction``: who switches it to sending, by itself or RTS.
    ``replug_wait_s``: for how long a run waits for an adapter that was unplugged; 0 ends it at once.
    ``max_info_frames``: requests in one holding of the token; with 8 a snapshot of the whole meter passes it once.
    ``device_instance``: of the rig's own Device object; two rigs on one internetwork need two.
    ``listen_port``: a second adapter on the same bus that is only ever listened to, so that the bus can be watched
    while a run is in progress; without it the rig's own port is listened to when the bench is free.
    """

    port: LateText
    listen_port: LateText | None = None
    """Not taken over by the bus of a position, as ``port`` is not."""
    baud: _LateBaud = 76_800
    mac: Annotated[int, Field(ge=0, le=127)] = 0
    max_master: Annotated[int, Field(ge=1, le=127)] = 127
    max_info_frames: Annotated[int, Field(ge=1, le=100)] = 8
    device_instance: Annotated[int, Field(ge=0, le=4_194_302)] = 4_194_302
    apdu_timeout_s: Seconds = 6.0
    apdu_repeats: Annotated[int, Field(ge=0, le=5)] = 0
    echo: Literal["detect", "on", "off"] = "detect"
    direction: Literal["adapter", "rts-high", "rts-low"] = "adapter"
    replug_wait_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 30.0


class PositionPart(Strict):
    """One place for a meter: how it is found on the bus, and which meter type it is (fixtures/meters).

    On a bench without a bus the meter cannot be read, but its type still says what the source may do to it.
    ``bus``: a port of the position's own; what it leaves out, but for ``listen_port``, is as in the bench's ``bus``.
    """

    name: Name
    mac: _LateMac | None = None
    device_instance: _LateInstance | None = None
    meter_type: Name
    bus: BusPart | None = None


class PathPart(Strict):
    """A passive path from a source terminal to a meter terminal.

    ``ratio``: volts at the source for one volt at the meter (a divider of 8:1 has 8). ``phase_deg``: angle of the
    voltage at the meter relative to that at the source, degrees, negative = lag.
    """

    ratio: Ratio = 1.0
    phase_deg: Degrees = 0.0


class CurrentLoopPart(Strict):
    """Real transducers on the bench: the source's amperes go ``turns`` times through each one's window.

    ``phase_deg``: angle of the transducer's output relative to its primary current, degrees, negative = lag.
    """

    turns: Ratio = 1.0
    phase_deg: Degrees = 0.0


class CtPart(Strict):
    """The current transducer that is simulated, or that is there.

    Rated primary amperes, and the volts it gives at rated current.
    """

    primary_a: Annotated[float, Field(ge=5, le=32_000)]
    secondary_v: Volts

    @field_validator("secondary_v")
    @classmethod
    def _one_volt_or_a_third(cls, value: float) -> float:
        """Take 0.33 to 0.3334 for one third of a volt: people write it in many ways, the meter has one."""
        if value == 1.0:
            return value
        if 0.33 <= value <= 0.3334:
            return 1.0 / 3.0
        raise ValueError("the meter takes 1 V and 1/3 V (0.333) transducers only")


class WiringPart(Strict):
    """How source, meter and analyzer hang together; the analyzer measures at the meter's terminals.

    Currents come as volts into the CT inputs through ``current_divider`` (1:1 where it is left out), or as amperes
    through real transducers with ``current_loop``. ``corrections``: PATH of a file, for transducers and dividers in
    front of the analyzer.
    """

    voltage: PathPart = PathPart()
    current_divider: PathPart | None = None
    current_loop: CurrentLoopPart | None = None
    ct: CtPart
    corrections: Corrections | None = None
    pt_ratio: Annotated[float, Field(ge=0.01, le=320)] = 1.0

    @model_validator(mode="after")
    def _volts_or_amperes(self) -> WiringPart:
        if self.current_divider and self.current_loop:
            raise ValueError("currents go through 'current_divider' or through 'current_loop': take one away (null)")
        return self


class NominalPart(Strict):
    """The system the meter is used in: ``voltage_v`` line to neutral, ``system_voltage_v`` as AV6 (line to line).

    ``rating``: which of the meter type's ratings holds for this bench (UL or CE).
    """

    voltage_v: Volts
    frequency_hz: Hertz = 60.0
    system_type: Literal[10, 11, 12, 31, 40] = 40
    system_voltage_v: Annotated[float, Field(ge=82, le=32_000)]
    rating: Name = "UL"

    def point(self, current_pct: float, angle_deg: float = 0.0, phases: str = "") -> LoadPoint:
        """Return the load point of this system with so much current on ``phases`` (all with a CT by default)."""
        return LoadPoint(
            self.voltage_v, current_pct, angle_deg, phases, self.frequency_hz, system_type=self.system_type
        )


class GoldenPart(Strict):
    """Meters that are known to be good, by serial number (text), and for how long a proof of the wiring by one holds.

    ``proof_h``: hours, so that each shift begins with a golden unit at each position.
    """

    units: Annotated[tuple[Line, ...], Field(min_length=1, strict=False)]
    proof_h: Annotated[float, Field(gt=0, le=8784, allow_inf_nan=False)] = 12.0


def bus_data(base: Any, own: Any) -> Any:  # Any: what YAML can hold
    """Return what the bus of a position says, with what it leaves out as in the bench's bus."""
    if not isinstance(base, dict) or not isinstance(own, dict):
        return own
    return {**{key: value for key, value in base.items() if key not in ("port", "listen_port")}, **own}


class BenchPart(Strict):
    """A whole bench file, after ``extends`` has been applied."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    name: Name
    description: Prose = ""
    simulated: bool = False
    """Whether readings come from emulated instruments: every report says so."""
    launch: LaunchPart | None = None
    clock: ClockPart = ClockPart()
    source: SourcePart | None = None
    low_level_source: LowLevelSourcePart | None = None
    analyzer: AnalyzerPart | None = None
    switch: SwitchPart | None = None
    safety_inputs: SafetyInputsPart | None = None
    generator: GeneratorPart | None = None
    counter: CounterPart | None = None
    climate_probe: ClimateProbePart | None = None
    chamber: ChamberPart | None = None
    bus: BusPart | None = None
    positions: Annotated[tuple[PositionPart, ...], Field(strict=False)] = ()
    golden: GoldenPart | None = None
    position_corrections: PositionCorrections | None = None
    """PATH of a file, measured with a golden unit: how the signal at each position differs from the analyzer's."""
    wiring: WiringPart | None = None
    nominal: NominalPart | None = None
    limits: Narrowing | None = None
    settling: SettlingLimits = SettlingLimits()

    @model_validator(mode="before")
    @classmethod
    def _positions_take_over_the_bus(cls, data: Any) -> Any:  # Any: what YAML can hold
        if not isinstance(data, dict) or not isinstance(data.get("positions"), list | tuple):
            return data
        positions = [
            {**one, "bus": bus_data(data.get("bus"), one["bus"])} if isinstance(one, dict) and one.get("bus") else one
            for one in data["positions"]
        ]
        return {**data, "positions": positions}

    def bus_of(self, position: PositionPart) -> BusPart | None:
        """Return the bus of a position: its own, or the bench's; None where there is none."""
        return position.bus or self.bus

    @property
    def buses(self) -> tuple[BusPart, ...]:
        """The buses of all positions, each once; the bench's alone where there is no position."""
        found = [self.bus_of(position) for position in self.positions] or [self.bus]
        return tuple({part.port: part for part in found if part is not None}.values())

    @model_validator(mode="after")
    def _parts_fit_together(self) -> BenchPart:
        if self.source and not (self.wiring and self.nominal):
            raise ValueError("a bench with a source needs 'wiring' and 'nominal'")
        if self.low_level_source and not self.source:
            raise ValueError("a bench with a low_level_source needs a 'source' for the voltages")
        if self.safety_inputs and not self.switch:
            raise ValueError("safety_inputs are read by the switch unit, and this bench has no 'switch'")
        without = [position.name for position in self.positions if self.bus_of(position) is None]
        if without and len(without) < len(self.positions):
            raise ValueError(f"position {without[0]} has no bus and others have; give it 'bus', or the bench one")
        by_port: dict[str, BusPart] = {}
        for position in self.positions if self.buses else ():
            part = self.bus_of(position)
            if part is not None and by_port.setdefault(part.port, part) != part:
                raise ValueError(
                    f"position {position.name}: its port {part.port} has other settings at another position"
                )
            if position.mac is None and position.device_instance is None:
                raise ValueError(f"position {position.name} needs 'mac' or 'device_instance'")
        if self.position_corrections is not None and not self.wiring:
            raise ValueError("position_corrections are of the wiring, and this bench has none")
        names = [p.name for p in self.positions]
        for name in names if self.position_corrections is not None else ():
            if self.position_corrections is not None and name not in self.position_corrections.names:
                raise ValueError(f"position {name} is not in the file of position_corrections")
        if len(set(names)) != len(names):
            raise ValueError("two positions have the same name")
        return self
