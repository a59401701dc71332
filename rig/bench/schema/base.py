"""What parts of a bench file are made of: the strict model, names, and values that the launched process fills in."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator

from rig.files.yaml_types import Line, Name

PLACEHOLDER = re.compile(r"\$\{launch((?:\.[A-Za-z_]\w*|\[\d+\])+)\}")
PLACEHOLDER_SCHEMA = {"type": "string", "pattern": PLACEHOLDER.pattern}

__all__ = ["LATE", "PLACEHOLDER", "PLACEHOLDER_SCHEMA", "LateText", "Name", "Strict"]


def _may_come_from_launch(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    """Let ``${launch.x}`` stand for a value until the launched process has said what it is."""
    launched = bool((info.context or {}).get("launched"))
    if not launched and isinstance(value, str) and PLACEHOLDER.fullmatch(value):
        return value
    return handler(value)


LATE = WrapValidator(_may_come_from_launch)
LateText = Annotated[Line, LATE]


class Strict(BaseModel):
    """A part of a bench file: unknown keys, wrong types and later changes are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
