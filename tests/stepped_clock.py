"""A library that moves CLOCK_REALTIME alone in the processes that load it, by the seconds in a file.

``shim`` is a fixture: import it where it is used. The monotonic clocks run on, as when the time of a host is set.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

SOURCE = r"""
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


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, compiled."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("the clock is stepped by a library that is compiled here: no C compiler")
    folder = tmp_path_factory.mktemp("shim")
    (folder / "step.c").write_text(SOURCE)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "step.so", folder / "step.c", "-ldl"], check=True)
    return folder / "step.so"


class SteppedClock:
    """The clock of the processes that run in ``environment``; ``set`` moves it by seconds from the true time."""

    def __init__(self, shim: Path, folder: Path) -> None:
        self.file = folder / "step"
        self.environment = {**os.environ, "LD_PRELOAD": str(shim), "STEP_FILE": str(self.file)}
        self.steps = 0
        self.set(0)

    def set(self, seconds: int) -> None:
        """Move the clock, in one step."""
        whole = self.file.with_name("step.new")
        whole.write_text(str(seconds))
        whole.replace(self.file)

    def told_s(self) -> float:
        """Return what time a new process in the environment has, seconds since 1970."""
        words = [sys.executable, "-c", "import time; print(time.time())"]
        return float(subprocess.run(words, env=self.environment, capture_output=True, text=True, check=True).stdout)

    @contextlib.contextmanager
    def stepping(self, seconds: Sequence[int], every_s: float) -> Iterator[None]:
        """Set the clock to each of ``seconds`` in turn, over and over, every ``every_s`` seconds."""
        over = threading.Event()

        def step() -> None:
            while not over.wait(every_s):
                self.set(seconds[self.steps % len(seconds)])
                self.steps += 1

        thread = threading.Thread(target=step)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
