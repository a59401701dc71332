"""Answers of a meter to a broadcast: one answer or none, and how long to wait on a slow bench."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drivers.meter.application import FoundDevice
from rig.events import Noted
from rig.procedures.behaviour.inquiry import Inquiry

_WINDOWS_S = (0.6, 2.0, 6.0)
"""For how long an answer that must come is awaited: where it is missing the broadcast is repeated."""

_SILENT_S = 0.6


@dataclass(frozen=True, slots=True)
class Heard:
    """Device instances of the I-Am, and objects (place, name, device instance) of the I-Have, from the meter's MAC."""

    instances: tuple[int, ...]
    objects: tuple[tuple[Any, str, int], ...]
    devices: tuple[FoundDevice, ...] = ()

    @property
    def count(self) -> int:
        """How many answers there were."""
        return len(self.instances) + len(self.objects)


def answers_to(asked: Inquiry, request: Any, count: int) -> Heard:
    """Broadcast ``request`` and return what the meter answers, where ``count`` answers are expected.

    An answer may come late to a bench that is slow, so one that is missing is asked for again, with more patience; of
    two equal answers to several broadcasts one counts. Answers to one broadcast count each. Where none is expected, an
    answer may be that to a question before: it counts if it comes again when the broadcast is repeated.
    """
    if not count:
        return _silence_after(asked, request)
    heard = _ask(asked, request, _WINDOWS_S[0])
    for window_s in _WINDOWS_S[1:]:
        if heard.count >= count:
            break
        asked.run.events.publish(
            Noted("bus", f"{heard.count} of {count} answers to a broadcast: asked again", "warning")
        )
        again = _ask(asked, request, window_s)
        heard = Heard(
            tuple(dict.fromkeys(again.instances)),
            tuple(dict.fromkeys(again.objects)),
            tuple(dict.fromkeys(again.devices)),
        )
    return heard


def _silence_after(asked: Inquiry, request: Any) -> Heard:
    heard = _ask(asked, request, _SILENT_S)
    if not heard.count:
        return heard
    asked.run.events.publish(Noted("bus", f"{heard.count} answers where none was expected: asked again", "warning"))
    again = [_ask(asked, request, _SILENT_S) for _ in range(2)]
    return max(again, key=lambda one: one.count)


def _ask(asked: Inquiry, request: Any, window_s: float) -> Heard:
    devices, objects = asked.meter.bus.ask_everybody(request, window_s)
    here = asked.meter.address
    mine = tuple(each for each in devices if each.address == here)
    return Heard(
        tuple(each.device_instance for each in mine),
        tuple((each.place, each.name, each.device_instance) for each in objects if each.address == here),
        mine,
    )
