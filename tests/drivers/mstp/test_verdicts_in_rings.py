"""Verdicts on whole rings in virtual time: noise of any kind makes no duplicate, and a real duplicate is found."""

import random

import pytest

from drivers.mstp.analysis import BusAnalysis
from drivers.mstp.diagnosis import diagnose
from drivers.mstp.node.master import MasterNode
from drivers.mstp.settings import NodeSettings
from tests.drivers.mstp.virtual_bus import VirtualBus


def noisy(kind, octets, rate, chance):
    """What arrives of octets on their way: bits turned over, a part lost, cut short, or random octets added."""
    if kind == "bits":
        return bytes(octet ^ (1 << chance.randrange(8)) if chance.random() < rate else octet for octet in octets)
    if chance.random() >= rate:
        return octets
    if kind == "lost":
        return b""
    return octets[: chance.randrange(1, 4)] if kind == "cut" else octets + chance.randbytes(chance.randrange(1, 20))


def heard(bus, duration_s):
    bus.seen.clear()
    stray = bus._parser.stray_octets
    bus.run(duration_s)
    analysis = BusAnalysis(76800, bus.seen[0].start_s)
    analysis.take_batch(bus.seen, 0)
    analysis.take_batch((), bus._parser.stray_octets - stray)
    return diagnose(analysis.figures(bus.now_s))


def ring_of(macs, seed, late_s):
    bus = VirtualBus(76800, seed, late_s)
    for mac in macs:
        bus.join(mac, max_master=max(macs) + 1)
    bus.run(2.0)
    return bus


@pytest.mark.parametrize("macs", [(1, 2, 3), (0, 1), (0, 1, 5, 9)])
@pytest.mark.parametrize(
    ("kind", "rate"), [("bits", 0.002), ("bits", 0.02), ("lost", 0.02), ("lost", 0.1), ("cut", 0.05), ("more", 0.2)]
)
def test_noise_of_any_kind_is_noise_and_no_second_station(kind, rate, macs):
    bus, chance = ring_of(macs, 5, 0.0005), random.Random(11)
    bus.damage = lambda octets: noisy(kind, octets, rate, chance)
    kinds = {finding.kind for finding in heard(bus, 4.0)}
    assert "noise" in kinds
    assert "duplicate-mac" not in kinds


@pytest.mark.parametrize("late_s", [0.002, 0.005])
@pytest.mark.parametrize(("macs", "twin"), [((1, 2, 3), 2), ((0, 1, 5, 9), 9), ((0, 1, 5, 9), 0)])
def test_a_second_station_with_one_address_is_found_and_no_other_named(macs, twin, late_s):
    bus = ring_of(macs, 3, late_s)
    bus.nodes[100 + twin] = MasterNode(NodeSettings(twin, 76800, max_master=max(macs) + 1), bus.now_s)
    bus.run(0.5)
    assert [finding.mac for finding in heard(bus, 5.0) if finding.kind == "duplicate-mac"] == [twin]


@pytest.mark.parametrize("macs", [(4,), (1, 2, 3), tuple(range(32))])
def test_a_healthy_ring_has_nothing_worse_than_notes(macs):
    bus = ring_of(macs, 1, 0.003)
    bus.run(2.0)
    assert [f for f in heard(bus, 3.0) if f.severity != "note" and f.kind != "slow-token-use"] == []
