"""Asking every address of a bus: what is asked, how long it is said to take, and what is made of the answers."""

import pytest

from drivers.meter.errors import BusFailed
from drivers.mstp.analysis import BusAnalysis
from drivers.mstp.judging.conclusion import conclude
from drivers.mstp.judging.finding import Severity
from drivers.mstp.settings import PortSettings
from rig.bench.discovery.probing import Probed, findings, plan, probe
from tests.drivers.mstp.tape import Tape

RING = Tape().ring(0, 1, 2, rounds=3).poll(2, 3).token(2, 0, 0.03).poll(1, 4)


class Bus:
    settings = PortSettings("/dev/ttyUSB0", 76800, 0, 4)

    def __init__(self, masters=(), others=(), failed=False):
        self._masters, self._others, self._failed = masters, others, failed
        self.polled, self.asked = [], []

    def probe_masters(self, addresses, patience_s):
        if self._failed:
            raise BusFailed("/dev/ttyUSB0", "gone")
        assert patience_s > 10.0
        self.polled = list(addresses)
        return {mac: mac in self._masters for mac in addresses}

    def who_answers(self, addresses, request_for):
        self.asked = list(addresses)
        assert request_for(9).apduService == 12
        return ((mac, mac in self._others) for mac in addresses)


def figures():
    analysis = BusAnalysis(RING.baud, RING.start_s)
    analysis.take_batch(RING.frames, 0)
    return analysis.figures(RING.now_s)


def test_every_unheard_address_is_asked_and_the_time_is_announced_first():
    bus, told = Bus(masters=(9, 100), others=(200,)), []
    asked = plan(bus, (0, 1, 2), rotation_s=0.012)
    assert (asked.masters, asked.slaves) == (tuple(range(3, 128)), tuple(range(3, 255)))
    assert asked.duration_s == pytest.approx(125 * 0.042 + 252 * 0.307)
    found = probe(bus, asked, told.append)
    assert told == [asked.text]
    assert "125 addresses for masters and up to 252 for slaves: about 83 s" in told[0]
    assert (found.masters, found.others) == ((9, 100), (200,))
    assert set(found.unanswered) == set(range(3, 255)) - {9, 100, 200}
    assert not {9, 100} & set(bus.asked)


def test_a_port_that_fails_meanwhile_is_told():
    bus = Bus(failed=True)
    with pytest.raises(BusFailed):
        probe(bus, plan(bus, (0,), 0.01), lambda _line: None)


def test_hidden_master_is_a_fault_and_a_silent_address_gives_no_answer():
    found = {one.kind: one for one in findings(Probed((9,), (200,), (3, 4, 5, 10)), figures(), 0)}
    assert (found["hidden-master"].mac, found["hidden-master"].severity) == (9, Severity.FAULT)
    assert "poll up to 4 at most" in found["hidden-master"].what
    assert "to 9 at least" in found["hidden-master"].advice
    assert "MAC 200" in found["silent-stations"].what
    assert found["no-answer"].what == "no answer from MAC 3–5, 10"
    assert conclude(list(found.values())).finding.mac == 9


def test_nothing_found_is_no_fault():
    assert conclude(findings(Probed((), (), (3, 4)), figures(), 0)) is None
