"""A damaged bus: every read is right, is repeated and counted, or fails clearly; the token comes back; counts agree."""

import itertools
import math
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest

from drivers.meter.bus import MeterBus
from drivers.meter.client import MeterClient
from drivers.meter.errors import MeterTimeout
from drivers.mstp.codec.frames import HEADER_OCTETS, FrameType
from drivers.mstp.settings import PortSettings
from meter_model.device.meter import S4100
from meter_model.objects.points import OBJECTS
from meter_model.stimulus import Phasor, Stimulus
from rig.emulation.bus.fault_settings import FaultSettings
from rig.emulation.bus.process import HubLink, HubProcess
from tests.rig.emulation.meter.one_node import MeterNode

pytestmark = pytest.mark.realtime

BAUD = 76800
MAX_MASTER = 3
RIG, METER = 0, 1
REPEATS = 4
REPLY_TIMEOUT_S = 0.3
"""What a damaged exchange costs the next one in the queue."""
NO_TOKEN_S, SLOT_S = 0.5, 0.01
LATE_S, BUSY_LATE_S = 0.5, 3.0
"""What a machine may be late at noticing a silence and at ending it, left alone and among other tests."""

LOADED = Stimulus(
    60.0,
    tuple((Phasor(1, 277.0, -120.0 * n),) for n in range(3)),
    tuple((Phasor(1, 0.5, -120.0 * n - 30.0),) for n in range(3)),
)
STORM = {
    "bit_error_rate": 5e-5,
    "drop_octet_rate": 1e-4,
    "duplicate_octet_rate": 1e-4,
    "drop_frame_rate": 0.01,
    "truncate_frame_rate": 0.01,
    "duplicate_frame_rate": 0.02,
    "delay_frame_rate": 0.02,
    "delay_s": 0.1,
    "interrupt_frame_rate": 0.01,
    "gap_s": 0.01,
    "jitter_s": 0.002,
    "noise_rate": 0.05,
}


@dataclass
class Tally:
    """What became of the reads, and what the stamps of the hub told meanwhile."""

    answers: int = 0
    failures: list = field(default_factory=list)
    wrong: list = field(default_factory=list)
    unexpected: list = field(default_factory=list)
    frames: Counter = field(default_factory=Counter)
    longest_silence_s: float = 0.0
    longest_without_token_s: float = 0.0
    _last_s: float = math.inf
    _token_s: float = math.inf

    def note(self, frames):
        """Count stamped frames: by who sent them and what the listener should make of them."""
        for frame in frames:
            self.longest_silence_s = max(self.longest_silence_s, frame.first_s - self._last_s)
            self._last_s = frame.last_s
            if frame.kind == FrameType.TOKEN:
                self.longest_without_token_s = max(self.longest_without_token_s, frame.first_s - self._token_s)
                self._token_s = frame.last_s
            self.frames[frame.node, "all"] += 1
            self.frames[frame.node, "data"] += frame.kind == FrameType.DATA_EXPECTING_REPLY
            self.frames[frame.node, region_of(frame)] += 1


def region_of(frame):
    """Where a frame is damaged, which decides how a listener counts it."""
    if frame.altered_from < 0:
        return "unchanged"
    if frame.altered_from < 2:
        return "preamble"
    return "header" if frame.altered_from < HEADER_OCTETS else "body"


def same(one, other):
    return one == other or (math.isnan(one) and math.isnan(other))


def read_until(stop_s, client, held, tally, lock):
    """Read load points and settings in turn, each one request; compare every value with what the meter holds."""
    for name in itertools.cycle(("AI", "AV")):
        if time.monotonic() >= stop_s:
            return
        try:
            values = client.read_load_point().values if name == "AI" else client.read_configuration()
        except MeterTimeout as error:
            with lock:
                tally.failures.append(error)
            continue
        except Exception as error:
            with lock:
                tally.unexpected.append(error)
            continue
        wrong = [(name, n, value) for n, value in values.items() if not same(value, held[name, n])]
        with lock:
            tally.answers += 1
            tally.wrong += wrong


