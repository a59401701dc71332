"""What ``rig plan certify`` and ``rig plan eol`` print: the steps of a plan, what is left out, and what stays open."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rig.cli.shared.output import echo, picked

if TYPE_CHECKING:
    from rig.bench import BenchFile
    from rig.load_point import LoadPoint
    from rig.plans import Plan
    from rig.plans.steps import Step
    from rig.plans.tests_forecast import TestForecast


@dataclass
class SuiteView:
    """A plan as text or JSON; ``parts``: of the plan that ``-k`` chose, None for all; ``repeat``: passes over it."""

    bench: BenchFile
    suite: str
    plan: Plan
    parts: Collection[Hashable] | None
    register_kwh: float | None
    repeat: int

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The chosen steps, in the order in which they are done."""
        from rig.plans.steps import steps

        assert self.bench.parts.wiring is not None, "a plan has been made"
        every = steps(self.plan, self.bench.parts.wiring.ct.primary_a)
        return tuple(step for step in every if self.parts is None or step.part in self.parts)

    @cached_property
    def forecast(self) -> tuple[Any, Any]:
        """The forecast of results and of energy gates."""
        from rig.cli.plan.forecast import forecast_of

        return forecast_of(self.bench, self.plan, self.register_kwh)

    @cached_property
    def forecast_of_tests(self) -> dict[str, TestForecast]:
        """The forecast of the chosen planned tests, by key."""
        from rig.plans.tests_forecast import forecast_tests

        keys = {step.part for step in self.steps}
        return {each.test.key: each for each in forecast_tests(self.bench, self.plan) if each.test.key in keys}

    @cached_property
    def ratios(self) -> dict[LoadPoint, dict[str, float]]:
        """U/L by load point and analog input."""
        from rig.cli.plan.forecast import by_point

        return by_point(self.forecast[0])

    @property
    def duration_s(self) -> float:
        """Bench seconds of the chosen steps in all passes."""
        return self.repeat * math.fsum(step.duration_s for step in self.steps)

    def as_data(self) -> dict[str, Any]:
        """The plan as JSON has it."""
        from rig.cli.plan.forecast import as_data

        found, gates = self.forecast
        return {
            "bench": self.bench.name,
            "suite": self.suite,
            "programme": self.plan.programme,
            "repeat": self.repeat,
            "points": [self._point(place, step) for place, step in self._of_kind("load point")],
            "energy": [
                {"point": step.points[0].label, "register": step.name.partition("-")[0], **_exposure(step)}
                for _, step in self._of_kind("energy register")
            ],
            "tests": [
                {
                    "place": place,
                    "key": step.name,
                    "procedure": step.kind,
                    "condition": step.says,
                    "points": [point.label for point in step.points],
                    **self._test_forecast(step.name),
                    **_exposure(step),
                }
                for place, step in enumerate(self.steps, start=1)
                if step.kind not in ("load point", "energy register")
            ],
            "not_possible": [picked(each, "key", "why") for each in self.plan.not_possible],
            "energy_from_sampled_power": self.plan.why_sampled,
            "highest_voltage_ln_v": max(step.highest_voltage_v for step in self.steps),
            "highest_current_a": max(step.highest_current_a for step in self.steps),
            "duration_s": self.duration_s,
            "limit_tables": {table.name: table.status for table in self.plan.tables},
            "forecast": as_data(found, gates),
        }

    def _test_forecast(self, key: str) -> dict[str, Any]:
        found = self.forecast_of_tests.get(key)
        if found is None:
            return {}
        ratio = _json_number(found.ratio)
        return {"uncertainty_to_limit": ratio, "largest_part": found.kind, "concludes": not found.is_open}

    def _of_kind(self, kind: str) -> list[tuple[int, Step]]:
        return [(place, step) for place, step in enumerate(self.steps, start=1) if step.kind == kind]

    def _point(self, place: int, step: Step) -> dict[str, Any]:
        (point,) = step.points
        ratios = self.ratios.get(point, {})
        return {
            "place": place,
            "point": point.label,
            **picked(point, "voltage_v", "voltages_pct", "voltage_shift_deg", "current_pct"),
            **picked(point, "angle_deg", "phases", "frequency_hz", "system_type"),
            "judged": self._limits(point),
            "uncertainty_to_limit": {name: _json_number(ratio) for name, ratio in ratios.items()},
            **_exposure(step),
        }

    def _limits(self, point: LoadPoint) -> dict[str, float]:
        return {f"AI{item.instance}": item.row.limit_pct for item in self.plan.judged(point)}

    def print(self) -> None:
        """Print the steps, one a line; then what is left out, what stays open, and the sums."""
        from rig.cli.plan.forecast import duration_text, lines, test_lines
        from rig.procedures.accuracy.energy_register import LONGEST_GATE_S

        counts = Counter(step.kind for step in self.steps)
        said = ", ".join(_count_text(kind, count) for kind, count in counts.items())
        echo(f"{self.suite} on bench {self.bench.name}, programme {self.plan.programme}: {said}")
        if self.ratios or self.forecast_of_tests:
            echo("in brackets: expected U over the limit; ! where it is more than a third")
        for place, step in enumerate(self.steps, start=1):
            exposed = f"{step.highest_voltage_v:5.0f} V {step.highest_current_a:8.3g} A {_seconds(step.duration_s):>6}"
            echo(f"{place:>4}  {exposed}  {self._line(step)}")
        if self.plan.why_sampled is not None and counts["energy register"]:
            echo(f"energy is made from sampled power, in one long gate: {self.plan.why_sampled}")
        for each in self.plan.not_possible:
            echo(f"not possible: {each.key}: {each.why}")
        analyzer, wiring = self.bench.parts.analyzer, self.bench.parts.wiring
        if wiring is not None:
            echo(f"transducer: {wiring.ct.primary_a:g} A to {wiring.ct.secondary_v:g} V")
        if analyzer is not None and analyzer.reference_accuracy.stated_by:
            echo(f"accuracy of the reference: {analyzer.reference_accuracy.stated_by}")
        found, gates = self.forecast
        for line in lines(found, gates, LONGEST_GATE_S) if found else ():
            echo(line)
        for line in test_lines(tuple(self.forecast_of_tests.values())):
            echo(line)
        volts, amperes = (max(values) for values in zip(*map(_volts_and_amperes, self.steps), strict=True))
        passes = f" in {self.repeat} passes" if self.repeat > 1 else ""
        echo(
            f"highest voltage {volts:g} V line to neutral, highest current {amperes:g} A on the primary side; "
            f"about {duration_text(self.duration_s)} of bench time{passes}"
        )
        for table in self.plan.tables:
            echo(f"limits: {table.name}: {table.status}")

    def _line(self, step: Step) -> str:
        if step.kind == "load point":
            (point,) = step.points
            ratios = self.ratios.get(point, {})
            limits = "  ".join(
                f"{name} ±{limit:g}%{_u_of(ratios, name)}" for name, limit in self._limits(point).items()
            )
            return f"{step.name:<26} {limits}"
        if step.kind == "energy register":
            against = "the analyzer's integrator" if self.plan.why_sampled is None else "the analyzer's sampled power"
            return f"{step.points[0].label:<26} {step.name.partition('-')[0]} gated against {against}"
        forecast = self.forecast_of_tests.get(step.name)
        ratios = {} if forecast is None else {step.name: forecast.ratio}
        return f"{step.name}{_u_of(ratios, step.name)}" + (f": {step.says}" if step.says else "")


def _count_text(kind: str, count: int) -> str:
    if kind in ("load point", "energy register"):
        return f"{count} {kind}{'s' if count > 1 else ''}"
    return f"{count} test{'s' if count > 1 else ''} of {kind.replace('_', ' ')}"


def _volts_and_amperes(step: Step) -> tuple[float, float]:
    return step.highest_voltage_v, step.highest_current_a


def _exposure(step: Step) -> dict[str, float]:
    return {
        "highest_voltage_ln_v": step.highest_voltage_v,
        "highest_current_a": step.highest_current_a,
        "duration_s": step.duration_s,
    }


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 600.0 else f"{seconds / 60.0:.0f} min"


def _json_number(ratio: float) -> float | None:
    return round(ratio, 5) if math.isfinite(ratio) else None


def _u_of(ratios: dict[str, float], name: str) -> str:
    """Write U/L behind a limit; an exclamation mark where it is more than a third."""
    if name not in ratios:
        return ""
    ratio = ratios[name]
    return f"({ratio:.2f}{'!' if ratio > 1.0 / 3.0 else ''})" if math.isfinite(ratio) else "(U/L ?!)"
