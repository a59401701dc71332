"""What all tests of this software share: no deadline on examples, which tests must run alone, locks of this session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from rig.safety.locks import kernel_lock

settings.register_profile("rig", deadline=None)  # these machines are shared and noisy
settings.load_profile("rig")

_ROOT = Path(__file__).parent
_JUDGE_WALL_TIME = ("bus", "interop", "meter_client", "mstp", "safety")
"""Folders whose real-time tests hold delays and deadlines against wall time."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the real-time tests of those folders ``alone``; a file elsewhere marks itself."""
    for item in items:
        if item.get_closest_marker("realtime") and item.path.relative_to(_ROOT).parts[0] in _JUDGE_WALL_TIME:
            item.add_marker(pytest.mark.alone)


@pytest.fixture(scope="session", autouse=True)
def locks_of_this_session() -> Iterator[None]:
    """Let what this process locks be its own: sessions side by side name the same endpoints, which are not there.

    Processes that a test starts take the locks of the host, as users' do.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel_lock, "PREFIX", f"s4100-rig-test-{os.getpid()}/")
        yield
