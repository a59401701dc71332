"""Advice about a slow RS-485 adapter is in the run's record, where whoever reads the run later looks."""

from types import SimpleNamespace

import pytest

from rig.procedures import meter_run
from rig.procedures.meter_run import MeterRun


@pytest.mark.parametrize("advice", [None, "set its latency timer"])
def test_a_slow_adapter_is_a_warning_in_the_record(monkeypatch, advice):
    asked, events = [], []
    monkeypatch.setattr(meter_run, "latency_advice", lambda device: asked.append(device) or advice)
    run = MeterRun(None, None, None)
    run.recorder = SimpleNamespace(event=lambda *event: events.append(event))
    bus = SimpleNamespace(settings=SimpleNamespace(device="/dev/ttyUSB0"))
    run._record_instruments(SimpleNamespace(instruments=tuple, protection_text="none", bus=bus))
    assert asked == ["/dev/ttyUSB0"]
    assert [event for event in events if event[0] == "bus"] == ([("bus", advice, "warning")] if advice else [])
