"""Bench time and the world: events take effect when they happen, time spent counts exactly, no thread starves."""

import json
import math
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.sampled.input_impedance import CT_OHM, VOLTAGE_LN_OHM
from rig.emulation.sources.output import SourceErrors
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.fair_lock import FairLock
from rig.emulation.world.physics import NOTHING, SourceTerminals, Wiring
from rig.emulation.world.world import World


class StillSource:
    """A source that gives nothing and notes when it was asked."""

    revision = 0

    def terminals(self, at_s):
        return SourceTerminals(60.0, NOTHING, NOTHING, (True, True, True))

    def next_change_s(self, now_s):
        return float("inf")

    def __init__(self):
        self.drawn = []

    def wander(self, seconds):
        self.drawn.append(seconds)


class Witness:
    """Counts the seconds it lives through."""

    def __init__(self):
        self.lived_s = 0.0
        self.longest_s = 0.0

    def advance(self, dt_s, stimulus):
        self.lived_s += dt_s
        self.longest_s = max(self.longest_s, dt_s)


def energise(bench):
    source = bench.client("source")
    for phase, shift in ((1, 0), (2, -120), (3, 120)):
        source.write(f"PHAS{phase}:VOLT:RANG 0,360;MHAR:HARM1 277,{shift};:PHAS{phase}:VOLT:STAT ON")
        source.write(f"PHAS{phase}:CURR:RANG:VOLT 1,10;:PHAS{phase}:CURR:MHAR:HARM1 8,{shift}")
        source.write(f"PHAS{phase}:CURR:STAT ON")
    source.do("FREQ 60;:OUTP ON")


def test_sixty_seconds_of_sleep_add_power_times_sixty_seconds_of_energy(bench):
    meter = S4100(configuration=Configuration(ct_primary_a=100.0))
    bench.attach(meter)
    energise(bench)
    bench.world.sleep(2.0)
    before = meter.analog_input(2)
    bench.world.sleep(60.0)
    wiring = bench.world.wiring
    kilowatts = 3.0 * 277.0 * wiring.voltage_factor * 8.0 * wiring.ct_factor * 100.0 / 1000.0
    assert meter.analog_input(2) - before == pytest.approx(kilowatts / 60.0, rel=1e-6)
    assert meter.update_count == 62


def test_the_meter_gets_one_update_for_each_second_of_bench_time(bench):
    meter = S4100()
    bench.attach(meter)
    for dt_s in (0.4, 0.4, 0.4, 1.7, 0.1):
        bench.world.sleep(dt_s)
    assert meter.update_count == 3


def test_time_spent_over_the_clock_port_is_bench_time(bench):
    clock = bench.client("clock")
    assert json.loads(clock.query('{"now": true}')) == {"bench_time_s": 0.0}
    assert json.loads(clock.query('{"sleep_s": 2.5}')) == {"bench_time_s": 2.5}
    assert json.loads(clock.query('{"sleep_s": 0}')) == {"bench_time_s": 2.5}


@pytest.mark.parametrize(
    "question",
    ["", "nonsense", "[1]", "{}", '{"sleep_s": -1}', '{"sleep_s": "1"}', '{"sleep_s": true}', '{"sleep_s": NaN}',
     '{"sleep_s": Infinity}', '{"sleep_s": 1e12}', "[" * 5000, "\xff\xfe"],
)  # fmt: skip
def test_nonsense_to_the_clock_is_answered_and_nothing_moves(bench, question):
    clock = bench.client("clock")
    clock.write(question)
    if question:
        assert "error" in json.loads(clock.read())
    assert json.loads(clock.query('{"now": 1}')) == {"bench_time_s": 0.0}


@pytest.mark.parametrize("question", ['{"fault": "flood"}', '{"fault": "source-gain", "value": "much"}', '{"x": 1}'])
def test_an_unknown_fault_is_refused_in_a_sentence(bench, question):
    assert "error" in json.loads(bench.client("control").query(question))


def test_disconnecting_the_analyzer_drops_its_clients_and_its_port(bench):
    analyzer = bench.client("analyzer")
    assert analyzer.query("*IDN?")
    assert json.loads(bench.client("control").query('{"fault": "analyzer-disconnect"}'))["done"]
    assert analyzer.socket.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        bench.client("analyzer")
    assert bench.client("source").query("*IDN?")


def test_status_tells_output_and_terminal_volts(bench):
    control = bench.client("control")
    assert json.loads(control.query('{"status": true}'))["terminal_volts"] == [0.0, 0.0, 0.0]
    energise(bench)
    bench.world.sleep(1.0)
    status = json.loads(control.query('{"status": true}'))
    assert status["output_on"] is True
    assert status["terminal_volts"] == pytest.approx([277.0] * 3, rel=1e-5)
    assert status["ct_volts"] == pytest.approx([8.0 * bench.world.wiring.ct_factor] * 3, rel=1e-9)


