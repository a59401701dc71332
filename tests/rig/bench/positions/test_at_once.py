"""What is done at all positions: at the same time at ports of their own, in turn on one, and watched meanwhile."""

import threading
from types import SimpleNamespace

import pytest

from rig.bench.positions.at_once import at_once


class Bus:
    def __init__(self):
        self.reported_by = set()

    def report_progress(self):
        self.reported_by.add(threading.get_ident())


def meters(*buses):
    return [SimpleNamespace(number=number, bus=bus) for number, bus in enumerate(buses, 1)]


def test_meters_at_ports_of_their_own_are_worked_at_the_same_time():
    together = threading.Barrier(3, timeout=20.0)

    def work(meter):
        together.wait()
        return meter.number

    assert at_once(meters(Bus(), Bus(), Bus()), lambda meter: meter.bus, work) == [1, 2, 3]


def test_meters_on_one_bus_are_worked_in_turn_in_the_callers_thread():
    bus, order = Bus(), []
    at_once(
        meters(bus, bus, bus),
        lambda meter: meter.bus,
        lambda meter: order.append((meter.number, threading.get_ident())),
    )
    assert order == [(number, threading.get_ident()) for number in (1, 2, 3)]


def test_of_two_buses_each_has_its_meters_in_turn():
    first, second = Bus(), Bus()
    order, lock = [], threading.Lock()

    def work(meter):
        with lock:
            order.append(meter.number)
        return meter.number

    assert at_once(meters(first, second, first, second), lambda meter: meter.bus, work) == [1, 2, 3, 4]
    assert order.index(1) < order.index(3)
    assert order.index(2) < order.index(4)


def test_the_caller_alone_reports_progress_while_others_work():
    buses, reported = [Bus(), Bus()], threading.Event()
    buses[0].report_progress = reported.set
    at_once(meters(*buses), lambda meter: meter.bus, lambda _meter: reported.wait(20.0))
    assert reported.is_set()
    assert buses[1].reported_by == {threading.get_ident()}


def test_a_source_that_fails_meanwhile_is_told_at_once():
    release, buses = threading.Event(), [Bus(), Bus()]

    def fail():
        raise RuntimeError("the source is off")

    buses[1].report_progress = fail
    try:
        with pytest.raises(RuntimeError, match="the source is off"):
            at_once(meters(*buses), lambda meter: meter.bus, lambda _meter: release.wait(20.0))
        assert not release.is_set()
    finally:
        release.set()


def test_an_error_of_one_is_raised_when_the_others_have_ended():
    done = []

    def work(meter):
        if meter.number == 1:
            raise ValueError("no answer")
        done.append(meter.number)

    with pytest.raises(ValueError, match="no answer"):
        at_once(meters(Bus(), Bus(), Bus()), lambda meter: meter.bus, work)
    assert sorted(done) == [2, 3]
