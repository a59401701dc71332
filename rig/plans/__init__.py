"""What a suite will do on a bench, and what that bench can conclude: known before anything is switched on."""

from rig.plans.plan import Plan, certification_plan, end_of_line_plan

__all__ = ["Plan", "certification_plan", "end_of_line_plan"]
