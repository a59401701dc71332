"""What all tests of this software share: no deadline on single examples, and which tests must run alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

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
