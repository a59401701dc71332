"""Ask every address of a bus, also those that are not polled: masters by a poll, slaves by a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bacpypes3.apdu import ReadPropertyRequest
from bacpypes3.basetypes import PropertyIdentifier
from bacpypes3.primitivedata import ObjectIdentifier

from drivers.meter.bus import MeterBus
from drivers.mstp.codec.frames import MAX_MASTER_ADDRESS
from drivers.mstp.figures import BusFigures
from drivers.mstp.judging.bus import ranges
from drivers.mstp.judging.finding import Finding, fault, note

_HIGHEST_SLAVE = 254
ANY_DEVICE = 4_194_303
_PATIENCE = 5.0
"""Polls that take this many times their expected time are given up: the rig is not in the ring any more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be asked, and about how long it takes."""

    masters: tuple[int, ...]
    slaves: tuple[int, ...]
    duration_s: float

    @property
    def text(self) -> str:
        """The plan in words."""
        return (
            f"probing {len(self.masters)} addresses for masters and up to {len(self.slaves)} for slaves: about "
            f"{self.duration_s:.0f} s; the bus is slower meanwhile"
        )


@dataclass(frozen=True, slots=True)
class Probed:
    """Addresses by result; those of ``unanswered`` gave no answer, which does not mean that no station is there."""

    masters: tuple[int, ...]
    others: tuple[int, ...]
    unanswered: tuple[int, ...]


def plan(bus: MeterBus, known: Iterable[int], rotation_s: float) -> Plan:
    """Return what is left to be asked where the stations ``known`` were heard, with a token every ``rotation_s``."""
    heard = {*known, bus.settings.mac}
    masters = tuple(mac for mac in range(MAX_MASTER_ADDRESS + 1) if mac not in heard)
    slaves = tuple(mac for mac in range(_HIGHEST_SLAVE + 1) if mac not in heard)
    settings = bus.settings
    duration_s = len(masters) * (settings.usage_timeout_s + rotation_s)
    duration_s += len(slaves) * (settings.reply_timeout_s + rotation_s)
    return Plan(masters, slaves, duration_s)


def probe(bus: MeterBus, asked: Plan, report: Callable[[str], None]) -> Probed:
    """Poll and ask as planned, the rig's own token used for each; raises BusFailed.

    A master that answers is given the token, as the standard says.
    """
    report(asked.text)
    found = bus.probe_masters(asked.masters, _PATIENCE * asked.duration_s)
    masters = tuple(sorted(mac for mac, is_there in found.items() if is_there))
    rest = [mac for mac in asked.slaves if mac not in masters]
    answers = dict(bus.who_answers(rest, lambda _mac: property_request(ANY_DEVICE, "object-identifier")))
    others = tuple(sorted(mac for mac, is_there in answers.items() if is_there))
    silent = tuple(sorted(mac for mac, is_there in answers.items() if not is_there))
    return Probed(masters, others, silent)


def property_request(device_instance: int, name: str) -> ReadPropertyRequest:
    """Make the request for one property of a device object."""
    return ReadPropertyRequest(
        objectIdentifier=ObjectIdentifier(("device", device_instance)), propertyIdentifier=PropertyIdentifier(name)
    )


def findings(probed: Probed, figures: BusFigures, own_mac: int) -> list[Finding]:
    """Judge what was found: a master that no station polls cannot join; a station without token is worth knowing."""
    polled = [node.highest_polled for node in figures.nodes if node.highest_polled is not None and node.mac != own_mac]
    highest = max(polled, default=None)
    reach = "no other station polls" if highest is None else f"the others poll up to {highest} at most"
    found = [
        fault(
            "hidden-master",
            f"a master is at this address and never gets the token: {reach}",
            f"set Max_Master of all stations to {max(probed.masters)} at least, or give this one a lower address",
            mac,
        )
        for mac in probed.masters
    ]
    if probed.others:
        found.append(
            note(
                "silent-stations",
                f"stations that answer requests and take no token: MAC {ranges(probed.others)}",
                "slaves are like that; they can only be asked",
            )
        )
    found.append(
        note(
            "no-answer",
            f"no answer from MAC {ranges(probed.unanswered)}",
            "a station that is slow, busy or without power gives none either",
        )
    )
    return found
