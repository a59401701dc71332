"""``rig bus check`` while the system's clock is set: stamps are monotonic, so that nothing is seen of it."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from rig.emulation.bus.hub import HubProcess
from tests.rig.cli.bus_stations import Masters

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(170)]

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long step(void) {
    const char *path = getenv("STEP_FILE"); long seconds = 0; FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) return 0;
    if (fscanf(file, "%ld", &seconds) != 1) seconds = 0;
    fclose(file); return seconds;
}
int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *); int answer;
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    answer = real(clock, now);
    if (clock == CLOCK_REALTIME) now->tv_sec += step();
    return answer;
}
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    """A library that moves CLOCK_REALTIME alone by the seconds in $STEP_FILE."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("the clock is stepped by a library that is compiled here: no C compiler")
    folder = tmp_path_factory.mktemp("shim")
    (folder / "step.c").write_text(SHIM)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "step.so", folder / "step.c", "-ldl"], check=True)
    return folder / "step.so"


def test_a_step_of_the_clock_in_mid_run_changes_no_verdict(shim, tmp_path):
    step = tmp_path / "step"
    step.write_text("0")
    environment = {**os.environ, "LD_PRELOAD": str(shim), "STEP_FILE": str(step), "RIG_STATE_DIR": str(tmp_path)}
    told = "import time; a = time.time(); print(round(a))"
    with HubProcess(2, 76800) as hub, Masters(hub.ports[0], 76800, (1, 2, 3), 4):
        words = [sys.executable, "-m", "rig.cli", "bus", "check", "--device", hub.ports[1], "--baud", "76800"]
        words += ["--for", "4", "--json"]
        with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as checking:
            for seconds in (-3600, 86_400, -86_400, 600):
                time.sleep(1.2)
                step.write_text(str(seconds))
            output, _ = checking.communicate(timeout=120)
        stepped = subprocess.run(
            [sys.executable, "-c", told], env=environment, capture_output=True, text=True, check=True
        )
    assert int(stepped.stdout) - time.time() == pytest.approx(600, abs=60)  # the step was really made
    answer = json.loads(output)
    assert [one for one in answer["findings"] if one["severity"] == "fault"] == []
    assert answer["heard"]["masters"] == [1, 2, 3]
    assert 3.5 < answer["heard"]["duration_s"] < 30.0
    assert 1.0 < answer["in_ring"]["duration_s"] < 60.0
    assert answer["heard"]["longest_silence_s"] < 1.0
