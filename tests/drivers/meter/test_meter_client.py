"""MeterClient against an emulated meter over a real bus: readings, writes, refusals."""

import datetime
import math
import threading
import time

import pytest
from bacpypes3.apdu import GetEventInformationRequest

from drivers.meter.client import MeterClient
from drivers.meter.errors import AnswerNotUnderstood, MeterAborted, MeterRefused, MeterRejected, ValueNotTaken
from drivers.meter.requests.packing import Wanted
from drivers.meter.requests.read_multiple import read_request, read_results
from meter_model.device.meter import S4100, ObjectAccessError
from meter_model.objects.points import OBJECTS
from meter_model.stimulus import Phasor, Stimulus
from rig.emulation.bus.process import HubLink
from tests.drivers.meter.conftest import bench_of
from tests.rig.emulation.meter.fixed_meter import FixedMeter

pytestmark = pytest.mark.realtime
LOADED = Stimulus(
    60.0,
    tuple((Phasor(1, 277.0, -120.0 * n),) for n in range(3)),
    tuple((Phasor(1, 0.5, -120.0 * n - 30.0),) for n in range(3)),
)


def same(one, other):
    return one == other or (math.isnan(one) and math.isnan(other))


@pytest.fixture(scope="module")
def loaded():
    """A bench with an S4100 that has seen three seconds of load and then rests."""
    meter = S4100(serial_number="42", device_instance=1_234_567)
    meter.advance(3.0, LOADED)
    with bench_of(meter, unpaced=False) as bench:
        yield bench


def test_who_is_finds_the_meter_and_its_limits(loaded):
    (found,) = loaded.bus.who_is(1_234_567, 1_234_567)
    assert (found.address, found.device_instance, found.max_apdu_octets) == (1, 1_234_567, 480)
    assert found.vendor_identifier == 133
    assert loaded.bus.who_is(1, 1, timeout_s=0.3) == []


def test_who_is_stays_on_this_bus_unless_everybody_is_asked(loaded):
    def sent():
        frames = [seen.frame for seen in loaded.bus.captured() if seen.frame.source == 0 and seen.frame.data]
        return [frame.data for frame in frames if frame.data[-2:] == b"\x10\x08"]

    before = len(sent())
    assert len(loaded.bus.who_is(timeout_s=1.5)) == 1
    assert len(loaded.bus.who_is(timeout_s=1.5, everywhere=True)) == 1
    assert sent()[before:] == [bytes.fromhex("01001008"), bytes.fromhex("0120ffff00ff1008")]


def test_identity_has_the_serial_number_of_the_object_name(loaded):
    identity = loaded.client.identity()
    assert identity.serial_number == "42"
    assert identity.device_instance == 1_234_567
    assert identity.vendor_identifier == 133
    assert identity.protocol_revision == 4
    assert identity.model_name == "S4100 Energy Meter"


def test_a_load_point_is_read_in_one_request_with_its_times(loaded):
    before_s = time.monotonic()
    with HubLink(loaded.hub.endpoint) as link:
        mark = link.next_number()
        reading = loaded.client.read_load_point()
        requests = [frame for frame in link.frames_since(mark) if frame.kind == 5]
    assert len(requests) == 1
    assert before_s <= reading.requested_at_s < reading.answered_at_s <= time.monotonic()
    assert tuple(reading.values) == (*range(11, 19), *range(55, 76))
    for instance, value in reading.values.items():
        assert value == loaded.meters[0].read("AI", instance, "present-value")
    assert reading.values[11] == pytest.approx(3 * 277.0 * 50.0 * math.cos(math.radians(30.0)) / 1000.0, rel=1e-4)


def test_a_snapshot_is_the_whole_meter_in_five_requests(loaded):
    meter = loaded.meters[0]
    with HubLink(loaded.hub.endpoint) as link:
        mark = link.next_number()
        snapshot = loaded.client.snapshot()
        requests = [frame for frame in link.frames_since(mark) if frame.kind == 5]
    assert len(requests) == len(snapshot.parts) == 5
    assert not snapshot.torn
    assert len(snapshot.values) == 83 + 11 + 15
    assert len(snapshot.reliability) == 83 + 11
    for (kind, instance), value in snapshot.values.items():
        assert same(value, meter.read(kind, instance, "present-value")), (kind, instance)
    for (kind, instance), value in snapshot.reliability.items():
        assert value == meter.read(kind, instance, "reliability"), (kind, instance)


