"""Errors of what an operator is asked."""

from __future__ import annotations

from drivers.errors import RigError


class NoAnswer(RigError):
    """A prompt was not answered: in time, or because there is no terminal; ``prompt_id`` says which one."""

    def __init__(self, prompt_id: str, why: str) -> None:
        super().__init__(f"prompt {prompt_id} was not answered: {why}")
        self.prompt_id = prompt_id
