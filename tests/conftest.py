"""What all tests of this software share: no deadline on single examples, and locks that no other test session takes."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from rig.safety.locks import kernel_lock

settings.register_profile("rig", deadline=None)
settings.load_profile("rig")


@pytest.fixture(scope="session", autouse=True)
def locks_of_this_session() -> Iterator[None]:
    """Let what this process locks be its own: sessions side by side name the same endpoints, which are not there.

    Processes that a test starts take the locks of the host, as users' do.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel_lock, "PREFIX", f"s4100-rig-test-{os.getpid()}/")
        yield
