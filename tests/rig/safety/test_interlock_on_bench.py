"""The interlock of the emulated bench, opened and closed past the rig while 277 V are on."""

import contextlib

import pytest

from drivers.errors import InstrumentLost
from rig.bench import open_bench
from rig.load_point import LoadPoint
from rig.safety.errors import SafetyInputOpen
from rig.safety.guardian.journal import read_journal
from tests.heard import heard
from tests.rig.safety.stand_ins import QUICK, Control
from tests.waiting import comes_true

WIRED = """\
safety_inputs:
  interlock: {channel: 302, method: digital, bit: 0}
  emergency_stop: {channel: 120, method: resistance}
"""
POINT = LoadPoint(277.0, 100.0, 0.0)


def spend_until_noticed(bench):
    """Let bench time pass, as a measurement does, until the rig has noticed."""

    def look():
        try:
            bench.clock.sleep(0.01)
        except SafetyInputOpen as error:
            noticed.append(error)
        return bool(noticed)

    noticed = []
    assert comes_true(look, 10.0)
    return noticed[0]


def opened_and_closed_again(bench, control):
    """Energise, open, see it off, and energise again only once it is closed: with each of the two contacts."""
    for name, opened, closed in (
        ("interlock", {"closed": False}, {"closed": True}),
        ("emergency_stop", {"pressed": True}, {"pressed": False}),
    ):
        bench.supervisor.energise(POINT)
        assert control.status["terminal_volts"][0] == pytest.approx(277.0, rel=5e-3)
        assert control.ask(**{name: opened})["done"]
        assert "open where" in str(spend_until_noticed(bench))
        assert control.is_off
        at_s = {event["event"]: event["monotonic_s"] for event in control.events}
        assert at_s["output"] - at_s[name] < 2.0
        assert bench.supervisor.de_energise().by == ("source", "analyzer")
        with pytest.raises(SafetyInputOpen, match="not energised, at the step 'interlock'"):
            bench.supervisor.energise(POINT)
        assert control.is_off
        control.ask(**{name: closed})


def everything_is_asked(path, lines):
    with (
        open_bench(path, events=heard(lines)) as bench,
        contextlib.closing(Control(bench.launched.endpoints)) as control,
    ):
        both = "the interlock closed and the emergency stop's contact closed"
        assert any(line.startswith(f"interlock: energised only with {both}, read before") for line in lines)
        assert f"interlock: now {both}" in lines
        opened_and_closed_again(bench, control)
        bench.supervisor.energise(POINT)
        control.fault("switch-disconnect")
        with pytest.raises(SafetyInputOpen, match="the switch unit did not say"):
            bench.supervisor.apply(LoadPoint(277.0, 5.0, 0.0))
        assert control.is_off
        assert bench.supervisor.load_point is None
        lines.append("all was asked")


@pytest.mark.realtime
def test_input_opened_while_energised_prevents_energising_until_closed(tmp_path):
    path, lines = tmp_path / "wired.yaml", []
    path.write_text(QUICK + WIRED)
    # At the end the switch unit is gone: that its relays are not at rest is reported, after all else is done.
    with pytest.raises(InstrumentLost):
        everything_is_asked(path, lines)
    assert lines[-1] == "all was asked"
    assert read_journal() == [], "the rig did it, not the guardian"
