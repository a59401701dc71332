"""A choice of the behaviour profile: its default, the reason for it and the manual's pages, as a dataclass field."""

from __future__ import annotations

from dataclasses import field
from typing import Any, TypeVar

_T = TypeVar("_T")


def choice(default: _T, reason: str, pages: str) -> _T:
    """Return a field with that default, which knows its ``reason`` and the manual's ``pages``."""
    made: Any = field(default=default, metadata={"reason": reason, "pages": pages})
    return made  # type: ignore[no-any-return]
