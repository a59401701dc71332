"""What all tests of this software share: no deadline on examples, which tests must run alone, locks of this session."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from rig.safety import off as safety_off
from rig.safety.locks import kernel_lock
from tests.waiting import comes_true

settings.register_profile("rig", deadline=None)  # these machines are shared and noisy
settings.load_profile("rig")

_ROOT = Path(__file__).parent
_REALTIME = "pytest.mark.realtime"
_JUDGE_WALL_TIME = ("interop", "drivers/mstp", "rig/emulation/bus")
"""Folders whose real-time tests hold delays of milliseconds against wall time."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out, where real-time tests alone are wanted, the files without any: to import them all takes 15 s."""
    if not str(config.option.markexpr).startswith("realtime and") or collection_path.suffix != ".py":
        return None
    return None if _REALTIME in collection_path.read_text("utf-8") else True


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the real-time tests of those folders ``alone``; a file elsewhere marks itself."""
    for path in {item.path for item in items if item.get_closest_marker("realtime")}:
        if _REALTIME not in path.read_text("utf-8"):
            raise pytest.UsageError(f"{path}: write '{_REALTIME}' in the file itself, else `make test` leaves it out")
    for item in items:
        if item.get_closest_marker("realtime") and any(
            item.path.is_relative_to(_ROOT / each) for each in _JUDGE_WALL_TIME
        ):
            item.add_marker(pytest.mark.alone)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Let a test that is marked ``untraced`` run without the tracer of `make coverage`: it takes thrice as long."""
    coverage = sys.modules.get("coverage") if item.get_closest_marker("untraced") else None
    tracer = coverage.Coverage.current() if coverage is not None else None
    if tracer is not None:
        tracer.stop()
    try:
        yield
    finally:
        if tracer is not None:
            tracer.start()


@pytest.fixture(scope="session", autouse=True)
def locks_of_this_session() -> Iterator[None]:
    """Let what this process locks be its own: sessions side by side name the same endpoints, which are not there.

    Processes that a test starts take the locks of the host, as users' do.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel_lock, "PREFIX", f"s4100-rig-test-{os.getpid()}/")
        yield


@pytest.fixture(scope="session", autouse=True)
def guardians_of_this_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let what this process switches off be its own: sessions side by side have benches that are on."""
    all_guardians, folder = safety_off._guardians, tmp_path_factory.getbasetemp().resolve()

    def of_this_session() -> Iterator[safety_off._Guardian]:
        return (one for one in all_guardians() if folder in one.folder.resolve().parents)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(safety_off, "_guardians", of_this_session)
        patch.setattr(safety_off, "noted_benches", lambda _simulated: [])
        yield


@pytest.fixture(scope="session", autouse=True)
def no_guardian_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail where a test leaves a guardian behind, which goes on for ever where its source does not confirm; end it."""
    yield
    left = [pid for pid in _guardians_below(tmp_path_factory.getbasetemp()) if not comes_true(_ends(pid), 10.0)]
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert not left, f"tests have left guardians behind, which have been ended now: processes {left}"


def _guardians_below(folder: Path) -> Iterator[int]:
    """Process ids of the guardians whose state folder is in ``folder``."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if b"rig.safety.guardian.process" in words and words[words.index(b"--state") + 1].startswith(bytes(folder)):
                yield int(entry.name)


def _ends(pid: int) -> Callable[[], bool]:
    def is_gone() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True

    return is_gone
