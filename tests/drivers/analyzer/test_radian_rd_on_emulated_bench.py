"""The Radian driver on the emulated bench: what it reads of a source that another driver sets."""

import contextlib
import json
import socket
import subprocess
import sys

import pytest

from drivers.analyzer.radian_rd import RadianRD
from drivers.scpi.session import ScpiSession
from drivers.source.base import SourceSetting, Tone
from drivers.source.fluke_6105a import Fluke6105A


@contextlib.contextmanager
def emulated_bench():
    command = [sys.executable, "-m", "rig.emulation", "--json", "--meters", "0", "--analyzer", "radian_rd"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())
        process.stdin.close()
        process.wait(10)


@pytest.mark.realtime
def test_standard_sees_the_voltages_of_a_source_and_no_ct_input():
    with emulated_bench() as endpoints, contextlib.ExitStack() as stack:
        host, port = endpoints["clock"].removeprefix("tcp://").split(":")
        clock = stack.enter_context(socket.create_connection((host, int(port)), 10)).makefile("rw")
        stack.callback(clock.close)

        def sleep(dt_s):
            clock.write(json.dumps({"sleep_s": dt_s}) + "\n")
            clock.flush()
            clock.readline()

        source = Fluke6105A(ScpiSession(endpoints["source"]))
        stack.callback(source.close)
        voltages = tuple((Tone(1, volts, angle),) for volts, angle in ((277.0, 0.0), (230.0, -120.0), (120.0, 120.0)))
        setting = SourceSetting(60.0, voltages, tuple((Tone(1, 8.0, angle),) for angle in (0.0, -120.0, 120.0)))
        source.select_ranges(setting)
        source.set_point(setting)
        source.set_output(True)
        link = RadianRD.open_link(endpoints["analyzer"], deadline_s=2.0, on_progress=None)
        analyzer = RadianRD(link, sleep)
        stack.callback(analyzer.close)
        analyzer.configure()
        sleep(2.0)
        elements = analyzer.read().elements
        assert [element.u_v for element in elements] == pytest.approx([277.0, 230.0, 120.0], rel=1e-3)
        assert [element.i for element in elements] == [0.0] * 3
        assert elements[0].frequency_hz == pytest.approx(60.0, abs=0.02)
        assert [element.u_phase_deg for element in elements] == [0.0, None, None]
        source.make_safe()
