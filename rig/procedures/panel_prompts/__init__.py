"""Prompts about the front panel, derived from its model, and what an answer to one is worth."""

from __future__ import annotations

from rig.procedures.panel_prompts.asking import PanelJudgement, ask, ask_all
from rig.procedures.panel_prompts.steps import Check, PanelStep, prompts_for

__all__ = ["Check", "PanelJudgement", "PanelStep", "ask", "ask_all", "prompts_for"]
