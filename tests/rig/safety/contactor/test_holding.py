"""Holding the contactor: the guardian's hand on an emulated switch unit, in time that the test lets pass."""

import math
import select
import socket
import socketserver
import threading
from dataclasses import replace

import pytest

from drivers.switch import RELAY_LINES
from rig.emulation.auxiliary.switching import switching_instruments
from rig.emulation.servers.control import ScpiHandler
from rig.emulation.servers.tcp import LineServer
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.contactor import HOLD_S, Contactor
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import Wiring
from rig.emulation.world.safety_contacts import SafetyContacts
from rig.emulation.world.world import World
from rig.safety.contactor.holding import ContactorHold
from rig.safety.contactor.recipe import ContactorRecipe
from tests.waiting import comes_true, wait_for


class Time:
    def __init__(self):
        self.s = 50.0

    def now_s(self):
        return self.s


def recipe_for(port, hold_s=HOLD_S):
    enable, pulse = RELAY_LINES["keysight_34970a"](219), RELAY_LINES["keysight_34970a"](220)
    return ContactorRecipe(
        resource=f"TCPIP0::127.0.0.1::{port}::SOCKET",
        close=enable.close,
        open=enable.open,
        verify_query=enable.verify_query,
        closed_answers=enable.closed_answers,
        open_answers=enable.open_answers,
        pulse_close=pulse.close,
        pulse_open=pulse.open,
        hold_s=hold_s,
    )


@pytest.fixture
def wall():
    return Time()


@pytest.fixture
def contactor(wall):
    return Contactor(wall_s=wall.now_s)


@pytest.fixture
def server(contactor, tmp_path):
    world = World(BenchTime(lambda: 0.0), Wiring())
    log = EventLog(tmp_path / "events.jsonl", world.now_s)
    engine = switching_instruments([], 1, True, world, log, SafetyContacts(), contactor)["switch"]
    server = LineServer(ScpiHandler(engine, world), "switch")
    yield server
    server.close()
    log.close()


@pytest.fixture
def hold(server, wall):
    hold = ContactorHold(recipe_for(server.port), wall.now_s)
    yield hold
    hold.end()


def answered(hold):
    """Wait until a connection that is being made, or a question on it, has had its time: the test's clock does not."""
    connection = hold._connection
    if connection is not None and not hold._is_known:
        select.select([connection] if hold._is_asked else [], [] if hold._is_asked else [connection], [], 2.0)


def live(hold, contactor, wall, seconds):
    """Let time pass as the guardian does: it comes when it is due; returns whether the contactor stayed closed."""
    end_s, stayed = wall.s + seconds, True
    while wall.s < end_s:
        wall.s = min(end_s, max(hold.due_s, wall.s + 0.01))
        hold.tick()
        answered(hold)
        stayed &= comes_true(lambda: contactor.lets_through, 0.5)
    return stayed


def test_a_contactor_that_is_held_stays_closed_for_many_hold_times(hold, contactor, wall):
    assert hold.close() is None
    assert live(hold, contactor, wall, 5.0 * HOLD_S)
    assert hold.open() is None
    assert not contactor.lets_through
    assert not hold.is_held


def test_a_contactor_that_nobody_holds_falls_after_its_hold_time(hold, contactor, wall):
    assert hold.close() is None
    wall.s += HOLD_S - 0.01
    assert contactor.lets_through
    wall.s += 0.01
    assert not contactor.lets_through


def test_a_pulse_that_comes_too_late_closes_nothing_again(hold, contactor, wall):
    assert hold.close() is None
    wall.s += HOLD_S + 1.0
    hold.tick()
    assert not hold.is_held
    wait_for(lambda: not contactor.status()["contactor_closed"], "the contactor's fall", 2.0)
    wall.s += 0.5
    hold.tick()
    assert not comes_true(lambda: contactor.lets_through, 0.1)


def test_a_pulse_relay_that_stays_closed_holds_nothing(hold, contactor, wall):
    assert hold.close() is None
    for _ in range(10):
        wall.s += HOLD_S / 5.0
        contactor.pulse(False)  # its contact only opens from now on
    assert not contactor.lets_through


