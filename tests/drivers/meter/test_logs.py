"""Reading trend logs page by page, while they grow, wrap and are purged; and the commands that silence a meter."""

import datetime
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.meter.client import MeterClient
from drivers.meter.errors import MeterRefused, MeterTimeout
from drivers.meter.logs import LAST_SEQUENCE, LogNotGiven, LogPage, LogRecord, advanced, read_pages
from meter_model.objects.points import OBJECTS
from tests.drivers.meter.conftest import METER_MAC, bench_of
from tests.rig.emulation.meter.fixed_meter import FixedLog, FixedMeter

AT = datetime.datetime(2013, 1, 1)


class GrowingLog:
    """A log of ``size`` slots whose newest record is ``total``; ``growth`` records more come before each answer."""

    def __init__(self, size, count, total, growth=0, page=20):
        self.size, self.count, self.total, self.growth, self.page = size, count, total, growth, page

    def counts(self):
        return self.count, self.total

    def pages(self, asked):
        return (self._page(*each) for each in asked)

    def _page(self, first, count):
        self.total = advanced(self.total, self.growth)
        self.count = min(self.size, self.count + self.growth)
        numbers = [advanced(first, n) for n in range(min(count, self.page))]
        here = [n for n in numbers if (self.total - n) % LAST_SEQUENCE < self.count]
        if not here or here[0] != first:
            here = []
        return LogPage(tuple(LogRecord(n, AT, "value", 1.0) for n in here), False, False, False)


def numbers(log, since=0):
    return [record.sequence for record in read_pages(log.counts, log.pages, since)]


@given(
    count=st.integers(0, 700),
    total=st.one_of(st.integers(700, 5000), st.integers(LAST_SEQUENCE - 700, LAST_SEQUENCE)),
    page=st.sampled_from([1, 7, 20]),
    back=st.integers(0, 800),
)
def test_every_resident_record_after_a_known_one_comes_once_and_in_order(count, total, page, back):
    there = [advanced(total, n - count + 1) for n in range(count)]
    assert numbers(GrowingLog(700, count, total, page=page)) == there
    since = advanced(total, -back)
    expected = [n for n in there if (total - n) % LAST_SEQUENCE < back] if 0 < back <= count else there
    assert numbers(GrowingLog(700, count, total, page=page), since) == (expected if back else [])


@given(count=st.integers(1, 300), growth=st.integers(0, 30), total=st.integers(300, LAST_SEQUENCE))
def test_log_that_wraps_while_read_gives_each_remaining_record_once(count, growth, total):
    log = GrowingLog(300, count, total, growth)
    ages = [(total - n) % LAST_SEQUENCE for n in numbers(log)]
    assert ages == sorted(ages, reverse=True)
    assert len(set(ages)) == len(ages)
    assert all(age < count for age in ages)
    if growth == 0:
        assert len(ages) == count


def test_a_meter_that_does_not_give_what_it_counts_is_not_asked_for_ever():
    log = GrowingLog(10, 5, 5)
    log.page = 0
    with pytest.raises(LogNotGiven, match="record 1 "):
        numbers(log)


@pytest.fixture(scope="module")
def bench():
    meter = FixedMeter()
    with bench_of(meter, timeout_s=1.0) as bench:
        reads = meter.read
        meter.read = lambda kind, instance, prop, index=None: (
            {"record-count": 200, "total-record-count": 5000}.get(prop)
            if kind == "TL" and "count" in prop
            else reads(kind, instance, prop, index)
        )
        log = meter.trend_logs[2] = FixedLog(200, 5000)
        log.special = {
            1: ("status", (False, True), False),
            2: ("time-change", -3600.0, False),
            3: ("value", math.nan, True),
        }
        yield bench


@pytest.mark.realtime
class TestOverTheBus:
    def test_a_log_is_read_whole_with_all_that_its_records_say(self, bench):
        found = bench.client.read_log(2)
        expected = bench.meters[0].trend_logs[2].records()
        assert [r.sequence for r in found] == list(range(4801, 5001))
        assert [(r.date_time, r.kind, r.is_faulty) for r in found] == [
            (r.date_time, r.kind, r.is_faulty) for r in expected
        ]
        assert found[0].value == (False, True)
        assert found[1].value == -3600.0
        assert math.isnan(found[2].value)
        assert [r.value for r in found[3:]] == [r.value for r in expected[3:]]

    def test_only_what_is_new_is_read(self, bench):
        assert [r.sequence for r in bench.client.read_log(2, since=4990)] == list(range(4991, 5001))
        assert bench.client.read_log(2, since=5000) == ()

    def test_a_log_that_is_not_there_is_refused(self, bench):
        with pytest.raises(MeterRefused, match="unknown-object"):
            bench.client.read_log(4)

    def test_a_silenced_meter_times_out_and_speaks_again_when_told_to(self, bench):
        bench.client.communication_control("disable", minutes=5)
        with pytest.raises(MeterTimeout):
            bench.client.read_inputs([1])
        bench.client.communication_control("enable")
        assert bench.client.read_inputs([1]) == {1: 1.5}

    def test_reinitialize_reaches_the_meter_once(self, bench):
        before = bench.meters[0].restarts
        bench.client.reinitialize("coldstart")
        bench.client.reinitialize()
        assert bench.meters[0].restarts == before + 2


@pytest.mark.realtime
def test_a_written_max_master_bounds_the_polls_of_the_running_node(make_bench):
    meter = FixedMeter()
    with make_bench(meter) as bench:
        meter.max_master = 40
        client = MeterClient(bench.bus, METER_MAC, OBJECTS)
        polls = bench.nodes[0].statistics().polls_sent
        client.read_inputs([1])
        while bench.nodes[0].statistics().polls_sent < polls + 10:
            bench.bus.pause(0.02)
