"""Random lives of a meter: writes, commands, loads, power cycles, time changes; and the laws that hold throughout."""

from __future__ import annotations

import datetime
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from meter_model.behaviour.profile import BehaviourProfile, TotalImportExport, UnusedPhaseEnergies
from meter_model.configuration import Configuration, ValueRefused
from meter_model.device.meter import S4100, ObjectAccessError
from meter_model.sampled.unit_errors import UnitErrors
from meter_model.stimulus import Stimulus
from tests.meter_model.loads import sine

STEPS = 10_000
START = Configuration(system_voltage_v=480.0, subinterval_cs=1000)
GROWING = (2, 3, 4, 5, 6, 7, 9, 10, *range(31, 55))
VALUES = {
    2: (10.0, 11.0, 12.0, 31.0, 40.0, 30.0),
    3: (5.0, 100.0, 32000.0, 4.0, math.nan),
    4: (1.0, 3.0, 2.0),
    5: (0.01, 1.0, 2.0, 320.0, 321.0),
    6: (82.0, 120.0, 480.0, 600.0, 661.0, 32000.0),
    8: (1.0, 10.0, 99.0, 0.0),
    9: (25.0, 100.0),
    10: (1.0, 3.0, 6.0, 7.0),
    11: (0.0, 1000.0, 2000.0, 90000.0, 999.0, 1050.0),
}
REFUSED = [
    ("AI", 2, "present-value", 0.0),
    ("BI", 1, "present-value", 1),
    ("AV", 2, "description", "x"),
    ("AV", 12, "present-value", 1.0),
    ("AV", 1, "present-value", 1234.0),
    ("AV", 3, "present-value", "100"),
    ("TL", 1, "buffer-size", 1),
    ("TL", 2, "log-device-object-property", ("AI", 76, 85)),
    ("TL", 3, "record-count", 5),
    ("DE", 1_000_001, "max-master", 0),
    ("DE", 1_000_001, "vendor-name", "mine"),
]


def stimulus(amperes: tuple[float, ...], turns: tuple[float, ...], volts: float, frequency_hz: float) -> Stimulus:
    angles = (0.0, -120.0, 120.0)
    return START.stimulus_from_primary(
        frequency_hz,
        [sine(volts, angle) for angle in angles],
        [sine(size, angle + turn) for size, turn, angle in zip(amperes, turns, angles, strict=True)],
    )


LOADS = st.builds(
    stimulus,
    st.tuples(*[st.sampled_from((0.0, 1.0, 40.0, 119.0, 130.0))] * 3),
    st.tuples(*[st.sampled_from((0.0, -30.0, 75.0, 150.0, 180.0, -135.0))] * 3),
    st.sampled_from((0.0, 60.0, 277.0, 430.0)),
    st.sampled_from((60.0, 50.0, 59.93, 44.0)),
)
A_CYCLE_S = 1.01
"""Long enough for an update, for any unit's clock."""

DURATIONS = st.sampled_from((0.3, 1.0, 1.0, 2.45, 9.0, 61.0, 400.0))


