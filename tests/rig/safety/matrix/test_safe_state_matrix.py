"""The safe-state matrix: for each end of a run in each phase, the output is off in time and the record says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rig.safety.switching_off.terminals import OFF_BELOW_V
from tests.rig.safety.matrix.causes import CAUSES, PHASES, WATCHED_TOO, Cause, Phase
from tests.rig.safety.matrix.cell import Cell, Emulation, Ground, Nursery, now_s

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    ground = Ground(Emulation(), Nursery(), tmp_path_factory.mktemp("matrix") / "records.sqlite")
    yield ground
    ground.close()


def run_cell(
    cause: Cause, phase: Phase, ground: Ground, folder: Path, *, is_whole: bool, away_s: float = 4.0
) -> float | None:
    """Run a cell and return after how many seconds the output was off; ``is_whole``: nothing is mended meanwhile.

    ``away_s``: for how long a network is away.
    """
    with Cell(ground, folder, phase, cause.place, cause.goes_down_in_place, cause.protection) as cell:
        cell.reach_phase()
        cell.away_s = away_s
        since_s, off_s = now_s(), None
        cause.happens(cell)
        if cause.counts_from_waking:
            since_s = now_s()
        cell.give(cause.orders.get(phase, cause.order))
        if not cause.stays_on:
            off_s = cell.off_after(since_s, cause.within_s)
            assert off_s <= cause.within_s
        cause.then(cell)
        if not is_whole:
            cause.mends(cell)
        output = cell.end(guardian_goes_on=cause.guardian_goes_on)
        status, run = cell.control.status, cell.record()
        assert cell.exit_code == cause.exit_code, output
        assert run.outcome == cause.outcome, output
        assert run.exit_code in (None, cause.exit_code)
        if cause.protection == "contactor":
            assert max(status["terminal_volts"]) < OFF_BELOW_V
            assert max(status["ct_volts"]) == 0.0
        elif cause.protection == "watchdog":
            assert max(status["terminal_volts"]) < OFF_BELOW_V, "a source for the CT inputs alone may stay on"
        elif cause.stays_on and cause.exit_code < 0:
            assert status["output_on"], "nothing was to switch it off"
        elif cause.stays_on:
            assert max(status["terminal_volts"]) > OFF_BELOW_V
            assert "OUTPUTS NOT CONFIRMED OFF" in output
            assert "switch the source off by hand" in output
        else:
            assert not status["output_on"]
            assert not cell.was_switched_on_since(since_s), "it was switched on again"
        if phase == "measuring":
            assert run.points[0].meter_readings, "what had been measured is gone"
        return off_s


@pytest.mark.parametrize("cause", [cause for cause in CAUSES if not cause.is_slow], ids=lambda cause: cause.name)
def test_each_cause_in_its_worst_phase_leaves_output_off_and_true_record(
    cause: Cause, ground: Ground, tmp_path: Path
) -> None:
    run_cell(cause, cause.worst, ground, tmp_path, is_whole=False)


@pytest.mark.soak
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_each_cause_in_every_phase_leaves_output_off_and_a_true_record(
    cause: Cause, phase: Phase, ground: Ground, tmp_path: Path, record_testsuite_property: Callable[[str, object], None]
) -> None:
    off_s = run_cell(cause, phase, ground, tmp_path, is_whole=True, away_s=40.0)
    record_testsuite_property(f"{cause.name}, {phase}", "never" if off_s is None else f"off after {off_s:.2f} s")


@pytest.mark.soak
@pytest.mark.parametrize("name", WATCHED_TOO)
def test_with_a_source_watchdog_the_same_switches_off_in_the_same_time(
    name: str, ground: Ground, tmp_path: Path
) -> None:
    (cause,) = (cause for cause in CAUSES if cause.name == name)
    run_cell(replace(cause, protection="watchdog"), cause.worst, ground, tmp_path, is_whole=True)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_network_that_is_away_for_five_minutes_leaves_the_output_off(ground: Ground, tmp_path: Path) -> None:
    (cause,) = (cause for cause in CAUSES if cause.name == "network away for 5 minutes, rig killed")
    run_cell(cause, cause.worst, ground, tmp_path, is_whole=True, away_s=300.0)