def test_the_requests_of_a_snapshot_follow_each_other_under_one_token(loaded):
    def tokens_between():
        mark = link.next_number()
        loaded.client.snapshot()
        frames = link.frames_since(mark)
        places = [place for place, frame in enumerate(frames) if frame.kind == 5]
        return sum(frame.kind == 0 for frame in frames[places[0] : places[-1]])

    with HubLink(loaded.hub.endpoint) as link:
        assert 0 in (tokens_between() for _ in range(5))


def made_requests(made, count):
    for instance in range(1, count + 1):
        made.append(instance)
        yield read_request([Wanted("AI", instance)])


def test_requests_under_way_stay_within_their_limit_and_answers_in_order(loaded):
    made, before = [], loaded.bus.statistics().requests
    answers = loaded.bus.exchange(1, made_requests(made, 12), ahead=3)
    for place, exchange in enumerate(answers, start=1):
        assert len(made) == min(12, place + 3)
        (result,) = read_results(1, [Wanted("AI", place)], exchange.answer)
        assert result.instance == place
    assert loaded.bus.statistics().requests - before == 12


def test_abandoned_requests_leave_none_outstanding_and_send_no_other(loaded):
    made, before = [], loaded.bus.statistics()
    answers = loaded.bus.exchange(1, made_requests(made, 50), ahead=4)
    next(answers)
    answers.close()
    after = loaded.bus.statistics()
    assert after.requests - before.requests == len(made) == 5
    assert after.port.data_frames_sent - before.port.data_frames_sent == 5
    assert loaded.client.read_inputs([11])


def test_refusal_stops_further_requests_and_those_under_way_are_awaited(loaded):
    made, before = [], loaded.bus.statistics()
    requests = [read_request([Wanted("AI", 1)]), GetEventInformationRequest(), *made_requests(made, 6)]
    answers = loaded.bus.exchange(1, iter(requests), ahead=2)
    next(answers)
    with pytest.raises(MeterRejected):
        next(answers)
    after = loaded.bus.statistics()
    assert after.requests - before.requests == 3
    assert after.port.data_frames_sent - before.port.data_frames_sent == 3


def test_configuration_is_read_written_and_read_back(loaded):
    assert loaded.client.read_configuration() == {
        2: 40.0, 3: 100.0, 4: 1.0, 5: 1.0, 6: 600.0, 7: 1.0, 8: 10.0, 9: 25.0, 10: 1.0, 11: 90000.0,
    }  # fmt: skip
    loaded.client.write_value(8, 12)
    assert loaded.client.read_configuration()[8] == 12.0
    loaded.client.write_value(8, 10)


def test_a_refused_write_says_class_and_code_and_changes_nothing(loaded):
    with pytest.raises(MeterRefused, match="MAC 1 refused: property, value-out-of-range") as caught:
        loaded.client.write_value(3, 1)
    assert (caught.value.error_class, caught.value.error_code) == ("property", "value-out-of-range")
    assert (caught.value.address, caught.value.request) == (1, "writing AV3 = 1")
    assert loaded.client.read_configuration()[3] == 100.0


def test_a_refused_read_names_the_object(loaded):
    with pytest.raises(MeterRefused, match=r"object, unknown-object \(reading present-value of AI84\)"):
        loaded.client.read_inputs([83, 84])


def test_more_inputs_than_fit_one_answer_are_read_in_several(loaded):
    values = loaded.client.read_inputs(range(1, 84))
    assert list(values) == list(range(1, 84))
    assert math.isnan(values[28])


def test_result_that_does_not_fit_is_an_abort_a_missing_service_a_reject(loaded):
    too_much = read_request([Wanted("AI", instance) for instance in range(1, 31)])
    with pytest.raises(MeterAborted) as aborted:
        list(loaded.bus.exchange(1, [too_much]))
    assert aborted.value.reason == "segmentation-not-supported"
    with pytest.raises(MeterRejected) as rejected:
        list(loaded.bus.exchange(1, [GetEventInformationRequest()]))
    assert rejected.value.reason == "unrecognized-service"


def test_the_clock_is_set_and_read(loaded):
    moment = datetime.datetime(2026, 11, 22, 16, 32, 48, 120_000)
    loaded.client.set_time(moment)
    assert loaded.client.read_time() == moment


def test_progress_is_reported_in_the_callers_thread_after_each_request(loaded):
    loaded.progress.clear()
    loaded.client.snapshot()
    assert len(loaded.progress) >= 5
    loaded.progress.clear()
    loaded.bus.pause(1.2)
    assert len(loaded.progress) >= 3
    assert set(loaded.progress) == {threading.get_ident()}


