"""Is the meter a good citizen of its bus: does it answer in time, use and pass on the token, and poll as it is set?"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace

import allure
import pytest
from bacpypes3.apdu import WhoIsRequest
from bacpypes3.primitivedata import Unsigned

from drivers.meter.errors import BusFailed
from drivers.meter.requests.packing import THIS_DEVICE
from drivers.mstp.figures import NodeFigures
from rig.events import Noted
from rig.procedures import Inquiry
from rig.procedures.behaviour.bench_lateness import Excused
from rig.procedures.behaviour.bus_behaviour import (
    BusAnswer,
    HeardBus,
    address_conflict,
    goes_on_alone,
    heard_during,
    node_of,
    polling,
    reply_delay,
    token_hold,
    token_use,
)
from rig.procedures.behaviour.hearing import Heard, answers_to

pytestmark = [allure.epic("Firmware regression"), allure.feature("Behaviour on the bus")]

_READS = 10
_TRIES = 5
_POLLING_S = 2.0
"""A node polls with every 50th token; a ring of two passes some hundred a second."""
_BEYOND = 2
Judge = Callable[[NodeFigures, Excused], BusAnswer]
_HIGHEST_MASTER = 127
_AWAY_S = 3.0
_BACK_S = 60.0
"""A sole master takes its time to come round to each of 128 addresses."""


def _heard(asked: Inquiry, work: Callable[[], object]) -> HeardBus:
    return heard_during(asked.meter.bus, work, asked.run.bench.clock.late_spells)


def _observe(asked: Inquiry, name: str, work: Callable[[], object], judge: Judge) -> None:
    """Judge what is heard while ``work`` is done; where the bench was late it is done again, a few times."""
    for _ in range(_TRIES):
        heard = _heard(asked, work)
        node = node_of(heard.figures, asked.meter.address)
        if node is None:
            asked.check("the meter is heard", "frames", "no frame")
            return
        answer = judge(node, heard.excused(asked.meter.address))
        if answer.good or not answer.excuse:
            asked.check(name, answer.expected, answer.found, answer.good)
            return
    raise asked.undecided(name, answer.expected, f"{answer.found}; {answer.excuse}")


def _read(asked: Inquiry) -> None:
    for _ in range(_READS):
        asked.meter.read_load_point()


def test_requests_are_answered_within_treply_delay(asked: Inquiry) -> None:
    """An MS/TP master (PICS, manual page 21): an answer, or Reply Postponed, within 250 ms (clause 9.5.6.8)."""
    _observe(asked, "Treply_delay", lambda: _read(asked), lambda node, late: reply_delay(node, _READS, late))


def test_token_is_used_within_tusage_delay(asked: Inquiry) -> None:
    """An MS/TP master (PICS, manual page 21) uses the token, or answers a poll, within 15 ms (clause 9.5.3)."""
    _observe(asked, "Tusage_delay", lambda: asked.meter.bus.pause(1.0), token_use)


def test_token_is_passed_on_after_max_info_frames(asked: Inquiry) -> None:
    """Max_Info_Frames is 1 (manual page 22), however many answers to Who-Is wait to be sent."""
    most = asked.device("max-info-frames")
    assert isinstance(most, int)

    def ask() -> None:
        for _ in range(3):
            answers_to(asked, WhoIsRequest(), 1)

    _observe(asked, "token hold", ask, lambda node, _: token_hold(node, most))


def test_bus_that_comes_back_is_used_again(asked: Inquiry) -> None:
    """An MS/TP master (PICS, manual page 21) whose bus was interrupted goes on alone, and lets others return to it."""
    bus, away = asked.meter.bus, []

    def interrupt() -> None:
        with bus.off_the_ring(_BACK_S):
            away.append(_heard(asked, lambda: bus.pause(_AWAY_S)))

    try:
        interrupt()
        found = "it has"
    except BusFailed as failed:
        found = str(failed)
    alone = goes_on_alone(node_of(away[0].figures, asked.meter.address))
    asked.check("while the rig is off the bus", alone.expected, alone.found, alone.good)
    asked.check(f"the rig has the token again within {_BACK_S:g} s", "it has", found)
    name = "Treply_delay after the interruption"
    _observe(asked, name, lambda: _read(asked), lambda node, late: reply_delay(node, _READS, late))


def test_nobody_else_has_the_meters_address(asked: Inquiry) -> None:
    """Each meter has an address of its own (manual page 17, ADDR): two with one answer Who-Is both, out of turn."""
    heard: list[Heard] = []
    _observe(
        asked,
        "address",
        lambda: heard.append(answers_to(asked, WhoIsRequest(), 1)),
        lambda node, _: address_conflict(node, heard[-1].devices),
    )


@pytest.fixture
def max_master(asked: Inquiry) -> Generator[int]:
    """Max_Master set a little above the highest master of the bus; put back afterwards."""
    bus = asked.meter.bus
    masters = _heard(asked, lambda: bus.pause(0.5)).figures.masters
    found = asked.device("max-master")
    assert isinstance(found, int)
    wanted = min(max((*masters, asked.meter.address, bus.settings.mac)) + _BEYOND, _HIGHEST_MASTER)
    try:
        _write_max_master(asked, wanted)
        yield wanted
    finally:
        _write_max_master(asked, found)


def _write_max_master(asked: Inquiry, value: int) -> None:
    asked.run.events.publish(Noted("configuration", f"Max_Master set to {value} for a question"))
    asked.properties.write("DE", THIS_DEVICE, "max-master", Unsigned(value))


def test_polls_go_up_to_max_master_and_not_beyond(asked: Inquiry, max_master: int) -> None:
    """Max_Master (manual page 22) is in force when it is written: no poll goes to an address above it."""
    asked.meter.bus.pause(0.5)
    bus = asked.meter.bus
    answers: list[BusAnswer] = []

    def judge(node: NodeFigures, _: Excused) -> BusAnswer:
        answers.append(polling(node, max_master))
        under_way = "" if len(answers) > 1 else "the value may have been under way still"
        return replace(answers[-1], excuse=under_way)

    _observe(asked, "Max_Master", lambda: bus.pause(_POLLING_S), judge)
    asked.check("Max_Master reads back", max_master, asked.device("max-master"))
