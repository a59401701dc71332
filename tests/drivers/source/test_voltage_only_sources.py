"""Drivers of sources without current channels at their emulators: what ramp, trip and off do at the terminals.

Every source of the registries that has three voltage channels and no low-level ones is tested. Bench time stands still
but when it is spent, so nothing here depends on how fast the machine is.
"""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import InstrumentError, SettingOutOfRange
from drivers.scpi.session import ScpiSession
from drivers.source import SOURCES
from drivers.source.base import SourceSetting, Tone
from drivers.source.keysight_ac6800b import KeysightAC6800B
from drivers.source.shared import steps as _steps
from drivers.source.shared.voltage_only import FamilyLimits, VoltageOnlySource, ramp_slew
from rig.emulation import instruments
from rig.emulation.sources.output import SourceErrors
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import Wiring, rms
from rig.emulation.world.surroundings import Surroundings
from rig.emulation.world.world import World
from rig.safety.switching_off.raw_off import switch_off

ONE_PHASE = (KeysightAC6800B,)
NAMES = [
    name
    for name, driver in SOURCES.items()
    if isinstance(driver, type) and issubclass(driver, VoltageOnlySource) and driver not in ONE_PHASE
]
WITH_RANGES = [name for name in NAMES if len(SOURCES[name].capabilities.voltage_ranges) > 1]
OFF = ((), (), ())
ANGLES_DEG = (0.0, -120.0, 120.0)


def setting(*volts, angles_deg=ANGLES_DEG, frequency_hz=60.0):
    a, b, c = ((Tone(1, rms_v, angle),) for rms_v, angle in zip(volts, angles_deg, strict=True))
    return SourceSetting(frequency_hz, (a, b, c), OFF)


POINT = setting(120.0, 120.0, 120.0)


class Rig:
    """A driver, its emulator behind a socket, and the world between."""

    def __init__(self, name, log_path):
        self.world = World(BenchTime(lambda: 0.0), Wiring())
        self.log = EventLog(log_path, self.world.now_s)
        around = Surroundings(errors=SourceErrors(), seed=1, world=self.world, log=self.log, serial_number="123456")
        self.emulator = instruments.SOURCES[name](around)
        self.world.attach(self.emulator, [])
        self.server = instruments.serve(self.emulator.engine, self.world, "source")
        self.source = SOURCES[name](ScpiSession(self.server.endpoint))

    def phasors(self, seconds=0.0):
        self.world.sleep(seconds)
        with self.world:
            return self.emulator.terminals(self.world.now_s()).voltages

    def volts(self, seconds=0.0):
        return [rms(spectrum) for spectrum in self.phasors(seconds)]

    def put_on(self, point=POINT, ramp_s=0.0):
        self.source.identify()
        self.source.select_ranges(point)
        self.source.set_point(point)
        self.source.set_output(True, ramp_s)

    def load(self, ohm):
        output: Any = self.emulator.output
        with self.world:
            output.set_load(ohm)

    def close(self):
        self.source.close()
        self.world.close()
        self.server.close()
        self.log.close()


@pytest.fixture(params=NAMES)
def rig(request, tmp_path):
    made = Rig(request.param, tmp_path / "events.jsonl")
    yield made
    made.close()


def test_volts_angles_and_frequency_reach_the_terminals_as_meant(rig):
    rig.put_on(setting(120.0, 100.0, 110.0, angles_deg=(0.0, -110.0, 125.0), frequency_hz=50.0))
    phasors = rig.phasors(0.5)
    assert [spectrum[0].rms for spectrum in phasors] == pytest.approx([120.0, 100.0, 110.0])
    for spectrum, wanted_deg in zip(phasors, (0.0, -110.0, 125.0), strict=True):
        assert abs((spectrum[0].phase_deg - wanted_deg + 180.0) % 360.0 - 180.0) < 0.06
    with rig.world:
        assert rig.emulator.terminals(rig.world.now_s()).frequency_hz == 50.0