def test_letting_go_opens_at_once_without_an_answer(hold, contactor):
    assert hold.close() is None
    hold.let_go()
    wait_for(lambda: not contactor.lets_through, "the contactor's opening", 2.0)


def test_a_switch_unit_that_is_gone_is_said_and_the_contactor_falls(hold, contactor, wall, server):
    assert hold.close() is None
    server.close()
    for _ in range(7):
        wall.s += hold.recipe.toggle_s
        hold.tick()
    assert not contactor.lets_through
    assert "did not confirm that its relay is open" in hold.open()
    assert "does not answer" in hold.close()


def test_a_dropped_connection_is_made_again_before_the_contactor_falls(hold, contactor, wall):
    assert hold.close() is None
    hold._connection.close()
    assert live(hold, contactor, wall, 3.0 * HOLD_S)


def test_a_relay_that_does_not_close_is_refused(server, wall):
    recipe = recipe_for(server.port)
    odd = ContactorRecipe(**{**recipe.to_json(), "close": "ROUT:OPEN (@219)"})
    hold = ContactorHold(odd, wall.now_s)
    assert "did not close" in hold.close()
    assert not hold.is_held
    hold.end()


class Recorder(socketserver.ThreadingTCPServer):
    """An instrument that says who it is, and notes what it is sent."""

    daemon_threads = True

    def __init__(self, identification):
        received = self.received = []

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                for line in self.rfile:
                    received.append(line.decode().strip())
                    if line.strip() == b"*IDN?":
                        self.wfile.write(identification + b"\n")

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture(params=[b"FLUKE,6105A,123456,1.0", b"Agilent Technologies,34972A,MY999,1.0", b"?", b""])
def another(request):
    server = Recorder(request.param)
    yield server
    server.shutdown()
    server.server_close()


UNIT = ("Agilent Technologies", "34972A", "MY1")


def test_another_instrument_at_its_address_is_sent_no_relay_command(another, wall):
    hold = ContactorHold(replace(recipe_for(another.server_address[1]), identity=UNIT), wall.now_s)
    assert "and not Agilent Technologies 34972A MY1: it was sent nothing" in hold.close()
    assert "and not Agilent Technologies 34972A MY1: it was sent nothing" in hold.open()
    assert set(another.received) == {"*IDN?"}
    assert not hold.is_held
    hold.end()


def test_other_instrument_after_a_break_gets_no_command_and_is_released(hold, contactor, wall, server, another):
    hold.recipe = replace(hold.recipe, identity=identity_of(hold))
    assert hold.close() is None
    hold._forget()
    hold._peer = hold._peer[0], another.server_address
    for _ in range(5):
        wall.s = max(hold.due_s, wall.s) if hold.is_held else wall.s
        hold.tick()
        answered(hold)
    assert not hold.is_held
    assert set(another.received) <= {"*IDN?"}
    assert hold.due_s == math.inf
    wall.s += HOLD_S + 1.0
    assert not contactor.lets_through


def test_its_own_unit_is_known_again_after_a_break(hold, contactor, wall):
    hold.recipe = replace(hold.recipe, identity=identity_of(hold))
    assert hold.close() is None
    hold._forget()
    assert live(hold, contactor, wall, 2.0 * HOLD_S)
    assert hold.open() is None


def identity_of(hold):
    host, port = hold.recipe.address
    with socket.create_connection((host, port), timeout=5.0) as asking:
        asking.sendall(b"*IDN?\n")
        fields = asking.makefile().readline().strip().split(",")
    return tuple(fields[:3])


def test_a_recipe_survives_its_way_to_the_guardian_and_back():
    recipe = replace(recipe_for(5025), identity=UNIT)
    assert ContactorRecipe.from_json(recipe.to_json()) == recipe
    assert recipe.address == ("127.0.0.1", 5025)
    with pytest.raises(ValueError, match="SOCKET resource"):
        ContactorRecipe(**{**recipe.to_json(), "resource": "GPIB0::9::INSTR"}).address
