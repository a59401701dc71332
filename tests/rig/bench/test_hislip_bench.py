"""A bench whose instruments are reached over HiSLIP: a load point end to end, and switching off from outside."""

from pathlib import Path

import pytest

from rig.bench import open_bench
from rig.bench.config.files import load_bench
from rig.bench.off import safe_off_of
from rig.load_point import LoadPoint
from rig.safety.switching_off.raw_off import switch_off
from tests.rig.safety.stand_ins import Control

BENCH = """\
schema: 1
extends: emulated
name: over-hislip
bus: null
positions: [{name: "1", meter_type: s4100}]
launch:
  argv: ["${python}", -m, tests.rig.emulation.servers.hislip_bench, --json]
  extra_argv: [--meters, "0", --divider-ratio, "5"]
source: {resource: "${launch.hislip.source}"}
analyzer: {resource: "${launch.hislip.analyzer}"}
wiring: {current_divider: {ratio: 5.0}}
nominal: {voltage_v: 120, system_voltage_v: 208}
"""
POINT = LoadPoint(120.0, 100.0, -60.0)


@pytest.mark.realtime
def test_load_point_is_measured_over_hislip_and_switched_off_by_another(tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[3]))
    path = tmp_path / "bench.yaml"
    path.write_text(BENCH)
    with open_bench(load_bench(path)) as bench:
        assert "::hislip0," in bench.file.parts.source.resource
        control = Control(bench.launched.endpoints)
        try:
            bench.supervisor.energise(POINT)
            reading = bench.supervisor.settle()[-1]
            truth = control.status
            assert truth["output_on"]
            for element, volts, ct_volts in zip(
                reading.elements, truth["terminal_volts"], truth["ct_volts"], strict=True
            ):
                assert volts == pytest.approx(120.0, rel=0.01)
                assert element.u_v == pytest.approx(volts, rel=5e-4)
                assert element.i == pytest.approx(ct_volts, rel=5e-4)
            (recipe,) = safe_off_of(bench.source, bench.file.parts.source)
            result = switch_off(recipe)
            assert result.confirmed, result.details
            assert not control.status["output_on"]
            assert bench.supervisor.de_energise().confirmed
        finally:
            control.close()