def test_short_sleeps_are_lived_through_second_by_second():
    world, witness = World(BenchTime(lambda: 0.0), Wiring()), Witness()
    world.attach(StillSource(), [witness])
    for dt_s in (0.3, 7.25, 100.0):
        world.sleep(dt_s)
    assert witness.lived_s == pytest.approx(107.55, abs=1e-9)
    assert world.now_s() == pytest.approx(107.55, abs=1e-9)
    assert witness.longest_s <= 1.0


def test_six_hours_of_sleep_are_counted_whole_by_meter_and_analyzer(bench):
    meter = S4100(configuration=Configuration(ct_primary_a=100.0, subinterval_cs=6000))
    bench.attach(meter)
    bench.source._errors = SourceErrors(noise=3e-6)
    energise(bench)
    bench.client("analyzer").do(":INP:WIR P3W4;:VOLT:RANG:ALL 300V;:CURR:RANG:ALL EXT,1V;:CURR:SRAT:ALL 10;:INTEG:STAR")
    bench.world.sleep(2.0)
    before, watt_hours = meter.analog_input(2), sum(bench.analyzer.integrator.positive_wh)
    bench.world.sleep(6 * 3600.0)
    wiring = bench.world.wiring
    kilowatts = 3.0 * 277.0 * wiring.voltage_factor * 8.0 * wiring.ct_factor * 100.0 / 1000.0
    assert meter.analog_input(2) - before == pytest.approx(6.0 * kilowatts, rel=1e-6)
    assert (sum(bench.analyzer.integrator.positive_wh) - watt_hours) / 1000.0 == pytest.approx(6 * kilowatts, rel=1e-6)
    assert bench.analyzer.data_set().results[0].p == pytest.approx(kilowatts * 1000.0 / 3.0, rel=1e-4)
    assert meter.update_count == 6 * 3600 + 2
    assert meter.read_log(1)[1] == 360


def still_world(*measuring):
    world, source = World(BenchTime(lambda: 0.0), Wiring()), StillSource()
    world.attach(source, measuring)
    return world, source


def test_long_sleep_takes_few_long_steps_and_ends_second_by_second():
    witness = Witness()
    world, source = still_world(witness)
    world.sleep(86_400.5)
    assert witness.lived_s == pytest.approx(86_400.5, abs=1e-6)
    assert len(source.drawn) < 400
    assert sum(source.drawn) == 86_400
    assert max(source.drawn) == 600
    assert source.drawn[-100:] == [1] * 100
    world.sleep(2.0)
    assert source.drawn[-2:] == [1, 1]


def test_noise_of_a_long_sleep_is_the_mean_of_its_seconds(bench):
    def level(seconds):
        bench.source.wander(seconds)
        return bench.source._noise

    bench.source._errors = SourceErrors(noise=1e-3)
    for seconds in (1, 100):
        drawn = np.array([level(seconds) for _ in range(400)])
        assert drawn.std() == pytest.approx(1e-3 / seconds**0.5, rel=0.1)
        assert abs(drawn.mean()) < 1e-4


class Ramp(StillSource):
    """Changes every 20 ms for ten seconds, then no more."""

    def next_change_s(self, now_s):
        return math.inf if now_s >= 10.0 else math.floor(now_s / 0.02 + 1e-6) * 0.02 + 0.02


def test_a_source_that_moves_is_followed_however_long_the_sleep():
    witness = Witness()
    world = World(BenchTime(lambda: 0.0), Wiring())
    world.attach(Ramp(), [witness])
    world.spend(9.0)
    assert witness.longest_s <= 0.0201
    world.sleep(3600.0)
    assert witness.lived_s == pytest.approx(3609.0)
    assert witness.longest_s > 10.0


class Slow(Witness):
    """Takes wall time for each step of bench time."""

    def __init__(self):
        super().__init__()
        self.holds = []

    def advance(self, dt_s, stimulus):
        super().advance(dt_s, stimulus)
        self.holds.append(dt_s)
        threading.Event().wait(0.0005 * dt_s)


def test_the_world_is_given_up_by_what_it_costs_not_by_bench_time():
    slow = Slow()
    world, _ = still_world(slow)
    world.sleep(1000.0)
    assert max(slow.holds) <= 200.0, "half a second of work at once is not given up in time"


def test_time_is_spent_as_far_as_wall_time_allows_and_the_rest_is_told():
    slow = Slow()
    world, _ = still_world(slow)
    left_s = world.spend(1e6, within_s=0.05)
    assert 0.0 < left_s < 1e6
    assert slow.lived_s == pytest.approx(1e6 - left_s)
    assert world.spend(0.0) == 0.0


def test_the_clock_port_tells_what_is_left(bench):
    clock = bench.client("clock")
    answer = json.loads(clock.query('{"sleep_s": 864000, "within_s": 0}'))
    assert answer["left_s"] == pytest.approx(864000 - answer["bench_time_s"])
    assert answer["left_s"] > 0.0
    assert json.loads(clock.query('{"sleep_s": 1, "within_s": 5}'))["left_s"] == 0.0
    assert "error" in json.loads(clock.query('{"sleep_s": 1, "within_s": -1}'))
    assert "error" in json.loads(clock.query('{"sleep_s": 1, "within_s": "x"}'))


