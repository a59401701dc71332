"""One bench, one user at a time."""

import subprocess
import sys

import pytest

from rig.bench.lock import bench_lock
from rig.errors import BenchBusy

HOLD = """
import sys
from rig.bench.lock import bench_lock
with bench_lock("lab", "rig certify"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder():
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.realtime
def test_a_bench_in_use_says_who_uses_it(holder):
    with (
        pytest.raises(BenchBusy, match=rf"bench 'lab' is in use by .*process {holder.pid}, since 2.*: rig certify"),
        bench_lock("lab"),
    ):
        pass


@pytest.mark.realtime
def test_another_bench_is_free_meanwhile(holder):
    with bench_lock("other"):
        pass


@pytest.mark.realtime
def test_the_lock_of_a_process_that_was_killed_is_free(holder):
    holder.kill()
    holder.wait()
    with bench_lock("lab"):
        pass


def test_a_second_opening_in_the_same_process_is_somebody_else():
    with bench_lock("lab", "first"), pytest.raises(BenchBusy, match="first"), bench_lock("lab"):
        pass
    with bench_lock("lab"):
        pass