def test_ramp_takes_ramp_s_for_the_largest_voltage_and_less_for_others(rig):
    rig.put_on(setting(120.0, 60.0, 120.0), ramp_s=5.0)
    assert rig.volts() == [0.0] * 3
    half = rig.volts(2.55)
    assert half == pytest.approx([60.0, half[1], 60.0], abs=3.0)
    assert 28.0 < half[1] <= 60.0
    assert rig.volts(1.0)[0] == pytest.approx(84.0, abs=3.0)
    assert rig.volts(2.0) == pytest.approx([120.0, 60.0, 120.0])


def test_without_a_ramp_the_voltage_is_there_in_half_a_second(rig):
    rig.put_on()
    assert rig.volts(0.5) == pytest.approx([120.0] * 3)


def test_set_point_is_reached_before_an_analyzer_reads_after_any_ramp(rig):
    rig.put_on(ramp_s=5.0)
    rig.volts(6.0)
    rig.source.set_point(setting(105.0, 105.0, 105.0))
    assert rig.volts(0.1) == pytest.approx([105.0] * 3)


@pytest.mark.parametrize("spent_s", [0.0, 1.0, 10.0])
def test_off_is_at_once_at_any_moment_of_a_ramp(rig, spent_s):
    rig.put_on(ramp_s=5.0)
    rig.volts(spent_s)
    rig.source.set_output(False, 5.0)
    assert rig.volts() == [0.0] * 3
    assert not rig.source.output_is_on()


def test_make_safe_works_at_any_time_repeatedly_and_next_point_is_right(rig):
    rig.source.make_safe()
    rig.source.make_safe()
    rig.put_on(ramp_s=5.0)
    rig.volts(1.0)
    rig.source.make_safe()
    assert rig.volts() == [0.0] * 3
    rig.put_on()
    assert rig.volts(0.5) == pytest.approx([120.0] * 3)


def test_another_process_switches_off_in_mid_ramp_with_the_recipe_alone(rig):
    rig.put_on(ramp_s=5.0)
    rig.volts(1.0)
    (recipe,) = rig.source.safe_off()
    result = switch_off(recipe)
    assert result.confirmed, result.details
    assert rig.volts() == [0.0] * 3


def test_current_limit_is_set_before_output_and_a_larger_burden_trips(rig):
    rig.put_on()
    with rig.world:
        assert rig.emulator.output.limit_a == pytest.approx((1.0,) * 3)
    if rig.source.capabilities.current_limit_a is not None:
        assert rig.source.protection().current_limit_a == pytest.approx(1.0)
    rig.volts(0.5)
    rig.load(60.0)
    rig.volts(10.0)
    assert rig.volts() == [0.0] * 3
    assert not rig.source.output_is_on()
    with pytest.raises(InstrumentError):
        rig.source.set_output(True)
    assert rig.volts(1.0) == [0.0] * 3
    rig.load(math.inf)
    rig.put_on()
    assert rig.volts(0.5) == pytest.approx([120.0] * 3)


@pytest.mark.parametrize("rig", WITH_RANGES, indirect=True)
def test_a_range_is_changed_with_the_output_off_only(rig):
    rig.put_on()
    high = setting(250.0, 250.0, 250.0)
    with pytest.raises(InstrumentError, match="switch it off first"):
        rig.source.select_ranges(high)
    assert rig.volts(0.5) == pytest.approx([120.0] * 3)
    rig.source.set_output(False)
    rig.put_on(high)
    assert rig.volts(0.5) == pytest.approx([250.0] * 3)
    rig.source.set_output(False)
    rig.put_on()
    assert rig.volts(0.5) == pytest.approx([120.0] * 3)


def test_a_stuck_relay_is_seen_by_the_terminals_only(rig):
    rig.put_on()
    rig.volts(0.5)
    with rig.world:
        rig.emulator.stick(True)
    rig.source.make_safe()
    assert rig.volts(0.5) == pytest.approx([120.0] * 3)


class InProcess:
    """A transport that hands messages to an emulator's engine, without a socket."""

    def __init__(self, engine):
        self._engine = engine

    def write(self, message, deadline_s):
        assert self._engine.execute(message, "test") is None

    def query(self, message, deadline_s):
        return self._engine.execute(message, "test")

    def close(self):
        pass


