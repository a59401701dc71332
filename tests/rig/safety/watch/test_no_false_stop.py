"""A healthy bench is never stopped: every analyzer, at points of every kind, and beyond the measuring range."""

import contextlib

import pytest

from rig.bench import open_bench
from rig.load_point import LoadPoint
from rig.safety.errors import NotSettled

BENCHES = ("emulated", "emulated-on-fluke-norma", "emulated-on-ametek-rigol-lmg", "emulated-on-chroma-rigol-norma")
POINTS = (
    LoadPoint(277.0, 100.0, 0.0),
    LoadPoint(277.0, 1.0, -60.0),
    LoadPoint(277.0, 120.0, 60.0, "B"),
    LoadPoint(290.0, 20.0, 180.0),
    LoadPoint(277.0, 0.0, 0.0),
    LoadPoint(277.0, 5.0, 0.0, "ABC", voltages_pct=(0.0, 100.0, 100.0)),
    LoadPoint(277.0, 5.0, 0.0, "AC", voltages_pct=(100.0, 80.0, 100.0), voltage_shift_deg=(0.0, 0.0, 15.0)),
    LoadPoint(120.0, 50.0, -90.0),
)
BEYOND = (LoadPoint(277.0, 50.0, 0.0, frequency_hz=42.0), LoadPoint(277.0, 50.0, 0.0, frequency_hz=68.0))


def go_round(bench, folder, rounds):
    """Apply every point, settle, wait and read, as often as that; then the same beyond the measuring range."""
    path = folder / "bench.yaml"
    extra = 'launch: {extra_argv: ["--meters", "0"]}\n' if bench == "emulated" else ""
    no_meter = "bus: null\npositions: [{name: '1', meter_type: s4100}]\n"
    path.write_text(f"schema: 1\nextends: {bench}\nname: round\n{no_meter}{extra}")
    with open_bench(path) as opened:
        supervisor = opened.supervisor
        for _ in range(rounds):
            for point in POINTS:
                supervisor.apply(point)
                with contextlib.suppress(NotSettled):  # without voltage A a Norma has no frequency: INVALID, no stop
                    supervisor.settle()
                opened.clock.sleep(3.0)
                opened.analyzer.read()
            with supervisor.beyond("alarming"):
                for point in BEYOND:
                    supervisor.apply(point)
                    opened.clock.sleep(5.0)
                    opened.analyzer.read()
        assert supervisor.de_energise().confirmed


@pytest.fixture(autouse=True)
def state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))


@pytest.mark.realtime
@pytest.mark.parametrize("bench", BENCHES[:2])
def test_one_round_of_points_on_a_healthy_bench_is_not_stopped(bench, tmp_path):
    go_round(bench, tmp_path, 1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("bench", BENCHES)
def test_twenty_rounds_of_points_on_a_healthy_bench_are_not_stopped(bench, tmp_path):
    go_round(bench, tmp_path, 20)
