"""A certification's plan as data, to be stored with its run and compared when that is resumed."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, fields, replace
from typing import Any, TypeVar

from rig.load_point import LoadPoint
from rig.plans import Plan
from rig.records.plain_json import Json, to_json
from rig.records.resumption.reopening import ResumeRefused

OptionsT = TypeVar("OptionsT")

SETTINGS = "meter setting"
"""Key of the analog values that the plan sets, "AV2" to a list of numbers."""

_NOT_STORED = ("run_id", "records", "log_level")
"""Options that are about the record and not about what is measured."""


def plan_as_data(plan: Plan) -> dict[str, Json]:
    """Return all of a plan that decides what is measured and how it is judged; keys are words for people."""
    data = {
        "order of load points": [_name(point) for point in plan.points],
        "load point": {
            _name(point): {
                **_point(point),
                **{f"limit of AI{item.instance} %": item.row.limit_pct for item in plan.judged(point)},
            }
            for point in plan.points
        },
        "energy register": {
            f"AI{item.instance} at {_name(point)}": {**_point(point), "limit %": item.row.limit_pct}
            for point, item in plan.energy
        },
        "planned test": {
            test.key: {
                "procedure": test.procedure,
                "condition": test.condition,
                "quantities": [str(each) for each in test.quantities],
                "points": [_point(point) for point in test.points],
                "row": str(test.row),
            }
            for test in plan.tests
        },
        SETTINGS: _settings(plan),
        "energy reference": plan.why_sampled or "integrator",
        "limit table": {
            # Without the path: the same file may be found at another place.
            table.name: f"of content {hashlib.sha256(repr(replace(table, source='')).encode()).hexdigest()[:12]}"
            for table in plan.tables
        },
    }
    plain = to_json(data)
    assert isinstance(plain, dict)
    return plain


def options_as_data(options: Any) -> dict[str, Json]:  # Any: RunOptions, which knows of this
    """Return the options of a run as they are stored with it."""
    plain = to_json({name: value for name, value in asdict(options).items() if name not in _NOT_STORED})
    assert isinstance(plain, dict)
    return plain


def options_from(kind: type[OptionsT], stored: dict[str, Json], **own: object) -> OptionsT:
    """Make the options of a run again from what is stored; raises ResumeRefused for an option that is not known."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    unknown = sorted(set(stored) - known)
    if unknown:
        raise ResumeRefused(
            f"the run has an option that this version of the rig does not know ({unknown[0]})",
            "resume it with the version that recorded it",
        )
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
    return kind(**{**given, **own})


def _settings(plan: Plan) -> dict[str, list[float]]:
    """Return the values that each analog value is given, in the order of the plan's stages."""
    stages = [stage.configuration for stage in plan.in_order]
    numbers = dict.fromkeys(av for each in stages for av in each)
    return {f"AV{av}": list(dict.fromkeys(each[av] for each in stages if av in each)) for av in numbers}


def _name(point: LoadPoint) -> str:
    """Name a load point with what its label leaves out."""
    return f"{point.label} ({point.frequency_hz:g} Hz, type {point.system_type})"


def _point(point: LoadPoint) -> dict[str, object]:
    return asdict(point)
