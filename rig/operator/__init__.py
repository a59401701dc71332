"""What an operator is asked and answers, as data; who shows it and brings the answer back is behind ``Operator``."""

from __future__ import annotations

from rig.operator.console import ConsoleOperator
from rig.operator.errors import NoAnswer
from rig.operator.prompts import Answer, Operator, Prompt, PromptKind

__all__ = ["Answer", "ConsoleOperator", "NoAnswer", "Operator", "Prompt", "PromptKind"]
