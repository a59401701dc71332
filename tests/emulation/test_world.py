"""Bench time and the world: events take effect when they happen, time spent counts exactly, nobody starves."""

import json
import threading
import time

import pytest

from meter_model.configuration import Configuration
from meter_model.meter import S4100
from rig.emulation.bench_time import BenchTime
from rig.emulation.fair_lock import FairLock
from rig.emulation.physics import NOTHING, SourceTerminals, Wiring
from rig.emulation.world import World


class StillSource:
    """A source that gives nothing and notes when it was asked."""

    revision = 0

    def terminals(self, at_s):
        return SourceTerminals(60.0, NOTHING, NOTHING, (True, True, True))

    def next_change_s(self, now_s):
        return float("inf")

    def wander(self):
        pass


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


def test_sixty_seconds_of_sleep_advance_a_meters_energy_by_power_times_sixty_seconds(bench):
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


def test_everything_lives_through_all_of_bench_time_in_steps_of_at_most_a_second():
    world, witness = World(BenchTime(lambda: 0.0), Wiring()), Witness()
    world.attach(StillSource(), [witness])
    for dt_s in (0.3, 7.25, 100.0):
        world.sleep(dt_s)
    assert witness.lived_s == pytest.approx(107.55, abs=1e-9)
    assert world.now_s() == pytest.approx(107.55, abs=1e-9)
    assert witness.longest_s <= 1.0


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
