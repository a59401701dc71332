"""``rig off`` also says what the guardian did last on that bench."""

import json

import pytest
from click.testing import CliRunner

from rig.cli import cli
from rig.safety.guardian.journal import append_entry
from rig.safety.state import JOURNAL, Opening


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))


def off(*options):
    return CliRunner().invoke(cli, ["off", *options], catch_exceptions=False, standalone_mode=False)


@pytest.mark.parametrize(("confirmed", "said"), [(True, "off, confirmed"), (False, "NOT CONFIRMED OFF")])
def test_the_guardians_last_entry_is_shown_for_that_bench_alone(confirmed, said):
    journal = Opening.begin("emulated").file(JOURNAL)
    append_entry(
        journal, {"id": "1", "bench": "emulated", "time": "2026-11-29", "reason": "earlier", "confirmed": True}
    )
    entry = {"id": "2", "bench": "emulated", "time": "2026-11-30", "reason": "the rig is gone", "confirmed": confirmed}
    append_entry(journal, entry)
    assert f"the guardian's last entry: 2026-11-30: the rig is gone: {said}" in off("--bench", "emulated").output
    assert "guardian" not in off("--bench", "emulated-phase-b-gain").output
    answer = json.loads(off("--json").stdout)
    assert (answer["confirmed"], answer["sources"], answer["analyzers"]) == (True, [], [])
