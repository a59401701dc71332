"""Questions that take more bench time than the run may take are skipped."""

from __future__ import annotations

import pytest

from fixtures.questions import skip_question
from rig.procedures import Inquiry
from rig.pytest_plugin import run_session
from rig.run.questions import bench_time_s


@pytest.fixture(autouse=True)
def _short_enough(request: pytest.FixtureRequest, asked: Inquiry) -> None:
    """Skip what takes more bench time than ``--longest`` allows: on a real bench it is real time."""
    needed_h = bench_time_s(request.node) / 3600.0
    longest_h = run_session(request.config).options.longest_h
    if needed_h > longest_h:
        reason = f"it takes {needed_h:.1f} h of bench time, more than {longest_h:g} h; allow it with --longest"
        skip_question(request, asked, reason)