_VOLTS = st.one_of(st.just(0.0), st.floats(1.0, 300.0))
_ANGLES = st.floats(-360.0, 360.0)


@pytest.mark.parametrize("name", ["ametek_ci", "chroma_61600"])
@settings(max_examples=25, deadline=None)
@given(hertz=st.floats(45.0, 65.0), volts=st.tuples(_VOLTS, _VOLTS, _VOLTS), b_deg=_ANGLES, c_deg=_ANGLES)
def test_whatever_is_set_comes_out_within_the_resolution(tmp_path_factory, name, hertz, volts, b_deg, c_deg):
    world = World(BenchTime(lambda: 0.0), Wiring())
    log = EventLog(tmp_path_factory.mktemp("log") / "events.jsonl", world.now_s)
    around = Surroundings(errors=SourceErrors(), seed=1, world=world, log=log, serial_number="1")
    emulator = instruments.SOURCES[name](around)
    world.attach(emulator, [])
    source = SOURCES[name](ScpiSession("TEST", open_transport=lambda: InProcess(emulator.engine)))
    point = setting(*volts, angles_deg=(0.0, b_deg, c_deg), frequency_hz=hertz)
    source.select_ranges(point)
    source.set_point(point)
    source.set_output(True)
    world.sleep(0.5)
    with world:
        terminals = emulator.terminals(world.now_s())
    assert terminals.frequency_hz == pytest.approx(hertz, abs=0.0056)
    assert [rms(spectrum) for spectrum in terminals.voltages] == pytest.approx(volts, abs=0.051)
    for spectrum, wanted_deg in zip(terminals.voltages, (0.0, b_deg, c_deg), strict=True):
        for phasor in spectrum:
            assert abs((phasor.phase_deg - wanted_deg + 180.0) % 360.0 - 180.0) < 0.056
    world.close()
    log.close()


@given(volts=st.floats(0.0, 999.9994), tolerance=st.floats(0.001, 0.1))
def test_sent_number_agrees_with_itself_and_not_beyond_the_tolerance(volts, tolerance):
    step = _steps.number("VOLT", volts, tolerance)
    sent = step.command.removeprefix("VOLT ")
    assert "e" not in sent.lower()
    assert step.agrees(sent)
    assert step.agrees(f"{volts:.6E}") is (abs(float(f"{volts:.6E}") - volts) <= tolerance)
    assert not step.agrees(str(volts + 1.01 * tolerance + 0.0005))


@given(angle_deg=st.floats(-360.0, 360.0), turns=st.integers(-2, 2), decimals=st.integers(1, 3))
def test_angle_is_sent_between_zero_and_one_turn_and_any_turn_agrees(angle_deg, turns, decimals):
    step = _steps.angle("PHAS", angle_deg, 0.06, decimals=decimals)
    sent = float(step.command.removeprefix("PHAS "))
    assert 0.0 <= sent < 360.0
    assert step.agrees(str(sent + 360.0 * turns))
    assert not step.agrees(str(sent + 0.2))
    assert not step.agrees("NAN")


@given(
    volts=st.tuples(*[st.floats(0.0, 300.0)] * 3),
    ramp_s=st.floats(0.0, 60.0),
)
def test_a_slew_that_is_given_takes_the_largest_voltage_there_in_time(volts, ramp_s):
    limits = FamilyLimits(slew_v_per_s=(1.0, 1e5), prompt_slew_v_per_s=1e4, current_limit_a=(0.1, 1.0))
    if ramp_s == 0.0 or max(volts) == 0.0:
        assert ramp_slew(volts, ramp_s, limits) is None
    elif 1.0 <= max(volts) / ramp_s <= 1e5:
        assert max(volts) / ramp_slew(volts, ramp_s, limits) == pytest.approx(ramp_s)
    else:
        with pytest.raises(SettingOutOfRange, match="slew of a ramp"):
            ramp_slew(volts, ramp_s, limits)
