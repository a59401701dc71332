"""Where meters are on a bus whose panels say something about it: without a process, by what the port would be."""

from __future__ import annotations

import threading

import pytest

from meter_model.device.meter import S4100
from meter_model.device.panel_settings import PanelSettings
from rig.emulation.meter.node import MeterNodes


def nodes_of(*settings: tuple[int, int], baud: int = 76800, max_master: int = 7) -> tuple[MeterNodes, list[int]]:
    told: list[int] = []
    meters = [S4100(str(number), panel_settings=PanelSettings(*each)) for number, each in enumerate(settings)]
    made = MeterNodes(meters, "/dev/pts/0", baud, max_master, threading.RLock(), on_baud=told.append)
    return made, told


def macs(nodes: MeterNodes) -> tuple[int, ...]:
    return nodes._port.settings.macs


def test_meters_are_at_the_addresses_of_their_panels():
    nodes, told = nodes_of((3, 76800), (1, 76800))
    assert macs(nodes) == (3, 1)
    assert told == []


def test_bus_runs_at_the_rate_of_its_meters_and_says_so():
    nodes, told = nodes_of((5, 38400))
    assert (nodes.baud, nodes._port.settings.baud, told) == (38400, 38400, [38400])


def test_meter_of_another_rate_than_most_is_silent():
    nodes, told = nodes_of((1, 76800), (2, 9600), (3, 76800))
    assert macs(nodes) == (1, 3)
    assert told == []


def test_of_two_rates_with_as_many_meters_the_bus_keeps_its_own():
    nodes, _ = nodes_of((1, 38400), (2, 76800))
    assert (nodes.baud, macs(nodes)) == (76800, (2,))


def test_second_meter_at_one_address_is_silent():
    nodes, _ = nodes_of((4, 76800), (4, 76800), (5, 76800))
    assert macs(nodes) == (4, 5)


def test_address_beyond_max_master_is_polled_up_to():
    nodes, _ = nodes_of((120, 76800))
    assert nodes._port.settings.max_master == 120


def test_rate_that_no_panel_has_stays_and_all_meters_are_there():
    nodes, told = nodes_of((1, 76800), (2, 38400), baud=57600)
    assert (nodes.baud, macs(nodes), told) == (57600, (1, 2), [])


@pytest.mark.parametrize("online", [True, False])
def test_meter_without_control_power_is_remembered_to_be_off(online):
    nodes, _ = nodes_of((1, 76800), (2, 9600), (3, 76800))
    nodes.set_online(1, online)  # it is silent anyway: no port is asked
    assert nodes._places[1].is_online is online
