"""The interlock of the emulated bench, opened and closed past the rig while 277 V are on."""

import pytest

from rig.bench import open_bench
from rig.load_point import LoadPoint
from rig.safety.errors import SafetyInputOpen
from rig.safety.journal import read_journal
from tests.safety.stand_ins import QUICK, Control
from tests.waiting import comes_true

WIRED = """\
safety_inputs:
  interlock: {channel: 302, method: digital, bit: 0}
  emergency_stop: {channel: 120, method: resistance}
"""
POINT = LoadPoint(277.0, 100.0, 0.0)


@pytest.fixture
def lines():
    return []


@pytest.fixture
def wired_bench(tmp_path, lines):
    path = tmp_path / "wired.yaml"
    path.write_text(QUICK + WIRED)
    with open_bench(path, report=lines.append) as bench:
        yield bench


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


@pytest.mark.realtime
def test_what_opens_while_energised_takes_the_voltage_away_and_nothing_is_energised_until_it_is_closed(
    wired_bench, lines
):
    control = Control(wired_bench.launched.endpoints)
    assert any(line.startswith("interlock: the interlock closed and the emergency stop's contact") for line in lines)
    supervisor = wired_bench.supervisor
    for name, opened, closed in (
        ("interlock", {"closed": False}, {"closed": True}),
        ("emergency_stop", {"pressed": True}, {"pressed": False}),
    ):
        supervisor.energise(POINT)
        assert control.status["terminal_volts"][0] == pytest.approx(277.0, rel=5e-3)
        assert control.ask(**{name: opened})["done"]
        assert "open where" in str(spend_until_noticed(wired_bench))
        assert control.is_off
        at_s = {event["event"]: event["monotonic_s"] for event in control.events}
        assert at_s["output"] - at_s[name] < 2.0
        assert supervisor.de_energise().by == ("source", "analyzer")
        with pytest.raises(SafetyInputOpen, match="not energised, at the step 'interlock'"):
            supervisor.energise(POINT)
        assert control.is_off
        control.ask(**{name: closed})
    supervisor.energise(POINT)
    control.fault("switch-disconnect")
    with pytest.raises(SafetyInputOpen, match="the switch unit did not say"):
        supervisor.apply(LoadPoint(277.0, 5.0, 0.0))
    assert control.is_off
    assert supervisor.load_point is None
    assert read_journal() == [], "the rig did it, not the guardian"
    control.close()
    # A switch unit that is gone cannot put its relays to rest either: that is told when the bench is closed.
    wired_bench.switch.make_safe = lambda: lines.append("relays asked to rest")


@pytest.mark.realtime
def test_a_bench_without_safety_inputs_says_so_when_it_is_opened(good_bench):
    assert good_bench.safety_inputs.text.startswith("interlock: not wired")
