"""Advice about a slow RS-485 adapter is in the run's record, for readers of the run."""

import datetime as dt
from types import SimpleNamespace

import pytest

from rig.events import Noted
from rig.run import instruments as _instruments
from rig.safety.inputs import SafetyInputs


@pytest.mark.parametrize("advice", [None, "set its latency timer"])
def test_a_slow_adapter_is_a_warning_in_the_record(monkeypatch, advice):
    asked, events = [], []
    monkeypatch.setattr(_instruments, "latency_advice", lambda device: asked.append(device) or advice)
    bench = SimpleNamespace(
        instruments=tuple,
        file=SimpleNamespace(parts=SimpleNamespace(simulated=True)),
        protection_text="none",
        suspend_text="suspend is not inhibited",
        safety_inputs=SafetyInputs.none(),
        buses=(SimpleNamespace(settings=SimpleNamespace(device="/dev/ttyUSB0")),),
        events=SimpleNamespace(publish=events.append),
    )
    _instruments.record_instruments(SimpleNamespace(), bench, dt.date(2026, 11, 22))
    assert asked == ["/dev/ttyUSB0"]
    assert [event for event in events if event.kind == "bus"] == ([Noted("bus", advice, "warning")] if advice else [])
