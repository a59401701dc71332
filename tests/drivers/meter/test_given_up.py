"""A request that was given up while it waited for the token never reaches the meter, for any later traffic."""

import os
import signal

import pytest

from drivers.meter.errors import MeterTimeout
from tests.rig.emulation.meter.fixed_meter import FixedMeter

pytestmark = pytest.mark.realtime

RESET_ENERGY = 30078


class CommandedMeter(FixedMeter):
    """Takes every command, and remembers it."""

    def write(self, kind, instance, prop, value, index=None, priority=None):
        self.written.append((kind, instance, prop, value, priority))


class OperatorStops(Exception):
    """Stands for Ctrl-C, which comes from anywhere in the caller's thread."""


@pytest.fixture
def stalled(make_bench, request):
    """A bench whose port does not come to sending: requests wait in it. The parameter is the bus's time-out."""
    with make_bench(CommandedMeter(), timeout_s=request.param) as bench:
        bench.client.read_inputs([1])
        os.kill(bench.bus._port.pid, signal.SIGSTOP)
        try:
            yield bench
        finally:
            os.kill(bench.bus._port.pid, signal.SIGCONT)


def go_on(bench):
    """Let the port go on, and return what it counted when another request has been answered."""
    os.kill(bench.bus._port.pid, signal.SIGCONT)
    before = bench.bus.statistics().port
    while bench.bus.statistics().port.tokens_received < before.tokens_received + 3:
        bench.bus.pause(0.01)
    return bench.bus.statistics().port


@pytest.mark.parametrize("stalled", [0.3], indirect=True)
def test_a_command_that_timed_out_in_the_queue_is_never_sent(stalled):
    with pytest.raises(MeterTimeout):
        stalled.client.command(RESET_ENERGY)
    counted = go_on(stalled)
    assert counted.data_frames_expired + counted.requests_withdrawn == 1
    assert stalled.meters[0].written == []


@pytest.mark.parametrize("stalled", [60.0], indirect=True)
def test_a_command_whose_caller_was_interrupted_is_never_sent(stalled):
    def stop():
        raise OperatorStops

    stalled.bus.on_progress = stop
    with pytest.raises(OperatorStops):
        stalled.client.command(RESET_ENERGY)
    stalled.bus.on_progress = None
    counted = go_on(stalled)
    assert (counted.data_frames_expired, counted.requests_withdrawn) == (0, 1)
    assert stalled.meters[0].written == []
