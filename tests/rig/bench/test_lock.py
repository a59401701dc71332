"""A bench is locked by what it uses: for all names, bench files, state folders and users."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.instrument import Identity
from rig.bench import load_bench
from rig.bench.lock import hold_bench
from rig.errors import BenchBusy
from rig.safety.locks import ResourceLocks, Wanted, kernel_lock
from tests.waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]
BENCH = """\
schema: 1
name: {name}
switch: {{driver: keysight_34970a, resource: "{resource}"}}
"""
HOLD = """
import sys
from rig.bench import load_bench
from rig.bench.lock import hold_bench
with hold_bench(load_bench(sys.argv[1]), "rig certify"):
    print("held", flush=True)
    sys.stdin.read()
"""
NUMBER = os.getpid() % 20_000
RESOURCE = f"TCPIP0::127.0.0.1::{40_000 + NUMBER}::SOCKET"


@pytest.fixture
def bench(tmp_path):
    def write(name, resource, file=None):
        path = tmp_path / f"{file or name}.yaml"
        path.write_text(BENCH.format(name=name, resource=resource))
        return path

    return write


@pytest.fixture
def locks_of_the_host(monkeypatch):
    monkeypatch.setattr(kernel_lock, "PREFIX", "s4100-rig/")


@pytest.fixture
def holder(bench, tmp_path, locks_of_the_host):
    path = bench("station-a", RESOURCE)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
        env={**os.environ, "RIG_STATE_DIR": str(tmp_path / "state of another user")},
    )  # fmt: skip
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def refusal(path):
    with pytest.raises(BenchBusy) as refused, hold_bench(load_bench(path)):
        pass
    return str(refused.value)


@pytest.mark.realtime
class TestOtherProcess:
    def test_the_second_is_told_what_is_in_use_and_who_has_it(self, bench, holder):
        other = RESOURCE.replace("127.0.0.1", "localhost").replace("TCPIP0", "tcpip")
        said = refusal(bench("station-b", other))
        assert said.startswith(f"bench 'station-b': switch {other} is in use by bench 'station-a': ")
        assert f"(process {holder.pid}, since 2" in said
        assert "-c " in said, "its command line"

    def test_one_that_hangs_is_named_too_and_one_that_was_killed_is_gone(self, bench, holder):
        os.kill(holder.pid, signal.SIGSTOP)
        assert f"process {holder.pid}" in refusal(bench("station-b", RESOURCE))
        with hold_bench(load_bench(bench("other", f"TCPIP0::127.0.0.1::{NUMBER + 1}::SOCKET"))):
            pass
        holder.kill()
        holder.wait()
        with hold_bench(load_bench(bench("station-b", RESOURCE))):
            pass

    def test_a_second_user_is_turned_away_and_told_of_the_first(self, bench, holder, tmp_path):
        if os.geteuid() != 0 or shutil.which("setpriv") is None:
            pytest.skip("only root can become a second user, by setpriv")
        code = (
            "from rig.safety.locks import ResourceLocks, Wanted; from rig.errors import BenchBusy\n"
            "import sys\n"
            "try: ResourceLocks('second').take([Wanted('source', sys.argv[1])])\n"
            "except BenchBusy as busy: print(busy)\n"
        )
        second = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c", code, RESOURCE],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if "Permission denied" in second.stderr:
            pytest.skip("the second user cannot read this checkout")
        assert f"is in use by bench 'station-a': root (process {holder.pid}" in second.stdout, second.stderr


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("TCPIP0::127.0.0.1::5025::SOCKET", "tcpip::LOCALHOST::5025::socket"),
        ("TCPIP0::127.0.0.1::5025::SOCKET", "TCPIP0::127.0.0.2::05025::SOCKET"),
        ("TCPIP0::192.0.2.1::INSTR", "TCPIP0::192.0.2.1::inst0"),
        ("TCPIP0::192.0.2.1::INSTR", "TCPIP1::192.0.2.1::hislip0::INSTR"),
        ("TCPIP0::192.0.2.1::hislip0,4880::INSTR", "TCPIP::192.0.2.1::5025::SOCKET"),
        ("GPIB0::5::INSTR", "gpib::05"),
        ("USB0::0x0957::0x1234::MY1::INSTR", "USB::2391::4660::my1::0::INSTR"),
        ("ASRL/dev/null::INSTR", "ASRL/dev/../dev/null"),
    ],
)
def test_one_instrument_under_two_names_is_locked_once(bench, one, other):
    with hold_bench(load_bench(bench("a", one))):
        assert "is in use by bench 'a'" in refusal(bench("b", other))
    with hold_bench(load_bench(bench("b", other))):
        pass


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("TCPIP0::127.0.0.1::5025::SOCKET", "TCPIP0::127.0.0.1::5026::SOCKET"),
        ("TCPIP0::192.0.2.1::4001::SOCKET", "TCPIP0::192.0.2.1::4002::SOCKET"),
        ("TCPIP0::192.0.2.1::gpib0,5::INSTR", "TCPIP0::192.0.2.1::gpib0,6::INSTR"),
        ("TCPIP0::192.0.2.1::INSTR", "TCPIP0::192.0.2.2::INSTR"),
        ("GPIB0::5::INSTR", "GPIB0::5::1::INSTR"),
        ("GPIB0::5::INSTR", "GPIB1::5::INSTR"),
    ],
)
def test_two_instruments_are_two_locks_though_the_bench_name_is_one(bench, one, other):
    with hold_bench(load_bench(bench("a", one))), hold_bench(load_bench(bench("a", other, "again"))):
        pass


def test_process_with_two_benches_is_named_with_the_one_that_is_in_use(bench):
    one, other = "TCPIP0::127.0.0.1::5025::SOCKET", "TCPIP0::127.0.0.1::5026::SOCKET"
    with hold_bench(load_bench(bench("first", one))), hold_bench(load_bench(bench("second", other))):
        assert "is in use by bench 'first'" in refusal(bench("third", one))
        assert "is in use by bench 'second'" in refusal(bench("third", other))
    with hold_bench(load_bench(bench("fourth", one))):
        assert "is in use by bench 'fourth'" in refusal(bench("third", one))


def test_a_serial_port_is_the_same_through_a_link(bench, tmp_path):
    leading, following = os.openpty()
    link = tmp_path / "usb-adapter"
    link.symlink_to(os.ttyname(following))
    with hold_bench(load_bench(bench("a", f"ASRL{os.ttyname(following)}::INSTR"))):
        assert f"switch ASRL{link}::INSTR is in use" in refusal(bench("b", f"ASRL{link}::INSTR"))
    os.close(leading)
    os.close(following)


class TestIdentity:
    SAID = Identity("FLUKE", "6105A", "12345", "2.02")

    def holding(self, bench, name, port):
        return hold_bench(load_bench(bench(name, f"TCPIP0::192.0.2.1::{port}::SOCKET")))

    def test_one_instrument_at_two_addresses_is_found_by_who_it_says_it_is(self, bench):
        with self.holding(bench, "a", 4001) as first, self.holding(bench, "b", 4002) as second:
            first.identities["switch"] = self.SAID
            with pytest.raises(BenchBusy, match=r"switch Fluke 6105a 12345 at TCPIP0::192.0.2.1::4002::SOCKET is in"):
                second.identities["switch"] = Identity("Fluke", "6105a", "12345 ", "3.00")
            assert "switch" not in second.identities

    @pytest.mark.parametrize("number", ["", "0", "-", "N/A", "00000"])
    def test_an_instrument_without_a_number_is_not_taken_for_another(self, bench, number):
        with self.holding(bench, "a", 4001) as first, self.holding(bench, "b", 4002) as second:
            for hold in (first, second):
                hold.identities["switch"] = Identity("FLUKE", "6105A", number, "2.02")

    def test_asking_again_is_no_second_user(self, bench):
        with self.holding(bench, "a", 4001) as hold:
            hold.identities["switch"] = self.SAID
            hold.identities["switch"] = self.SAID


def test_a_bench_that_is_refused_leaves_nothing_locked_or_noted(bench, tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    path = tmp_path / "two.yaml"
    path.write_text(BENCH.format(name="two", resource="GPIB0::1::INSTR") + "bus: {port: /dev/null}\n")
    with hold_bench(load_bench(bench("bus", "ASRL/dev/null::INSTR"))):
        assert "bus port /dev/null is in use" in refusal(path)
        with hold_bench(load_bench(bench("a", "GPIB0::1::INSTR"))):
            pass
    assert list((tmp_path / "state").glob("*.json")) == []


def test_a_forked_child_does_not_keep_what_its_parent_lets_go_of(bench):
    path = bench("a", "GPIB0::1::INSTR")
    ready, told = os.pipe()
    with hold_bench(load_bench(path)):
        child = os.fork()
        if child == 0:
            os.write(told, b"1")
            signal.pause()
        os.read(ready, 1)
    try:
        with hold_bench(load_bench(path)):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(ready)
        os.close(told)


class TestWithoutAbstractSockets:
    """flock on a file of a folder that every user can write to: what other systems than Linux have."""

    def test_the_second_is_turned_away_until_the_first_lets_go(self, tmp_path):
        folder = tmp_path / "locks"
        first = kernel_lock.FileLock("tcp/10.0.0.1:5025", "a", folder)
        assert folder.stat().st_mode & 0o7777 == 0o1777
        assert all(path.stat().st_mode & 0o777 == 0o666 for path in folder.iterdir())
        with pytest.raises(kernel_lock.Held) as held:
            kernel_lock.FileLock("tcp/10.0.0.1:5025", "b", folder)
        assert held.value.holder.pid == os.getpid()
        assert held.value.holder.bench == "a"
        kernel_lock.FileLock("tcp/10.0.0.1:5026", "b", folder).close()
        first.close()
        first.close()
        kernel_lock.FileLock("tcp/10.0.0.1:5025", "b", folder).close()

    def test_a_guardian_that_goes_on_alone_names_itself(self, tmp_path):
        lock = kernel_lock.FileLock("tcp/10.0.0.1:5025", "a", tmp_path / "locks")
        kernel_lock.name_this_process(lock.fileno(), "from the guardian")
        (path,) = (tmp_path / "locks").iterdir()
        assert json.loads(path.read_text())["bench"] == "from the guardian"
        lock.close()


KILLED_WHILE_ARMED = """
import os, signal, sys
from drivers.source.base import SafeOff
from rig.safety.guardian.link import GuardianLink
from rig.safety.locks import ResourceLocks, Wanted
from rig.safety.state import Opening
locks = ResourceLocks("lab")
locks.take([Wanted("source", sys.argv[1])])
guardian = GuardianLink.start(Opening.begin("lab"))
assert all(guardian.inherit_later(descriptor) for descriptor in locks.descriptors)
guardian.arm([SafeOff("TCPIP0::127.0.0.1::9::SOCKET", ("OUTP OFF",), "OUTP?", ("0",))])
print(guardian.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.realtime
def test_a_guardian_at_work_holds_the_locks_until_it_is_done_and_is_named(
    tmp_path, locks_of_the_host, monkeypatch, request
):
    """The rig is killed, the source cannot be reached: its guardian goes on, and the next opening reports that."""
    monkeypatch.setattr("rig.safety.locks.resource_locks.GUARDIAN_WAIT_S", 0.05)
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    command = [sys.executable, "-c", KILLED_WHILE_ARMED, RESOURCE]
    # The guardian inherits standard error, so that a pipe of it would not end.
    killed = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    guardian = int(killed.stdout)
    request.addfinalizer(lambda: _kill(guardian))

    def said():
        locks = ResourceLocks("next")
        try:
            locks.take([Wanted("source", RESOURCE)])
        except BenchBusy as busy:
            return str(busy)
        finally:
            locks.close()
        return ""

    of = f"the guardian of an earlier run on bench 'lab', process {guardian}, which is still switching the outputs off"
    wait_for(lambda: of in said(), "the guardian being named")
    assert "'rig off' does it from here" in said()
    _kill(guardian)
    wait_for(lambda: said() == "", "the lock being free")


def _kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
