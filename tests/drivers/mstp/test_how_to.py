"""The page on using the driver alone: its code, run as it stands, with nothing of this repository but the driver."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from drivers.mstp.link import MstpLink
from tests.drivers.mstp.test_link import make_application

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "how-to" / "mstp-with-bacpypes3.md"
DEADLINE_S = 60.0


def code_of_page():
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return block


def test_the_page_shows_it_in_under_twenty_lines():
    lines = [line for line in code_of_page().splitlines() if line.strip()]
    assert len(lines) < 20


@pytest.fixture
def driver_alone(tmp_path):
    """A folder with the driver and what the page says it needs, and nothing else of this repository."""
    shutil.copytree(ROOT / "drivers" / "mstp", tmp_path / "drivers" / "mstp")
    for name in ("__init__.py", "errors.py", "later.py", "log.py", "log_handler.py"):
        shutil.copy(ROOT / "drivers" / name, tmp_path / "drivers" / name)
    return tmp_path


class Meter:
    """A device on the bus, in a thread with an event loop of its own: instance 200, one analog input of 12.5."""

    def __init__(self, port):
        self._loop = asyncio.new_event_loop()
        self._serving = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(port,))
        self._thread.start()
        assert self._serving.wait(10)

    def _serve(self, port):
        async def start():
            application, link = make_application(200, value=12.5), MstpLink(port)
            link.attach(application)
            return application, link

        application, link = self._loop.run_until_complete(start())
        self._loop.call_soon(self._serving.set)
        self._loop.run_forever()
        link.close()
        application.close()
        self._loop.close()

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


@pytest.mark.realtime
def test_the_code_of_the_page_finds_a_device_and_reads_it(make_bridge, open_port, driver_alone):
    bridge = make_bridge(2)
    meter = Meter(open_port(bridge.ports[1], 1, max_master=1))
    code = code_of_page()
    assert code.count("/dev/ttyUSB0") == 1
    try:
        ran = subprocess.run(
            [sys.executable, "-c", code.replace("/dev/ttyUSB0", bridge.ports[0])],
            env={**os.environ, "PYTHONPATH": str(driver_alone)},
            cwd=driver_alone,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
        )
    finally:
        meter.close()
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == ["device,200", "12.5"]
    assert ran.stderr == ""


def test_the_driver_imports_nothing_else_of_this_repository(driver_alone):
    question = (
        "import sys, pathlib, drivers.mstp.link, drivers.mstp.process.port_process, drivers.mstp.capture\n"
        "here = pathlib.Path(drivers.__file__).parent\n"
        "names = ('drivers', 'rig', 'meter_model', 'fixtures', 'numpy', 'pyvisa', 'pydantic', 'pytest')\n"
        "for name, module in sys.modules.items():\n"
        "    if name.partition('.')[0] in names and not str(module.__file__).startswith(str(here)):\n"
        "        print(name)\n"
        "print(here)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", question],
        env={**os.environ, "PYTHONPATH": str(driver_alone)},
        cwd=driver_alone,
        capture_output=True,
        text=True,
        check=True,
        timeout=DEADLINE_S,
    )
    assert ran.stdout.split() == [str(driver_alone / "drivers")]