class MeterLife(RuleBasedStateMachine):
    """What the test knows of the meter: its configuration, and how much the registers held at last."""

    steps = 0

    @initialize(rule=st.sampled_from(list(TotalImportExport)), unit=st.sampled_from((0, 1)))
    def make(self, rule: TotalImportExport, unit: int) -> None:
        self.profile = BehaviourProfile(total_import_export=rule, unused_phase_energies=UnusedPhaseEnergies.ZERO)
        self.errors = UnitErrors.drawn_from(unit) if unit else UnitErrors.none()
        self.meter = S4100(configuration=START, errors=self.errors, profile=self.profile)
        self.stored = self.accepted = START
        self.held = dict.fromkeys(GROWING, 0.0)
        self.maxima = [0.0] * 6
        self.power_ups, self.resets = 1, 0
        self.load = stimulus((0.0,) * 3, (0.0,) * 3, 277.0, 60.0)

    @rule(dt_s=DURATIONS, load=LOADS)
    def another_load(self, dt_s: float, load: Stimulus) -> None:
        self.load = load
        self.live(dt_s)

    @rule(dt_s=DURATIONS)
    def the_same_load(self, dt_s: float) -> None:
        self.live(dt_s)

    @rule(data=st.data(), av=st.sampled_from(sorted(VALUES)))
    def write_configuration(self, data: st.DataObject, av: int) -> None:
        value = data.draw(st.sampled_from(VALUES[av]))
        before = self.fingerprint()
        try:
            wanted = self.accepted.write(av, value)
        except ValueRefused:
            with pytest.raises(ObjectAccessError):
                self.meter.write("AV", av, "present-value", value)
            assert self.fingerprint() == before
            return
        self.meter.write("AV", av, "present-value", value)
        assert self.meter.read("AV", av, "reliability") == 7
        assert self.meter.configuration == self.stored, "the old values read until the new one is stored"
        self.accepted = wanted

    @rule(refused=st.sampled_from(REFUSED))
    def write_what_is_refused(self, refused: tuple[str, int, str, object]) -> None:
        before = self.fingerprint()
        with pytest.raises(ObjectAccessError):
            self.meter.write(*refused)
        assert self.fingerprint() == before

    @rule(command=st.sampled_from((30078.0, 21211.0, 21212.0, 16498.0)))
    def command(self, command: float) -> None:
        self.meter.write("AV", 1, "present-value", command)
        assert self.meter.read("AV", 1, "present-value") == 0.0
        if command == 30078.0:
            self.held = dict.fromkeys(GROWING, 0.0)
            self.resets += 1
        if command == 21212.0:
            self.maxima = [0.0] * 6
        updates = self.meter.update_count
        self.live(A_CYCLE_S)
        assert self.meter.analog_input(78) == self.resets
        if command == 21212.0 and self.meter.update_count == updates + 1:
            p, q, s = (self.meter.analog_input(number) for number in (19, 20, 21))
            expected = [max(p, 0.0), max(q, 0.0), s * (p >= 0.0), max(-p, 0.0), max(-q, 0.0), s * (p < 0.0)]
            assert [self.meter.analog_input(number) for number in range(22, 28)] == expected

    @rule(logged=st.integers(1, 75), stop_when_full=st.booleans(), enable=st.booleans())
    def write_log_settings(self, logged: int, stop_when_full: bool, enable: bool) -> None:
        self.meter.write("TL", 1, "log-device-object-property", ("AI", logged, 85))
        self.meter.write("TL", 2, "stop-when-full", stop_when_full)
        self.meter.write("TL", 3, "log-enable", enable)
        assert {self.meter.read("TL", number, "log-enable") for number in (1, 2, 3)} == {enable}

    @rule(when=st.datetimes(datetime.datetime(2000, 1, 1), datetime.datetime(2090, 1, 1)))
    def synchronise(self, when: datetime.datetime) -> None:
        self.meter.synchronise_time(when)
        assert self.meter.read("DE", 1_000_001, "local-date") == when.date()

    @rule(off_s=st.sampled_from((0.05, 0.2, 30.0)))
    def lose_control_power(self, off_s: float) -> None:
        before = self.registers()
        self.meter.advance(off_s, self.load, control_power=False)
        self.stored = self.meter.configuration
        if off_s < self.profile.ride_through_s:
            assert self.meter.is_running
            self.live(0.3)  # or the next gap would prolong this one
            return
        between = self.registers()
        assert all(between[n] <= before[n] + self.most_kwh(1.1) for n in GROWING), "nothing accumulates while off"
        self.meter.advance(self.profile.start_up_s, self.load)
        assert self.meter.is_running
        self.restarted(between)

    @rule()
    def restart_from_non_volatile_memory(self) -> None:
        before = self.registers()
        self.meter = S4100(errors=self.errors, profile=self.profile, memory_image=self.meter.memory_image())
        self.restarted(before)

    def restarted(self, before: dict[int, float]) -> None:
        """What was stored is there; writes on their way, demand and date are not."""
        self.power_ups += 1
        assert self.meter.configuration == self.stored
        self.accepted = self.stored
        assert self.registers() == before
        assert self.meter.read("BI", 15, "present-value") == 1
        assert self.meter.read("DE", 1_000_001, "local-date") == datetime.date(2000, 1, 1)
        assert [self.meter.analog_input(number) for number in (19, 20, 21)] == [0.0] * 3
        self.live(A_CYCLE_S)

    def live(self, dt_s: float) -> None:
        self.meter.advance(dt_s, self.load)
        if not self.is_pending():
            assert self.meter.configuration == self.accepted
        self.stored = self.meter.configuration
        self.check_growth(self.held, self.registers())

    def check_growth(self, before: dict[int, float], after: dict[int, float]) -> None:
        grown = {number for number in GROWING if after[number] > before[number]}
        for phase in range(3):
            if grown & {37 + phase, 46 + phase}:
                assert {31 + phase, 49 + phase} & grown, "Q1 and Q4 grow with import only"
            if grown & {40 + phase, 43 + phase}:
                assert {34 + phase, 52 + phase} <= grown, "Q2 and Q3 grow with export only"

    def is_pending(self) -> bool:
        return any(self.meter.read("AV", av, "reliability") for av in range(2, 12))

    def most_kwh(self, dt_s: float) -> float:
        """More than any load here adds in so long."""
        return 3 * 430.0 * 320.0 * 130.0 * 320.0 * 3.0 * dt_s / 3.6e6

    def registers(self) -> dict[int, float]:
        return {number: self.meter.analog_input(number) for number in GROWING}

    def fingerprint(self) -> object:
        meter = self.meter
        names = ("log-enable", "start-time", "stop-time", "log-interval", "stop-when-full", "record-count",
                 "total-record-count", "log-device-object-property")  # fmt: skip
        return (
            meter._content(),
            meter.snapshot(),
            meter.configuration,
            [meter.read("AV", av, prop) for av in range(1, 12) for prop in ("present-value", "reliability")],
            [meter.read("TL", number, name) for number in (1, 2, 3) for name in names],
            [meter.read("DE", 1_000_001, name) for name in ("max-master", "location", "object-name")],
        )

    @invariant()
    def counters_never_fall(self) -> None:
        MeterLife.steps += 1
        now = self.registers()
        fallen = {number: (self.held[number], value) for number, value in now.items() if value < self.held[number]}
        assert not fallen
        self.held = now
        maxima = [self.meter.analog_input(number) for number in range(22, 28)]
        assert all(new >= old - 1e-12 for new, old in zip(maxima, self.maxima, strict=True))
        assert min(maxima) >= 0.0
        self.maxima = maxima

    @invariant()
    def net_is_import_less_export_within_one_step(self) -> None:
        for net, received, delivered in ((1, 2, 3), (8, 9, 10)):
            values: list[Any] = [
                self.meter.read("AI", number, "present-value") for number in (net, received, delivered)
            ]
            assert all(isinstance(each, float) for each in values)
            step = max(float(np.spacing(np.float32(each))) for each in values)
            assert abs(values[0] - (values[1] - values[2])) <= step

    @invariant()
    def phases_add_up_where_the_profile_says_so(self) -> None:
        if self.profile.total_import_export is not TotalImportExport.ARITHMETIC:
            return
        first = {2: 31, 3: 34, 4: 37, 5: 40, 6: 43, 7: 46, 9: 49, 10: 52}
        for total, phase in first.items():
            parts = [self.meter.analog_input(phase + index) for index in range(3)]
            assert self.meter.analog_input(total) == pytest.approx(math.fsum(parts), rel=1e-9, abs=1e-12)

    @invariant()
    def what_is_read_is_consistent(self) -> None:
        meter = self.meter
        states = [meter.read("BI", number, "present-value") for number in range(1, 16)]
        assert meter.analog_input(83) == sum(1 << index for index, state in enumerate(states) if state)
        assert meter.analog_input(81) == self.power_ups
        assert meter.read("DE", 1_000_001, "object-list", 0) == 113
        counts = {meter.read("TL", number, "record-count") for number in (1, 2, 3)}
        assert len(counts) == 1
        assert len(meter.read_log(1)[0]) == counts.pop()
        frequency_hz = meter.analog_input(18)
        assert math.isnan(frequency_hz) or 44.999 <= frequency_hz <= 65.001


# a failure of a long life is told as it happened: to shorten it takes longer than the campaign
LONG = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    max_examples=120,
    stateful_step_count=100,
    phases=[Phase.reuse, Phase.generate],
)
COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck))


def test_the_laws_hold_through_a_random_life() -> None:
    run_state_machine_as_test(MeterLife, settings=settings(COMMON, max_examples=12, stateful_step_count=25))


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_the_laws_hold_for_ten_thousand_steps() -> None:
    MeterLife.steps = 0
    run_state_machine_as_test(MeterLife, settings=LONG)
    assert MeterLife.steps >= STEPS


def test_a_law_that_is_broken_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Net energy that leaves the export out."""
    from meter_model.sampled.energy import EnergyAccumulators

    right = EnergyAccumulators.totals
    monkeypatch.setattr(EnergyAccumulators, "totals", lambda self: [right(self)[1], *right(self)[1:]])
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            MeterLife,
            settings=settings(COMMON, max_examples=60, stateful_step_count=10, database=None, phases=[Phase.generate]),
        )
