"""The contactor of the emulated bench: a stuck one is refused, and it falls when its guardian stands still."""

import os
import signal

import pytest

from drivers.errors import RigError
from rig.load_point import LoadPoint
from rig.safety.errors import StepFailed
from tests.rig.safety.stand_ins import QUICK
from tests.waiting import wait_for

pytestmark = pytest.mark.realtime


@pytest.fixture
def quick_bench(tmp_path):
    """The quick bench, with the contactor that the emulated bench has."""
    path = tmp_path / "behind-a-contactor.yaml"
    path.write_text(QUICK.replace("name: quick", "name: behind-a-contactor").replace("{contactor: null}", "{}"))
    return path


POINT = LoadPoint(120.0, 100.0, 0.0)


def test_a_stuck_contactor_is_refused_a_mended_one_is_proven_and_used(bench, control):
    assert control.fault("contactor-stuck-closed")["done"]
    with pytest.raises(StepFailed, match="it is stuck closed"):
        bench.supervisor.energise(POINT)
    assert control.is_off
    assert max(control.status["terminal_volts"]) == 0.0
    assert control.fault("contactor-stuck-closed", False)["done"]
    bench.supervisor.energise(POINT)
    assert control.status["contactor_closed"]
    assert min(control.status["terminal_volts"]) > 100.0

    # The source's own relay sticks: the contactor takes the meter off, and says that the source is still on.
    assert control.fault("source-stuck-relay")["done"]
    report = bench.supervisor.de_energise()
    assert report.confirmed
    assert "THE SOURCE'S OUTPUT STAYED ON" in report.trouble
    assert max(control.status["terminal_volts"]) == max(control.status["ct_volts"]) == 0.0
    assert control.fault("source-stuck-relay", False)["done"]

    bench.supervisor.energise(POINT)
    os.kill(bench.guardian.pid, signal.SIGSTOP)
    try:
        wait_for(lambda: not control.status["contactor_closed"], "the contactor's fall", 4.0)
        assert max(control.status["terminal_volts"]) == max(control.status["ct_volts"]) == 0.0
    finally:
        os.kill(bench.guardian.pid, signal.SIGCONT)
    with pytest.raises(RigError):
        bench.supervisor.observe()
    assert control.is_off
