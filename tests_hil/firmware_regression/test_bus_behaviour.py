"""Is the meter a good citizen of its bus: does it answer in time, use and pass on the token, and poll as it is set?"""

from __future__ import annotations

from collections.abc import Generator

import allure
import pytest
from bacpypes3.primitivedata import Unsigned

from drivers.meter.properties import THIS_DEVICE
from drivers.mstp.figures import BusFigures, NodeFigures
from rig.procedures import Inquiry
from rig.procedures.bus_behaviour import (
    BusAnswer,
    address_conflict,
    heard_during,
    node_of,
    polling,
    reply_delay,
    token_hold,
    token_use,
)

pytestmark = [allure.epic("Firmware regression"), allure.feature("Behaviour on the bus")]

_READS = 10
_WHO_IS_S = 0.3
_POLLING_S = 2.0
"""A node polls with every 50th token; a ring of two passes some hundred a second."""
_BEYOND = 2
_HIGHEST_MASTER = 127


def _meter(asked: Inquiry, figures: BusFigures) -> NodeFigures:
    node = node_of(figures, asked.meter.address)
    asked.check("the meter is heard", "frames", "frames" if node is not None else "no frame")
    assert node is not None
    return node


def _judge(asked: Inquiry, name: str, answer: BusAnswer) -> None:
    asked.check(name, answer.expected, answer.found, answer.good)


def test_requests_are_answered_within_treply_delay(asked: Inquiry) -> None:
    """An MS/TP master (PICS, manual page 21): an answer, or Reply Postponed, within 250 ms (clause 9.5.6.8)."""
    figures = heard_during(asked.meter.bus, lambda: [asked.meter.read_load_point() for _ in range(_READS)])
    _judge(asked, "Treply_delay", reply_delay(_meter(asked, figures), _READS))


def test_token_is_used_within_tusage_delay(asked: Inquiry) -> None:
    """An MS/TP master (PICS, manual page 21) uses the token, or answers a poll, within 15 ms (clause 9.5.3)."""
    figures = heard_during(asked.meter.bus, lambda: asked.meter.bus.pause(1.0))
    _judge(asked, "Tusage_delay", token_use(_meter(asked, figures)))


def test_token_is_passed_on_after_max_info_frames(asked: Inquiry) -> None:
    """Max_Info_Frames is 1 (manual page 22), however many answers to Who-Is wait to be sent."""
    bus = asked.meter.bus
    most = asked.device("max-info-frames")
    assert isinstance(most, int)
    figures = heard_during(bus, lambda: [bus.who_is(timeout_s=_WHO_IS_S) for _ in range(3)])
    _judge(asked, "token hold", token_hold(_meter(asked, figures), most))


def test_nobody_else_has_the_meters_address(asked: Inquiry) -> None:
    """Each meter has an address of its own (manual page 17, ADDR): two with one answer Who-Is both, out of turn."""
    bus = asked.meter.bus
    found = []
    figures = heard_during(bus, lambda: found.extend(bus.who_is(timeout_s=_WHO_IS_S)))
    _judge(asked, "address", address_conflict(_meter(asked, figures), found))


@pytest.fixture
def max_master(asked: Inquiry) -> Generator[int]:
    """Max_Master set a little above the highest master of the bus; put back afterwards."""
    bus = asked.meter.bus
    masters = heard_during(bus, lambda: bus.pause(0.5)).masters
    found = asked.device("max-master")
    assert isinstance(found, int)
    wanted = min(max((*masters, asked.meter.address, bus.settings.mac)) + _BEYOND, _HIGHEST_MASTER)
    try:
        _write_max_master(asked, wanted)
        yield wanted
    finally:
        _write_max_master(asked, found)


def _write_max_master(asked: Inquiry, value: int) -> None:
    asked.run.record.event("configuration", f"Max_Master set to {value} for a question")
    asked.properties.write("DE", THIS_DEVICE, "max-master", Unsigned(value))


def test_polls_go_up_to_max_master_and_not_beyond(asked: Inquiry, max_master: int) -> None:
    """Max_Master (manual page 22) is in force when it is written: no poll goes to an address above it."""
    asked.meter.bus.pause(0.5)
    figures = heard_during(asked.meter.bus, lambda: asked.meter.bus.pause(_POLLING_S))
    _judge(asked, "Max_Master", polling(_meter(asked, figures), max_master))
    asked.check("Max_Master reads back", max_master, asked.device("max-master"))
