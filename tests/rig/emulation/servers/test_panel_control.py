"""The panel over the control endpoint: seen and pressed through ``PanelLink``, refused in one sentence."""

from __future__ import annotations

import contextlib

import pytest

from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from rig.emulation.meter.terminals import MeterTerminals
from rig.emulation.servers.control import Control, JsonHandler
from rig.emulation.servers.tcp import LineServer
from rig.operator.panel_link import PanelLink, PanelNotThere


class Log:
    def __init__(self):
        self.entries = []

    def write(self, kind, **values):
        self.entries.append((kind, values))


@pytest.fixture
def linked():
    dark = Configuration().stimulus_from_primary(60.0, ((), (), ()), ((), (), ()))
    meters = [S4100("1"), S4100("2", configuration=Configuration(display_units=0))]
    for meter in meters:
        meter.advance(1.0, dark)
    log = Log()
    terminals = [MeterTerminals(meter, lambda: 0.0) for meter in meters]
    control = Control(contextlib.nullcontext(), None, {}, log, terminals)
    with (
        contextlib.closing(LineServer(JsonHandler(control.serve), "control")) as server,
        PanelLink(f"tcp://127.0.0.1:{server.port}") as link,
    ):
        yield link, log


@pytest.fixture
def panels(linked):
    return linked[0]


@pytest.fixture
def log(linked):
    return linked[1]


def test_each_meter_shows_its_own_panel(panels):
    assert panels.view(0).lines == ("D W", "0.00", "W")
    assert panels.view(1).lines == ("D P", "0.00", "W")
    assert panels.view(0).icons == ("heart", "alert", "wrench")


def test_keys_are_pressed_in_turn_on_one_meter_and_logged(panels, log):
    assert panels.press(0, "PLUS", "enter", "+").label == "W A"
    assert panels.view(1).label == "D P"
    kind, values = log.entries[-1]
    assert (kind, values["meter"], values["keys"]) == ("key", 0, ["PLUS", "ENTER", "PLUS"])


def test_looking_at_the_panel_is_not_logged(panels, log):
    panels.view(0)
    assert log.entries == []


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ({"panel": 2}, "there are 2"),
        ({"panel": True}, "METER, KEY"),
        ({"panel": "0"}, "there are 2"),
        ({"key": 0}, "METER, KEY"),
        ({"key": []}, "METER, KEY"),
        ({"key": [0, "F1"]}, "PLUS, MINUS, ENTER, BACK"),
        ({"key": [0, None]}, "is no key"),
        ({"key": [[0], "PLUS"]}, "there are 2"),
    ],
)
def test_senseless_question_is_refused_and_presses_no_key(panels, question, says):
    with pytest.raises(PanelNotThere, match=says):
        panels._ask(question)
    assert panels.view(0).label == "D W"


def test_no_key_is_pressed_where_one_of_several_is_unknown(panels):
    with pytest.raises(PanelNotThere):
        panels.press(0, "PLUS", "F1")
    assert panels.view(0).label == "D W"


@pytest.mark.parametrize("endpoint", ["127.0.0.1:5", "tcp://127.0.0.1", "tcp://127.0.0.1:1"])
def test_endpoint_where_no_bench_is_gives_one_sentence(endpoint):
    with pytest.raises(PanelNotThere, match=r"is not a control endpoint|no emulated bench answers"):
        PanelLink(endpoint)


def test_lost_bench_is_said_to_be_lost():
    server = LineServer(JsonHandler(lambda _question: {}), "control")
    link = PanelLink(f"tcp://127.0.0.1:{server.port}")
    server.close()
    with contextlib.closing(link), pytest.raises(PanelNotThere, match="is lost"):
        link.view()
