"""Switching off with a recipe and a plain socket, or by VISA."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import tty
from dataclasses import replace

import pytest

from drivers.source.base import SafeOff
from rig.safety.switching_off.raw_off import (
    recipe_from_json,
    recipe_to_json,
    switch_all_off,
    switch_off,
    takes_one_client,
)

pytestmark = pytest.mark.realtime


def test_a_source_that_confirms_is_confirmed(fake_source):
    result = switch_off(fake_source.recipe)
    assert result.confirmed
    assert not fake_source.is_on
    assert fake_source.received == ["OUTP:STAT OFF", "OUTP:STAT?"]


@pytest.mark.parametrize(
    ("behaviour", "says"), [("deaf", "no answer to OUTP:STAT? in time"), ("stuck", "answered '1'")]
)
def test_a_source_that_does_not_confirm_is_not_confirmed(fake_source, behaviour, says):
    fake_source.behaviour = behaviour
    result = switch_off(fake_source.recipe, deadline_s=0.3)
    assert not result.confirmed
    assert says in result.details


def test_a_port_where_nothing_listens_is_not_confirmed():
    recipe = SafeOff("TCPIP0::127.0.0.1::1::SOCKET", ("OUTP:STAT OFF",), "OUTP:STAT?", ("0",))
    assert not switch_off(recipe, deadline_s=0.2).confirmed


def test_resource_without_socket_goes_by_visa_and_may_stay_unconfirmed():
    recipe = SafeOff("ASRL/dev/no-such-port::INSTR", ("OUTP:STAT OFF",), "OUTP:STAT?", ("0",))
    result = switch_off(recipe, deadline_s=0.3)
    assert not result.confirmed


@pytest.fixture
def serial_source():
    """A source at the other end of a serial line that knows OUTP:STAT; its device path, and what it was told."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    told = []

    def serve():
        with contextlib.suppress(OSError), os.fdopen(ours, "rb", buffering=0, closefd=False) as line:
            pending = b""
            while True:
                pending += line.read(256)
                *commands, pending = pending.split(b"\n")
                for command in commands:
                    told.append(command.decode())
                    if command == b"OUTP:STAT?":
                        os.write(ours, b"0\n" if "OUTP:STAT OFF" in told else b"1\n")

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    yield os.ttyname(theirs), told
    os.close(theirs)
    os.close(ours)


def test_a_source_on_a_serial_line_is_switched_off_and_confirmed(serial_source):
    device, told = serial_source
    result = switch_off(SafeOff(f"ASRL{device}::INSTR", ("OUTP:STAT OFF",), "OUTP:STAT?", ("0",)))
    assert result.confirmed, result.details
    assert told == ["OUTP:STAT OFF", "OUTP:STAT?"]


WAITING = """
import sys, time
from drivers.source.base import SafeOff
from rig.safety.switching_off.raw_off import Reserve
recipe = SafeOff(sys.argv[1], ("OUTP:STAT OFF",), "OUTP:STAT?", ("0",))
reserve = Reserve([recipe])
began_s = time.monotonic()
(result,) = reserve.switch_off(deadline_s=0.5)
print(result.confirmed, time.monotonic() - began_s)
"""


def test_silent_instrument_with_an_open_connection_delays_no_other():
    """VISA waits for it as long as it likes, in a thread that is left behind; the deadline holds all the same."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        resource = f"TCPIP::127.0.0.1::hislip0,{mute.getsockname()[1]}::INSTR"
        done = subprocess.run([sys.executable, "-c", WAITING, resource], capture_output=True, text=True, timeout=30)
    confirmed, took_s = done.stdout.split()
    assert confirmed == "False", done.stderr
    assert float(took_s) < 2.0


@pytest.mark.parametrize(
    ("resource", "one"),
    [
        ("TCPIP0::10.0.0.1::5025::SOCKET", False),
        ("TCPIP0::10.0.0.1::hislip0::INSTR", False),
        ("ASRL/dev/ttyUSB0::INSTR", True),
        ("USB0::0x0957::0x0407::MY1::INSTR", True),
    ],
)
def test_a_serial_or_usb_line_takes_one_client_whatever_the_driver_says(resource, one):
    recipe = SafeOff(resource, ("OUTP OFF",), "OUTP?", ("0",))
    assert takes_one_client(recipe) is one
    assert takes_one_client(replace(recipe, single_client=True))


def test_source_that_answers_late_is_confirmed_in_the_end(fake_source):
    fake_source.late_s = 1.0
    assert switch_off(fake_source.recipe).confirmed


NO_DESCRIPTOR = """
import resource, sys
from drivers.source.base import SafeOff
from rig.safety.switching_off.reserve import Reserve

reserve = Reserve([SafeOff(sys.argv[1], ("OUTP:STAT OFF",), "OUTP:STAT?", ("0",))])
resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
print(*reserve.switch_off(deadline_s=5.0))
"""


def test_a_reserve_switches_off_where_the_process_may_have_no_descriptor(fake_source):
    """As after prlimit --nofile=0: poll(2) refuses even descriptors that are open."""
    command = [sys.executable, "-c", NO_DESCRIPTOR, fake_source.recipe.resource]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert "confirmed=True" in done.stdout, done.stdout + done.stderr
    assert not fake_source.is_on


def test_one_source_that_hangs_does_not_keep_another_on(fake_source, second_source):
    fake_source.behaviour = "deaf"
    first, second = switch_all_off([fake_source.recipe, second_source.recipe], deadline_s=0.5)
    assert (first.confirmed, second.confirmed) == (False, True)
    assert not second_source.is_on


def test_a_recipe_survives_the_way_to_another_process(fake_source):
    assert recipe_from_json(recipe_to_json(fake_source.recipe)) == fake_source.recipe
