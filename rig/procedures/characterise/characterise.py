"""All discriminating tests in their order: each is compared with the choices that the earlier ones decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from enum import StrEnum
from typing import Any

from meter_model.behaviour.profile import DEFAULT, BehaviourProfile
from rig.procedures.characterise.evidence import Evidence, Sureness, not_asked
from rig.procedures.characterise.loads import LOAD_TESTS, creep_threshold, frequency_reach, run_load_test
from rig.procedures.characterise.over_time import (
    command_spacing,
    demand,
    import_export,
    ride_through,
    rms_window,
    system_types,
    write_delay,
)
from rig.procedures.characterise.reads import places, read_choices
from rig.procedures.characterise.subject import Subject

_LOGS = "it writes or empties the trend logs; the firmware regression asks it with --allow-reset"
_POWER = "it interrupts control power, which this command does not work"
_PANEL = "it is about the front panel, which the bus does not show; see docs/reference/front-panel.md"
_NOT_MADE = {
    "accumulation": ("C7", "a register has to be large: a second's energy less than half of its float32 step"),
    "minimum_voltage_v": ("C8", "the meter type's limits allow no voltage between nothing and 90 V for long enough"),
    "alarm_contact": ("C8", "the alarm contact is asked by the firmware regression"),
    "object_name_access": ("C15", "it would write the Device's name; the firmware regression asks it"),
    "database_revision": ("C15", "it would write the Device's name; the firmware regression asks it"),
    "reinitialized": ("C13", "it restarts the meter; the firmware regression asks it"),
    "service_password": ("C13", "it restarts the meter; the firmware regression asks it"),
    "start_up_s": ("C13", _POWER),
    "pulse_count_memory": ("C13", _POWER),
    "records_after_power_loss": ("C13", _POWER),
    "start_time_after_power_loss": ("C13", _POWER),
    "log_target_change": ("C12", _LOGS),
    "purge_record": ("C12", _LOGS),
    "total_count_on_purge": ("C12", _LOGS),
    "stop_time_reached": ("C12", _LOGS),
    "time_change_record": ("C12", _LOGS),
}
"""Choices without a test here: its key in the list of tests, and why there is none."""


def characterise(subject: Subject, done: Callable[[Evidence], None] = lambda _evidence: None) -> tuple[Evidence, ...]:
    """Make every test; ``done`` is called with each piece of evidence as it is found. Raises RigError."""
    found: list[Evidence] = []
    for evidence in _tests(subject, found):
        found.append(evidence)
        done(evidence)
    known = {each.choice for each in found}
    for name in (entry.name for entry in fields(BehaviourProfile)):
        if name not in known:
            key, why = ("C16", _PANEL) if name.startswith("panel_") else _NOT_MADE[name]
            found.append(not_asked(key, name, why))
            done(found[-1])
    return tuple(found)


def profile_of(found: list[Evidence]) -> BehaviourProfile:
    """Return the default profile with what has been decided."""
    change: dict[str, Any] = {}
    for each in found:
        if each.sureness is Sureness.CLEAR and each.proposed is not None:
            default = getattr(DEFAULT, each.choice)
            is_option = isinstance(default, StrEnum)
            change[each.choice] = type(default)(each.proposed) if is_option else float(each.proposed)
    return replace(DEFAULT, **change)


def _tests(subject: Subject, found: list[Evidence]) -> Iterator[Evidence]:
    yield from read_choices(subject)
    for test in LOAD_TESTS:
        yield run_load_test(test, subject, profile_of(found))
    yield from places(subject)
    yield from frequency_reach(subject)
    yield import_export(subject)
    yield rms_window(subject)
    yield from system_types(subject, profile_of(found))
    yield creep_threshold(subject)
    yield write_delay(subject)
    yield from demand(subject)
    yield command_spacing(subject)
    yield ride_through(subject)
