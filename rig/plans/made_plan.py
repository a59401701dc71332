"""The bench file and the plan that a command has made: a pytest session is given them and makes none of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from rig.bench import BenchFile
    from rig.plans import Plan

_NAME = "rig-made-plan"


class MadePlan:
    """A pytest plugin without hooks: what one ``suite`` (certification, end_of_line) does on ``bench_file``."""

    __name__ = _NAME

    def __init__(self, suite: str, bench_file: BenchFile, plan: Plan) -> None:
        self.suite = suite
        self.bench_file = bench_file
        self.plan = plan


def made_plan(config: pytest.Config) -> MadePlan | None:
    """Return what the command has made; None where pytest was started without it, as in ``pytest tests_hil``."""
    found = config.pluginmanager.get_plugin(_NAME)
    return found if isinstance(found, MadePlan) else None
