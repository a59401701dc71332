"""Step: the configuration of the product variant is written, all of it at once, and read back; it stays written."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Mapping

from bacpypes3.primitivedata import Real

from drivers.meter.errors import MeterRefused
from drivers.meter.properties import Properties
from meter_model.objects.points import ANALOG_VALUES
from rig.events import Noted
from rig.procedures.end_of_line.line import Found, Line, TestedUnit, checked, together
from rig.products.failure_classes import FailureClass

ORDER = (5, 2, 3, 4, 6, 7, 8, 9, 10, 11)
"""What others depend on comes first (AV5 before AV6, manual page 24)."""

_POLL_S = 0.5
_LONGEST_S = 5.0
_NO_FAULT = 0


def write_configuration(line: Line, wanted: Mapping[int, float] | None = None, *, every: bool = False) -> None:
    """Write what differs from the product's configuration (``every``: all of it), and wait until it is in force.

    A meter stores a value within two seconds (manual page 23): all are sent, then asked for together. A unit that has
    not taken its configuration is out. MAC address and baud rate are no analog values; they are never written.
    """
    values = dict(line.product.configuration.by_instance if wanted is None else wanted)
    found = line.ask_each(lambda unit: dict(unit.unit.position.meter.read_configuration()))
    changed = {
        number: [av for av in ORDER if av in values and (every or not same(before[av], values[av]))]
        for number, before in found.items()
    }
    line.ask_each(lambda unit: _send(unit, {av: values[av] for av in changed.get(unit.number, ())}))
    for unit in line.left:
        if sent := changed.get(unit.number):
            was = found[unit.number]
            text = ", ".join(f"AV{av} {values[av]:g} (was {was[av]:g})" for av in sent)
            line.run.events.publish(Noted("configuration", f"position {unit.position}: written: {text}"))
    _await(line, values, changed)
    verify_configuration(line, "configuration", values)


def verify_configuration(line: Line, subject: str, wanted: Mapping[int, float] | None = None) -> None:
    """Read AV2 to AV11 back and judge each; a unit that differs is out."""
    values = dict(line.product.configuration.by_instance if wanted is None else wanted)
    read = line.ask_each(lambda unit: dict(unit.unit.position.meter.read_configuration()))
    for unit in line.left:
        unit.unit.configuration = line.configuration
    line.note_all({number: [finding(subject, values, each)] for number, each in read.items()}, must_pass=True)


def finding(subject: str, wanted: Mapping[int, float], read: Mapping[int, float]) -> Found:
    """Judge the analog values: each reads back as the float32 that was written."""
    wrong = FailureClass.CONFIGURATION
    parts = [
        checked(f"AV{av} {ANALOG_VALUES[av - 1].name}", f"{value:.7g}", f"{read[av]:.7g}", same(read[av], value), wrong)
        for av, value in wanted.items()
    ]
    expected = ", ".join(f"AV{av} {value:.7g}" for av, value in sorted(wanted.items()))
    return together(f"{subject}.values", expected, parts)


def same(read: float, written: float) -> bool:
    """Whether a value reads as the float32 that was written."""
    return bool(read == struct.unpack(">f", struct.pack(">f", written))[0])


def _send(unit: TestedUnit, values: Mapping[int, float]) -> None:
    properties = Properties(unit.unit.position.meter)
    for av, value in values.items():
        with contextlib.suppress(MeterRefused):  # it reads back otherwise, and fails for that
            properties.write("AV", av, "present-value", Real(value))


def _await(line: Line, values: Mapping[int, float], sent: Mapping[int, list[int]]) -> None:
    """Wait until every value that was sent is reliable and reads back, for so long as the slowest needs."""
    clock = line.run.bench.clock
    until_s = clock.now_s() + _LONGEST_S
    waiting = [unit for unit in line.left if sent.get(unit.number)]
    while waiting and clock.now_s() < until_s:
        line.run.let_pass(_POLL_S)
        taken = line.ask_each(lambda unit: _is_taken(unit, values, sent[unit.number]), waiting)
        waiting = [unit for unit in waiting if not unit.out and not taken[unit.number]]


def _is_taken(unit: TestedUnit, values: Mapping[int, float], avs: list[int]) -> bool:
    properties = Properties(unit.unit.position.meter)
    read = properties.read_several([("AV", av, ("present-value", "reliability")) for av in avs])
    return all(
        read["AV", av, "reliability"] == _NO_FAULT and same(float(read["AV", av, "present-value"]), values[av])
        for av in avs
    )