@pytest.mark.parametrize("secondary", [1, 3])
def test_the_meters_inputs_load_what_analyzer_and_meter_see(bench, secondary):
    rated_v = 1.0 / secondary
    configuration = Configuration(ct_primary_a=100.0, ct_secondary=secondary)
    bench.world.wiring = replace(bench.world.wiring, ct_secondary=secondary, lead_ohm=1000.0)
    meter = S4100(configuration=configuration)
    bench.attach(meter)
    energise(bench)
    bench.client("source").do("PHAS1:CURR:MHAR:HARM1 2,0")
    bench.client("analyzer").do(":INP:WIR P3W4;:VOLT:RANG:ALL 300V;:CURR:RANG:ALL EXT,1V;:CURR:SRAT:ALL 10")
    bench.world.sleep(3.0)
    # 87.5 ohms of the divider into the CT input beside 1 megohm; 1 kilohm of leads into 2.5 beside 10 megohms.
    ct_v = 2.0 / 8.0 / (1.0 + 87.5 * (1.0 / CT_OHM[secondary] + 1e-6))
    volts = 277.0 / (1.0 + 1000.0 * (1.0 / VOLTAGE_LN_OHM + 1e-7))
    seen = bench.analyzer.data_set().results[0]
    assert (seen.u, seen.i / 100.0) == pytest.approx((volts, ct_v), rel=1e-9)
    assert meter.analog_input(70) == pytest.approx(volts, rel=1e-6)
    assert meter.analog_input(73) == pytest.approx(100.0 * ct_v / rated_v, rel=1e-6)


@pytest.mark.realtime
def test_bench_time_runs_with_wall_time_when_nobody_asks():
    world, witness = World(BenchTime(), Wiring()), Witness()
    world.attach(StillSource(), [witness])
    world.start()
    deadline = time.monotonic() + 10.0
    while witness.lived_s < 0.3 and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    world.close()
    assert witness.lived_s >= 0.3


def test_time_cannot_be_skipped_backwards():
    with pytest.raises(ValueError, match="back"):
        BenchTime().skip(-1.0)


def test_the_lock_is_handed_over_in_the_order_of_arrival():
    lock, order, arrived = FairLock(), [], []

    def take(name):
        arrived.append(name)
        with lock, lock:  # it is re-entrant
            order.append(name)

    threads = []
    with lock:
        for name in range(5):
            threads.append(threading.Thread(target=take, args=(name,)))
            threads[-1].start()
            while len(lock._waiting) <= name:
                threading.Event().wait(0.001)
    for thread in threads:
        thread.join()
    assert order == arrived == [0, 1, 2, 3, 4]


def test_the_lock_is_served_to_others_while_one_takes_it_in_a_loop():
    lock, stop, served = FairLock(), threading.Event(), threading.Event()

    def greedy():
        while not stop.is_set():
            with lock:
                sum(range(1000))

    thread = threading.Thread(target=greedy)
    thread.start()
    try:
        for _ in range(100):
            with lock:
                served.set()
    finally:
        stop.set()
        thread.join()
    assert served.is_set()


def test_a_lock_is_released_only_by_its_holder():
    with pytest.raises(RuntimeError):
        FairLock().release()


@pytest.mark.parametrize("angle_deg", [0, -60, 37, 180])
def test_meter_and_analyzer_come_to_the_same_power_by_their_own_ways(bench, angle_deg):
    meter = S4100(configuration=Configuration(ct_primary_a=100.0))
    bench.attach(meter)
    energise(bench)
    source = bench.client("source")
    for phase, shift in ((1, 0), (2, -120), (3, 120)):
        angle = (shift + angle_deg + 180) % 360 - 180
        source.do(f"PHAS{phase}:VOLT:MHAR:STAT ON;HARM3 11,20;HARM5 7,-75;:PHAS{phase}:CURR:MHAR:HARM1 7,{angle}")
        source.do(f"PHAS{phase}:CURR:MHAR:STAT ON;HARM3 1.5,60;HARM7 0.6,10")
    analyzer = bench.client("analyzer")
    analyzer.do(":INP:WIR P3W4;:VOLT:RANG:ALL 300V;:CURR:RANG:ALL EXT,1V;:CURR:SRAT:ALL 10")
    bench.world.sleep(3.0)
    results = bench.analyzer.data_set().results
    for phase in range(3):
        # 10 mV for an ampere: 1 V stands for 100 A in both.
        assert meter.analog_input(55 + phase) * 1000.0 == pytest.approx(results[phase].p, abs=1e-6 * results[phase].s)
        assert meter.analog_input(73 + phase) == pytest.approx(results[phase].i, rel=1e-6)
