"""A bench with a climate chamber: soaked in bench time, and stopped when it is closed, for every end of the run."""

import json

import pytest

from drivers.errors import SettingOutOfRange
from rig.bench import open_bench
from tests.kept_log import KeptLog

pytestmark = pytest.mark.realtime

CHAMBER = """\
schema: 1
extends: emulated
name: in-a-chamber
bus: null
source: null
analyzer: null
positions: []
switch: null
generator: null
counter: null
launch: {extra_argv: ["--meters", "0"]}
chamber:
  driver: espec_p300
  resource: ${launch.chamber}
  lowest_c: -20
  highest_c: 60
  soak: {within_k: 0.5, for_s: 600, timeout_s: 7200}
"""


def test_soaked_chamber_is_stopped_and_verified_when_a_run_fails(tmp_path):
    path = tmp_path / "bench.yaml"
    path.write_text(CHAMBER)
    logs = []

    def run():
        with open_bench(path) as bench:
            logs.append(KeptLog(bench.launched.endpoints))
            assert bench.file.capabilities == {"climate_probe", "chamber"}
            assert bench.climate_probe.read().temperature_c == pytest.approx(23.0, abs=0.2)
            with pytest.raises(SettingOutOfRange):
                bench.chamber.soak(61.0)
            bench.chamber.soak(40.0)
            assert bench.climate_probe.read().temperature_c == pytest.approx(40.0, abs=0.6)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run()
    events = [json.loads(line) for line in logs[0].read_text().splitlines()]
    assert [event["mode"] for event in events if event["event"] == "chamber"] == ["STANDBY", "CONSTANT", "STANDBY"]
