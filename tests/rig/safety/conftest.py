"""Fixtures of the safety tests: a state folder of their own, sources, and a bench that opens fast."""

import pytest

from rig.bench import open_bench
from tests.rig.safety.stand_ins import QUICK, Control, FakeSource, OneAtATime


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
def one_at_a_time():
    source = OneAtATime()
    yield source
    source.shutdown()
    source.server_close()


@pytest.fixture
def quick_bench(tmp_path):
    """A bench file with emulated source and analyzer, and no bus: it opens fast."""
    path = tmp_path / "quick.yaml"
    path.write_text(QUICK)
    return path


@pytest.fixture(scope="module")
def shared_bench(tmp_path_factory):
    """The quick bench, open for a whole module: for tests that leave it in good order."""
    folder = tmp_path_factory.mktemp("shared")
    path = folder / "shared.yaml"
    path.write_text(QUICK.replace("name: quick", "name: shared"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RIG_STATE_DIR", str(folder / "state"))
        with open_bench(path) as opened:
            yield opened


@pytest.fixture
def good_bench(shared_bench):
    """The shared bench, with its outputs off before and after."""
    assert shared_bench.supervisor.load_point is None
    yield shared_bench
    assert shared_bench.supervisor.de_energise().confirmed


@pytest.fixture
def good_control(shared_bench):
    """The shared bench's control; ``outputs`` counts from the beginning of the test."""
    control = Control(shared_bench.launched.endpoints)
    yield control
    control.close()


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
