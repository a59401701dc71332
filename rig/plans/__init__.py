"""Plans of the suites on a bench, and the conclusions that the bench permits: computed before any I/O."""

from rig.plans.plan import Plan
from rig.plans.programme import NotPossible, PlannedTest
from rig.plans.programmes import load_programme
from rig.plans.suite_plans import certification_plan, end_of_line_plan

__all__ = ["NotPossible", "Plan", "PlannedTest", "certification_plan", "end_of_line_plan", "load_programme"]
