"""Plans of the suites on a bench, and the conclusions that the bench permits: computed before any I/O."""

from rig.plans.plan import Plan, certification_plan, end_of_line_plan
from rig.plans.programme import NotPossible, PlannedTest

__all__ = ["NotPossible", "Plan", "PlannedTest", "certification_plan", "end_of_line_plan"]