def campaign(duration_s, readers, **faults):
    """Read for a while on a bus with faults; returns the tally, the bus's counts, both ports' and the hub's."""
    meter = S4100(serial_number="42", device_instance=1_234_567)
    meter.advance(3.0, LOADED)
    held = {(p.kind, p.instance): float(meter.read(p.kind, p.instance, "present-value")) for p in readable()}
    tally, lock = Tally(), threading.Lock()
    with HubProcess(2, BAUD) as hub, HubLink(hub.endpoint) as link:
        node = MeterNode(meter, hub.ports[1], BAUD, METER, MAX_MASTER, threading.RLock())
        node.start()
        try:
            settings = PortSettings(hub.ports[0], BAUD, RIG, MAX_MASTER, max_info_frames=readers)
            with MeterBus.open(settings, timeout_s=REPLY_TIMEOUT_S * (readers + 1)) as bus:
                clients = [MeterClient(bus, METER, OBJECTS, read_repeats=REPEATS) for _ in range(readers)]
                clients[0].read_load_point()
                before, nodes_before = bus.statistics(), node.statistics()
                mark = link.next_number()
                link.set_faults(FaultSettings(seed=11, **faults))
                stop_s = time.monotonic() + duration_s
                threads = [
                    threading.Thread(target=read_until, args=(stop_s, client, held, tally, lock)) for client in clients
                ]
                for thread in threads:
                    thread.start()
                while any(thread.is_alive() for thread in threads):
                    bus.pause(0.2)
                    mark = drain(link, mark, tally)
                link.set_faults(FaultSettings())
                # What was under way is over once both ports have been through the ring unharmed a few times.
                bus.pause(1.0)
                assert len(clients[0].read_load_point().values) == 29
                counters = link.counters()
                after, nodes_after = bus.statistics(), node.statistics()
                drain(link, mark, tally)
                ports = (after.port.since(before.port), nodes_after.since(nodes_before))
                tally.answers += 1
                requests = (
                    after.requests - before.requests,
                    after.repeats - before.repeats,
                    after.timeouts - before.timeouts,
                )
                return tally, requests, ports, counters
        finally:
            node.close()


def readable():
    return [point for point in OBJECTS if point.kind in ("AI", "AV")]


def drain(link, mark, tally):
    frames = link.frames_since(mark)
    tally.note(frames)
    return mark + len(frames)


def print_figures(tally, requests, ports, counters):
    sent, repeats, timeouts = requests
    print(f"\n{sent} requests = {tally.answers} answers + {timeouts} timeouts; {repeats} repeats")
    print(f"{len(tally.failures)} reads failed clearly after {REPEATS} repeats; {len(tally.wrong)} wrong values")
    print(f"longest silence {tally.longest_silence_s:.3f} s, without token {tally.longest_without_token_s:.3f} s")
    print(f"frames by node and damage: {dict(sorted(tally.frames.items()))}; done: {counters['faults_done']}")
    for name, port in zip(("rig", "meter"), ports, strict=True):
        print(f"{name}: {port}")


def judge_reads(tally, requests):
    """No wrong value, no error but the clear one, and every request accounted for."""
    sent, repeats, timeouts = requests
    assert tally.unexpected == []
    assert tally.wrong == []
    assert sent == tally.answers + timeouts
    assert timeouts == repeats + len(tally.failures)
    assert tally.answers > 1


def judge_token(tally, late_s):
    """A lost token is missed after Tno_token, and generated in the slot of the lowest address."""
    assert tally.longest_silence_s <= NO_TOKEN_S + SLOT_S * (MAX_MASTER + 1) + late_s


def judge_counts(tally, requests, ports):
    """What the nodes have counted is what the hub did to their frames, up to what a damaged frame takes with it."""
    rig, meter = ports
    assert rig.data_frames_sent + rig.data_frames_expired + rig.requests_withdrawn == requests[0]
    for sender, listener in ((0, meter), (1, rig)):
        found = {name: tally.frames[sender, name] for name in ("all", "unchanged", "preamble", "header", "body")}
        damaged = found["all"] - found["unchanged"]
        good_headers = listener.frames_received + listener.frames_for_others + listener.data_crc_errors
        assert good_headers == pytest.approx(found["unchanged"] + found["body"], rel=0.0, abs=3 + 0.05 * damaged)
        assert listener.header_crc_errors == pytest.approx(found["header"], rel=0.05, abs=3)
        assert listener.data_crc_errors == pytest.approx(found["body"], rel=0.05, abs=3)


def test_bit_errors_cost_repeats_and_never_a_wrong_value():
    tally, requests, ports, counters = campaign(4.0, 2, bit_error_rate=1e-4)
    print_figures(tally, requests, ports, counters)
    judge_reads(tally, requests)
    judge_counts(tally, requests, ports)
    judge_token(tally, BUSY_LATE_S)
    assert requests[1] > 0
    assert counters["altered_frames"] > 0


def test_everything_at_once_never_gives_a_wrong_value():
    tally, requests, ports, counters = campaign(3.0, 2, **STORM)
    print_figures(tally, requests, ports, counters)
    judge_reads(tally, requests)
    assert min(counters["altered_frames"], counters["faults_done"]["frames_delayed"]) > 0


@pytest.mark.soak
def test_ten_minutes_of_bit_errors_of_one_in_ten_thousand():
    tally, requests, ports, counters = campaign(600.0, 4, bit_error_rate=1e-4)
    print_figures(tally, requests, ports, counters)
    judge_reads(tally, requests)
    judge_counts(tally, requests, ports)
    judge_token(tally, LATE_S)
    assert len(tally.failures) < 0.05 * tally.answers


@pytest.mark.soak
def test_ten_minutes_of_everything_at_once():
    tally, requests, ports, counters = campaign(600.0, 4, **STORM)
    print_figures(tally, requests, ports, counters)
    judge_reads(tally, requests)
