"""Diagnose a bus from its figures: findings in plain words, each with what to do about it.

Pure: ``diagnose`` judges what was heard, ``judging.devices.diagnose_devices`` what the devices say of themselves,
and ``judging.conclusion.conclude`` says which of the findings is the cause.
"""

from __future__ import annotations

from drivers.mstp.figures import BusFigures
from drivers.mstp.judging import bus, stations
from drivers.mstp.judging.finding import Finding, fault

_FEW_OCTETS = 64
_CHANCE_FRAMES = 2
"""More good frames than chance makes are read at the right rate, however much else comes."""
_READABLE = 0.3
"""Share of octets in good frames below which the octets are not read at the rate they were sent."""


def diagnose(figures: BusFigures) -> list[Finding]:
    """Judge what was heard; the findings that explain others come first, and a bus that cannot be read ends there."""
    if not figures.octets:
        return [
            fault(
                "silence",
                f"not one octet was heard in {figures.duration_s:.1f} s",
                "check that the devices have power, that both RS-485 wires and the common are connected, and that this "
                "is the right port; masters talk all the time, even when there is nothing to say",
            )
        ]
    good = sum(node.octets for node in figures.nodes)
    frames = sum(node.frames for node in figures.nodes)
    if frames <= _CHANCE_FRAMES and figures.octets >= _FEW_OCTETS and good < _READABLE * figures.octets:
        return [
            fault(
                "wrong-baud",
                f"{figures.octets} octets were heard and only {good} of them make good frames at {figures.baud} baud",
                "try the other baud rates (9600, 19200, 38400, 57600, 76800, 115200); if none is right, swap the two "
                "RS-485 wires; if that is not it, look for a node that talks all the time",
            )
        ]
    findings = [*bus.noise(figures), *bus.own_lateness(figures), *bus.token(figures)]
    for node in figures.nodes:
        findings += stations.station(node, figures.duration_s)
    return [*findings, *stations.duplicates(figures), *bus.addressing(figures)]
