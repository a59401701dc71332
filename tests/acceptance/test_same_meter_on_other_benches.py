"""One meter certified on benches that differ in source and analyzer only: what is said of it must not depend on them.

Errors agree within the combined expanded uncertainty, verdicts agree except within U of a decision boundary. Every
bench file named ``emulated-on-...`` is compared with ``emulated``, by a few points and by the whole certification.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rig.bench import bench_names, load_bench
from rig.records.data import ResultRecord
from tests.acceptance.certified import Finished, run_certification

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(7200)]

REFERENCE = "emulated"
OTHERS = [name for name in bench_names() if name.startswith("emulated-on-")]
FEW_POINTS = "(277V-100pct-PF1-ABC or 277V-20pct-PF0.5lag-ABC) and not energy"


def may_differ(result: ResultRecord) -> bool:
    """Whether the error is so near to a boundary of the decision rule that either verdict is right."""
    assert result.error_pct is not None
    assert result.limit_pct is not None
    assert result.expanded_uncertainty_pct is not None
    guard_pct = result.guard_band_pct or 0.0
    boundaries = (result.limit_pct - guard_pct, result.limit_pct, result.limit_pct + guard_pct)
    return any(abs(abs(result.error_pct) - at) <= result.expanded_uncertainty_pct for at in boundaries)


def compare(one: Finished, other: Finished) -> int:
    """Compare the results of two certifications of one meter; returns how many were compared."""
    found = {(point.label, result.instance): result for point, result in other.results()}
    for point, result in one.results():
        twin = found.pop((point.label, result.instance))
        what = f"AI{result.instance} at {point.label}: {result.error_pct} and {twin.error_pct}"
        assert result.error_pct is not None, what
        assert twin.error_pct is not None, what
        assert result.expanded_uncertainty_pct is not None
        assert twin.expanded_uncertainty_pct is not None
        combined_pct = math.hypot(result.expanded_uncertainty_pct, twin.expanded_uncertainty_pct)
        assert abs(result.error_pct - twin.error_pct) <= combined_pct, f"{what}, combined U {combined_pct}"
        if result.outcome != twin.outcome:
            assert may_differ(result) or may_differ(twin), f"{what}: {result.outcome} and {twin.outcome}"
    assert not found, f"only on the other bench: {sorted(found)}"
    return len(one.results())


def certified(folder: Path, bench: str, select: str | None) -> Finished:
    done = run_certification(folder / bench, bench, select=select)
    assert done.exit_code == 0, done.output[-3000:]
    return done


def test_benches_differ_in_wiring_and_instruments_but_not_in_the_meter() -> None:
    reference = load_bench(REFERENCE).parts
    assert OTHERS
    seen = {_instruments(REFERENCE)}
    for name in OTHERS:
        parts = load_bench(name).parts
        assert (parts.positions, parts.nominal, parts.bus) == (reference.positions, reference.nominal, reference.bus)
        assert _instruments(name) not in seen, f"{name} has the instruments of another bench"
        seen.add(_instruments(name))


@pytest.mark.soak
@pytest.mark.parametrize("other", OTHERS)
def test_a_few_points_say_the_same_on_another_bench(tmp_path: Path, other: str) -> None:
    one, two = (certified(tmp_path, bench, FEW_POINTS) for bench in (REFERENCE, other))
    assert compare(one, two) >= 10


@pytest.mark.soak
def test_the_whole_certification_says_the_same_on_every_bench(tmp_path: Path) -> None:
    done = [certified(tmp_path, bench, None) for bench in (REFERENCE, *OTHERS)]
    for index, one in enumerate(done):
        for other in done[index + 1 :]:
            assert compare(one, other) >= 100


def _instruments(bench: str) -> tuple[object, ...]:
    parts = load_bench(bench).parts
    sources = tuple(
        (part.driver, tuple(part.options.items())) for part in (parts.source, parts.low_level_source) if part
    )
    return (*sources, parts.analyzer.driver if parts.analyzer else None)
