"""Fixtures of the safety tests: a state folder of their own, sources, and a bench that opens fast."""

import pytest

from rig.bench import open_bench
from tests.safety.stand_ins import QUICK, Control, FakeSource


@pytest.fixture(autouse=True)
def state_folder(tmp_path, monkeypatch):
    folder = tmp_path / "state"
    monkeypatch.setenv("RIG_STATE_DIR", str(folder))
    return folder


@pytest.fixture
def fake_source():
    source = FakeSource()
    yield source
    source.shutdown()
    source.server_close()


@pytest.fixture
def second_source():
    source = FakeSource()
    yield source
    source.shutdown()
    source.server_close()


@pytest.fixture
def quick_bench(tmp_path):
    """A bench file with emulated source and analyzer, and no bus: it opens fast."""
    path = tmp_path / "quick.yaml"
    path.write_text(QUICK)
    return path


@pytest.fixture
def bench(quick_bench):
    """The quick bench, open."""
    with open_bench(quick_bench) as opened:
        yield opened


@pytest.fixture
def control(bench):
    control = Control(bench.launched.endpoints)
    yield control
    control.close()
