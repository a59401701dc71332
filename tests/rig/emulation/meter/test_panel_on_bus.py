"""A meter that is set to MAC 5 and 38.4 kbaud on its panel is found there, by discovery, over the real pty."""

from __future__ import annotations

from pathlib import Path

import pytest

from meter_model.behaviour.profile import DEFAULT
from rig.bench.discovery.bus_found import find_bus
from rig.emulation.bench import EmulatedBench, Options
from rig.operator.panel_link import PanelLink, PanelView
from rig.procedures.panel_prompts.walking import typing

pytestmark = pytest.mark.realtime


def until(link: PanelLink, key: str, label: str, value: str | None = None) -> PanelView:
    """Press a key until a screen is shown."""
    for _ in range(40):
        shown = link.view(0)
        if shown.label == label and value in (None, shown.value):
            return shown
        link.press(0, key)
    raise AssertionError(f"{label} {value or ''} is not there")


def set_on_panel(link: PanelLink) -> None:
    """As the quick setup of the manual has it (page 11): MAC 005, 38.4 kbaud, the instance as it is."""
    until(link, "PLUS", "SETUP")
    link.press(0, "ENTER", *typing("00000", "00000", DEFAULT), "ENTER")
    shown = until(link, "ENTER", "MAC")
    link.press(0, *typing(shown.value, "005", DEFAULT))
    until(link, "MINUS", "KBAUD", "38.4")
    assert link.press(0, "ENTER").label == "ID1"


def test_meter_set_to_mac_5_and_38400_baud_on_its_panel_is_found_there(tmp_path: Path) -> None:
    options = Options(max_master=7, state=tmp_path / "nv")
    with EmulatedBench(options) as bench, PanelLink(bench.endpoints["control"]) as link:
        set_on_panel(link)
        found = find_bus(bench.endpoints["bus"])
        assert (found.baud, [each.mac for each in found.meters]) == (38400, [5])
        assert found.meters[0].identity.serial_number == bench.endpoints["meters"][0]["serial_number"]
    with EmulatedBench(options) as bench:  # it remembers
        assert (bench.endpoints["baud"], bench.endpoints["meters"][0]["mac"]) == (38400, 5)
