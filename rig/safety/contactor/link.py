"""The rig's side of the contactor: requests to the guardian to close and open it."""

from __future__ import annotations

from typing import Any, Protocol

from rig.safety.contactor.recipe import ContactorRecipe


class Guardian(Protocol):
    """What is needed of the link to the guardian."""

    def ask(self, message: dict[str, Any], answer: str) -> Any:  # Any: JSON
        """Say something and return what is answered."""


class ContactorLink:
    """Has the guardian work the contactor of ``recipe``; each method returns what went wrong, None where nothing did.

    All raise GuardianLost where the guardian does not answer.
    """

    def __init__(self, guardian: Guardian, recipe: ContactorRecipe) -> None:
        self._guardian = guardian
        self.hold_s = recipe.hold_s
        self._said({"recipe": recipe.to_json()})

    def close(self) -> str | None:
        """Close it and hold it."""
        return self._said({"closed": True})

    def open(self) -> str | None:
        """Open it and have its relay confirmed."""
        return self._said({"closed": False})

    def _said(self, message: dict[str, Any]) -> str | None:
        problem = self._guardian.ask({"do": "contactor", **message}, "contactor")["problem"]
        return None if problem is None else str(problem)