def test_statistics_count_requests_and_what_the_port_saw(loaded):
    before = loaded.bus.statistics()
    loaded.client.read_load_point()
    after = loaded.bus.statistics()
    assert after.requests - before.requests == 1
    assert after.port.data_frames_sent - before.port.data_frames_sent == 1
    assert (after.repeats, after.timeouts) == (0, 0)


class CountingLock:
    """A lock that lets the meter update after the ``after``-th answer of a snapshot, as its own second would."""

    def __init__(self, meter, after):
        self.meter, self.after, self.answers = meter, after, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answers += 1
        if self.answers == self.after:
            self.meter.update()


def test_snapshot_is_torn_when_an_update_fell_between_its_requests(make_bench):
    meter = FixedMeter()
    lock = CountingLock(meter, 0)
    with make_bench(meter, locks=[lock]) as bench:
        for after in (1, 2, 3, 4):
            lock.answers, lock.after = 0, after
            assert bench.client.snapshot().torn, after
            assert meter.updates == after
        lock.answers, lock.after = 0, 5
        assert not bench.client.snapshot().torn
        assert meter.updates == 5
        assert not bench.client.snapshot().torn


class SlowMeter(FixedMeter):
    """Stores a written value only after a few more reads, and reports it unreliable meanwhile."""

    def __init__(self, reads_until_stored):
        super().__init__()
        self.reads_until_stored = reads_until_stored
        self.waiting = None

    def write(self, kind, instance, prop, value, index=None, priority=None):
        super().write(kind, instance, prop, self.settings[instance], index, priority)
        self.waiting = (instance, value, self.reads_until_stored)
        self.unreliable.add((kind, instance))

    def read(self, kind, instance, prop, index=None):
        if self.waiting and (kind, prop) == ("AV", "present-value"):
            number, value, left = self.waiting
            self.waiting = (number, value, left - 1) if left else None
            if not left:
                self.settings[number] = value
                self.unreliable.clear()
        return super().read(kind, instance, prop, index)


def test_a_write_waits_until_the_meter_has_stored_the_value(make_bench):
    slept = []
    with make_bench(SlowMeter(3)) as bench:
        client = MeterClient(bench.bus, 1, OBJECTS, sleep=slept.append)
        client.write_value(3, 250.5)
        assert bench.meters[0].settings[3] == 250.5
    assert len(slept) == 3
    assert len(bench.meters[0].written) == 1


def test_a_value_that_never_reads_back_is_an_error_with_its_data(make_bench):
    with make_bench(SlowMeter(10**9)) as bench:
        with pytest.raises(ValueNotTaken) as caught:
            bench.client.write_value(3, 250, deadline_s=0.3)
        assert (caught.value.written, caught.value.read, caught.value.reliability) == (250, 30.0, 7)
        assert len(bench.meters[0].written) == 1


def test_a_command_is_written_once_and_not_read_back(make_bench):
    class Commanded(FixedMeter):
        def write(self, kind, instance, prop, value, index=None, priority=None):
            self.written.append((kind, instance, prop, value))
            if value != 30078:
                raise ObjectAccessError("property", "value-out-of-range")

    with make_bench(Commanded()) as bench:
        bench.client.command(30078)
        assert bench.meters[0].written == [("AV", 1, "present-value", 30078.0)]
        with pytest.raises(MeterRefused):
            bench.client.command(1)
        with pytest.raises(ValueError, match="command"):
            bench.client.write_value(1, 30078)


def test_who_is_lists_two_meters_with_the_same_instance_as_two(make_bench):
    with make_bench(FixedMeter(), FixedMeter()) as bench:
        deadline_s = time.monotonic() + 10.0
        found = bench.bus.who_is(timeout_s=0.5)
        while len(found) < 2 and time.monotonic() < deadline_s:
            found = bench.bus.who_is(timeout_s=0.5)
    assert [(entry.address, entry.device_instance) for entry in found] == [(1, 1234567), (2, 1234567)]


def test_a_closed_bus_may_be_closed_again(make_bench):
    with make_bench(FixedMeter()) as bench:
        bench.bus.close()
        bench.bus.close()


def test_an_answer_to_another_question_is_not_believed(loaded):
    (exchange,) = loaded.bus.exchange(1, [read_request([Wanted("AI", 1)])])
    with pytest.raises(AnswerNotUnderstood):
        read_results(1, [Wanted("AI", 2)], exchange.answer)
