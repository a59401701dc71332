"""The contactor on the way up: its opening is proven once in each opening of the bench, then it is closed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from drivers.errors import RigError
from drivers.source.base import AcSource, Range
from rig.load_point import LoadPoint
from rig.safety.errors import StepFailed
from rig.safety.limits import InjectionPath, rms
from rig.safety.switching_off.terminals import OFF_BELOW_V
from rig.safety.watch.watching import Watching

CONTACTOR = "contactor"

PROOF_V = 15.0
"""Volts line to neutral at the meter for the proof: harmless to touch, and well above what counts as off."""

HIGHEST_PROOF_V = 50.0
"""A source that can give no less than this proves nothing (extra-low voltage, IEC 61140)."""

_SEEN = 0.8
_TOO_HIGH = 1.5
_SEE_WITHIN_S = 3.0
_STUCK = "do not use this bench: replace the contactor, or mend its wiring"


class ContactorInHand(Protocol):
    """What is needed of the contactor (rig.safety.contactor.link)."""

    hold_s: float

    def close(self) -> str | None:
        """Close it and hold it; returns what went wrong."""

    def open(self) -> str | None:
        """Open it; returns what went wrong."""


@dataclass(frozen=True, slots=True)
class Proving:
    """What the step works with, beside the contactor."""

    source: AcSource
    watching: Watching
    path: InjectionPath


class BenchContactor:
    """The contactor as the way up and the way down use it; ``is_proven`` for as long as the bench is open."""

    def __init__(self, hand: ContactorInHand, now_s: Callable[[], float] = time.monotonic) -> None:
        self._hand = hand
        self._now_s = now_s
        self.is_proven = False

    def make_ready(self, point: LoadPoint, proving: Proving) -> str:
        """Prove the opening where that has not been done yet, then close; the source is off before and after.

        Returns in words what was seen. Raises StepFailed for a contactor that does not open, does not close, or behind
        which there are volts though the source is off.
        """
        said = "proven before"
        if not proving.watching.is_there:
            said = "not proven, since there is no analyzer"
        elif not self.is_proven:
            said = self._prove(point, proving)
            self.is_proven = True
        self._close()
        if not proving.watching.is_there:
            return f"{said}; closed"
        volts = self._wait_for(proving, lambda seen: max(seen) < OFF_BELOW_V)
        if volts is not None:
            self._hand.open()
            advice = "the source's output relay may be stuck: switch it off by hand and look at it"
            raise StepFailed(CONTACTOR, f"{_words(volts)} behind the closed contactor", "none yet", advice)
        return f"{said}; closed, nothing behind it yet"

    def open(self) -> str | None:
        """Open it; returns what went wrong, None where its relay confirms it. Raises nothing of the rig's."""
        try:
            return self._hand.open()
        except RigError as error:  # the guardian is gone, and with it what held the contactor
            return str(error)

    def _prove(self, point: LoadPoint, proving: Proving) -> str:
        low = LoadPoint(_proof_volts(proving), 0.0, 0.0, point.phases, point.frequency_hz)
        setting, target = proving.path.source_setting(low), proving.path.terminals(low)
        wanted = [_SEEN * rms(spectrum) for spectrum in target.voltages]
        proving.watching.select_ranges([target])
        proving.source.select_ranges(setting)
        proving.source.set_point(setting)
        self._close()
        proving.source.set_output(True, 0.0)
        limit_v = _TOO_HIGH * low.voltage_v
        closed = self._wait_for(proving, lambda seen: all(v >= w for v, w in zip(seen, wanted, strict=True)), limit_v)
        if closed is not None:
            is_high = any(value is not None and value > limit_v for value in closed)
            advice = "look at the source" if is_high else "look at the contactor's coil, its timer relay and the leads"
            raise StepFailed(CONTACTOR, f"{_words(closed)} with it closed", f"{low.voltage_v:g} V", advice)
        if (problem := self._hand.open()) is not None:
            raise StepFailed(CONTACTOR, problem, "a relay that opens on command", _STUCK)
        opened = self._wait_for(proving, lambda seen: max(seen) < OFF_BELOW_V)
        if opened is not None:
            raise StepFailed(CONTACTOR, f"{_words(opened)} with it open: it is stuck closed", "none", _STUCK)
        if not proving.source.output_is_on():
            advice = "it tripped or was switched off; look at the source"
            raise StepFailed(CONTACTOR, "the source's output off", "on, so that the contactor alone cuts it", advice)
        proving.source.set_output(False)
        return f"opening proven: {low.voltage_v:g} V seen with it closed, less than {OFF_BELOW_V:g} V with it open"

    def _close(self) -> None:
        if (problem := self._hand.close()) is not None:
            raise StepFailed(CONTACTOR, problem, "a contactor that closes", "look at the switch unit and its wiring")

    def _wait_for(
        self, proving: Proving, is_so: Callable[[list[float]], bool], limit_v: float = math.inf
    ) -> tuple[float | None, ...] | None:
        """Read until every voltage is a number and ``is_so``; returns None then, else what was seen last.

        A voltage above ``limit_v`` ends it at once.
        """
        give_up_s = self._now_s() + _SEE_WITHIN_S
        while True:
            volts = tuple(element.u_v for element in proving.watching.read_unjudged().elements)
            numbers = [value for value in volts if value is not None]
            is_high = any(value > limit_v for value in numbers)
            if len(numbers) == len(volts) and not is_high and is_so(numbers):
                return None
            if is_high or self._now_s() >= give_up_s:
                return volts


def _proof_volts(proving: Proving) -> float:
    """Volts at the meter: ``PROOF_V``, or the least that the source can give where that is more."""
    unit = proving.path.source_setting(LoadPoint(1.0, 0.0, 0.0))
    ratio = max(rms(channel) for channel in unit.voltage)  # volts of the source for one at the meter
    ranges: tuple[Range, ...] = proving.source.capabilities.voltage_ranges
    least_v = max(PROOF_V, min(each.low for each in ranges) / ratio)
    if least_v > HIGHEST_PROOF_V:
        found = f"the source gives no less than {least_v:.3g} V at the meter"
        raise StepFailed(CONTACTOR, found, f"at most {HIGHEST_PROOF_V:g} V", "this contactor cannot be proven")
    return least_v


def _words(volts: tuple[float | None, ...]) -> str:
    return " / ".join("no valid data" if value is None else f"{value:.3g} V" for value in volts)
