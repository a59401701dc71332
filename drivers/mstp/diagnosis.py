"""What is wrong with a bus, from its figures: findings in plain words, each with what to do about it.

Pure: ``diagnose`` judges what was heard, ``diagnose_devices`` what the devices say of themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from drivers.mstp.figures import BusFigures, NodeFigures

USAGE_DELAY_S = 0.015
"""Tusage_delay: a master uses a token, or answers a poll, within this."""
USAGE_TIMEOUT_S = 0.020
"""Tusage_timeout, at its shortest: after this the next one may take the token for lost."""
REPLY_DELAY_S = 0.250
"""Treply_delay: an answer, or Reply Postponed, comes within this."""
SLOW_REPLY_S = 0.100
"""A mean above this is allowed, and costs the bus more than its frames do."""
NOISY = 1e-3
"""Share of damaged frames above which requests are lost often enough to be noticed."""
BUSY_PCT = 90.0
_FEW_OCTETS = 64
_READABLE = 0.3
"""Share of octets in good frames below which the octets are not read at the rate they were sent."""
_CONCENTRATED = 0.8
_SUSPICIOUS = 2
"""One frame out of turn may follow a frame that this listener missed; two are a habit."""


class Severity(StrEnum):
    """How bad a finding is: ``fault`` breaks or will break traffic, ``warning`` costs, ``note`` is worth knowing."""

    FAULT = "fault"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: ``kind`` names it for programs; ``mac`` None means the bus as a whole."""

    severity: Severity
    kind: str
    mac: int | None
    what: str
    advice: str

    @property
    def where(self) -> str:
        """Where it is, in words."""
        return "the bus" if self.mac is None else f"MAC {self.mac}"


@dataclass(frozen=True, slots=True)
class DeviceFound:
    """A device that answered Who-Is, and what it says of itself (None: it has no such property, or did not answer)."""

    mac: int
    device_instance: int
    vendor_identifier: int = 0
    name: str | None = None
    max_master: int | None = None
    max_info_frames: int | None = None


def diagnose(figures: BusFigures) -> list[Finding]:
    """Judge what was heard; the findings that explain others come first, and a bus that cannot be read ends there."""
    if not figures.octets:
        return [
            Finding(
                Severity.FAULT,
                "silence",
                None,
                f"not one octet was heard in {figures.duration_s:.1f} s",
                "check that the devices have power, that both RS-485 wires and the common are connected, and that this "
                "is the right port; masters talk all the time, even when there is nothing to say",
            )
        ]
    good = sum(node.octets for node in figures.nodes)
    if figures.octets >= _FEW_OCTETS and good < _READABLE * figures.octets:
        return [
            Finding(
                Severity.FAULT,
                "wrong-baud",
                None,
                f"{figures.octets} octets were heard and only {good} of them make good frames at {figures.baud} baud",
                "try the other baud rates (9600, 19200, 38400, 57600, 76800, 115200); if none is right, swap the two "
                "RS-485 wires; if that is not it, look for a node that talks all the time",
            )
        ]
    findings = [*_noise(figures), *_token(figures)]
    for node in figures.nodes:
        findings += _station(node)
    findings += _out_of_turn(figures)
    return [*findings, *_addressing(figures)]


def _noise(figures: BusFigures) -> Iterable[Finding]:
    damaged = figures.damaged
    if not damaged and not figures.stray_octets:
        return
    rate = damaged / max(1, figures.frames)
    severity = Severity.FAULT if rate > NOISY else Severity.NOTE
    told = f"{damaged} of {figures.frames} frames are damaged ({figures.header_crc_errors} headers, "
    told += f"{figures.data_crc_errors} data), {figures.stray_octets} octets belong to no frame"
    worst = max(figures.nodes, key=lambda node: node.damaged, default=None)
    if worst is not None and worst.damaged >= max(_SUSPICIOUS + 1, _CONCENTRATED * damaged):
        yield Finding(
            severity,
            "noise",
            worst.mac,
            f"{told}; {worst.damaged} of them are this station's, or came when it was its turn",
            "look for a second station with this address, then at this station's connection: loose wires, a long stub, "
            "a missing common, a failing transceiver",
        )
        return
    yield Finding(
        severity,
        "noise",
        None,
        told,
        "check termination (120 Ω at the two ends and nowhere else), bias (one place), shield and common, and keep "
        "the cable away from motors and drives",
    )


def _token(figures: BusFigures) -> Iterable[Finding]:
    if figures.tokens_lost:
        yield Finding(
            Severity.FAULT,
            "token-lost",
            None,
            f"the token was lost {figures.tokens_lost} times in {figures.duration_s:.0f} s; the bus was silent for up "
            f"to {figures.longest_silence_s:.2f} s",
            "look for a master that restarts, is unplugged or has a loose wire, for noise, and for two stations with "
            "one address",
        )
    if len(figures.masters) == 1:
        mac = figures.masters[0]
        yield Finding(
            Severity.NOTE,
            "sole-master",
            mac,
            "it is the only master on the bus: it polls and finds nobody to pass the token to",
            "nothing to do if no other master is meant to be here; otherwise check the others' baud rate and wiring, "
            "and that their addresses are not above this one's Max_Master",
        )
    if figures.load_pct > BUSY_PCT and figures.frames_per_s and _data_share(figures) > 0.5:
        yield Finding(
            Severity.WARNING,
            "load",
            None,
            f"something is on the wire {figures.load_pct:.0f} % of the time, most of it data",
            "raise the baud rate, poll less often, or split the bus",
        )


def _data_share(figures: BusFigures) -> float:
    return sum(node.data_frames for node in figures.nodes) / max(1, figures.frames)


def _out_of_turn(figures: BusFigures) -> Iterable[Finding]:
    """Name those who talk out of turn; where one does it often others seem to, its tokens being out of turn too."""
    most = max((node.unasked for node in figures.nodes), default=0)
    for node in figures.nodes:
        if node.unasked >= _SUSPICIOUS and 2 * node.unasked >= most:
            yield Finding(
                Severity.FAULT,
                "duplicate-mac",
                node.mac,
                f"{node.unasked} frames came from this address though another station held the token and nobody had "
                "asked it: two stations may have it",
                "disconnect the station that is known to have this address; whoever still answers to it is the other",
            )


def _station(node: NodeFigures) -> Iterable[Finding]:
    if node.tokens_unused:
        yield Finding(
            Severity.FAULT,
            "token-unused",
            node.mac,
            f"it was given the token and did not use it, {node.tokens_unused} times, not even after a repeat",
            "it was switched off or unplugged, or it hears its predecessor badly: check its power and its connection",
        )
    elif node.token_retries:
        yield Finding(
            Severity.WARNING,
            "token-repeated",
            node.mac,
            f"{node.token_retries} of {node.tokens_received} tokens to it had to be repeated",
            "it is too slow or hears badly: check its connection, and on a computer the adapter's latency timer",
        )
    if node.usage is not None and node.usage.most_s > USAGE_DELAY_S:
        late = Severity.WARNING if node.usage.most_s > USAGE_TIMEOUT_S else Severity.NOTE
        yield Finding(
            late,
            "slow-token-use",
            node.mac,
            f"it took up to {_ms(node.usage.most_s)} (mean {_ms(node.usage.mean_s)}) to use a token or to answer a "
            f"poll; {USAGE_DELAY_S * 1e3:.0f} ms is allowed",
            "above 20 ms others may take its token for lost; on a computer set the adapter's latency timer to 1 ms. "
            "A listening computer that is busy reads late too: repeat this with nothing else running",
        )
    yield from _replies(node)


def _replies(node: NodeFigures) -> Iterable[Finding]:
    if node.unanswered:
        share = "none" if node.reply is None and not node.postponed else "not all"
        yield Finding(
            Severity.FAULT if share == "none" else Severity.WARNING,
            "no-reply",
            node.mac,
            f"{node.unanswered} of {node.requests} requests to it got no answer"
            + ("; it never answered" if share == "none" else ""),
            "check that a station has this address and power"
            if share == "none"
            else "look at noise first, then at the station: it may restart or be overloaded",
        )
    if node.reply is not None and node.reply.most_s > REPLY_DELAY_S:
        yield Finding(
            Severity.FAULT,
            "slow-reply",
            node.mac,
            f"an answer took {_ms(node.reply.most_s)} (mean {_ms(node.reply.mean_s)}); {_ms(REPLY_DELAY_S)} is allowed "
            "before Reply Postponed must be sent",
            "requesters give up after 255 ms and ask again: ask the maker for newer firmware, ask it for less at once, "
            "or lengthen the requesters' Treply_timeout",
        )
    elif node.reply is not None and node.reply.mean_s > SLOW_REPLY_S:
        yield Finding(
            Severity.WARNING,
            "slow-reply",
            node.mac,
            f"its answers take {_ms(node.reply.mean_s)} on average (up to {_ms(node.reply.most_s)})",
            "allowed, but the bus stands still meanwhile: poll it less often, and read several properties at once",
        )
    if node.postponed:
        yield Finding(
            Severity.NOTE,
            "reply-postponed",
            node.mac,
            f"it postponed {node.postponed} of {node.requests} answers: it was not ready within {_ms(REPLY_DELAY_S)}",
            "allowed; the answer comes with its next token, so requesters' APDU time-outs should be seconds, not less",
        )


def _addressing(figures: BusFigures) -> Iterable[Finding]:
    vain = figures.polled_in_vain
    if not vain or not figures.duration_s or len(figures.masters) < 2:
        return
    highest = max(figures.masters)
    inside = sorted(mac for mac in vain if mac < highest)
    above = sorted(mac for mac in vain if mac > highest)
    parts = []
    if inside:
        parts.append(f"{ranges(inside)} between the masters")
    if above:
        parts.append(f"{ranges(above)} above the highest master ({highest})")
    cost_pct = 100.0 * figures.poll_wait_s / figures.duration_s
    advice = []
    if inside:
        advice.append("give the masters consecutive addresses from 0 or 1 on")
    if above:
        advice.append(f"set Max_Master of the station at {highest} to {highest}, or to the highest address planned")
    yield Finding(
        Severity.NOTE,
        "address-gaps",
        None,
        f"addresses {' and '.join(parts)} were polled and nobody has them; waiting for them took {cost_pct:.1f} % of "
        "the time",
        " and ".join(advice),
    )


def diagnose_devices(devices: Sequence[DeviceFound], masters: Iterable[int]) -> list[Finding]:
    """Judge what devices say of themselves; ``masters``: addresses of all masters known, this rig's own included."""
    findings: list[Finding] = []
    by_mac = Counter(device.mac for device in devices)
    by_instance = Counter(device.device_instance for device in devices)
    for mac in sorted(mac for mac, count in by_mac.items() if count > 1):
        instances = ", ".join(str(device.device_instance) for device in devices if device.mac == mac)
        findings.append(
            Finding(
                Severity.FAULT,
                "duplicate-mac",
                mac,
                f"devices {instances} both answer from this address",
                "give one of them another address; until then neither can be trusted to hear or to be heard",
            )
        )
    for instance in sorted(instance for instance, count in by_instance.items() if count > 1):
        macs = sorted(device.mac for device in devices if device.device_instance == instance)
        if len(set(macs)) > 1:
            findings.append(
                Finding(
                    Severity.FAULT,
                    "duplicate-instance",
                    macs[0],
                    f"device instance {instance} is there more than once: MAC {', '.join(map(str, macs))}",
                    "give each device an instance of its own; clients that look for this one find either",
                )
            )
    highest = max(masters, default=0)
    for device in devices:
        findings += _max_master(device, highest)
    return findings


def _max_master(device: DeviceFound, highest: int) -> Iterable[Finding]:
    limit = device.max_master
    if limit is None:
        return
    if limit < device.mac:
        yield Finding(
            Severity.FAULT,
            "max-master",
            device.mac,
            f"its Max_Master is {limit}, below its own address",
            f"set its Max_Master to {highest} at least",
        )
    elif limit < highest:
        yield Finding(
            Severity.WARNING,
            "max-master",
            device.mac,
            f"its Max_Master is {limit}, and there is a master at {highest}: it will never poll for that one, which "
            "can then only join if another master finds it",
            f"set its Max_Master to {highest} at least, the same in all devices",
        )
    elif limit > highest and device.mac == highest:
        yield Finding(
            Severity.NOTE,
            "max-master",
            device.mac,
            f"its Max_Master is {limit} and the highest master is {highest}: it polls {limit - highest} addresses that "
            "nobody has",
            f"set Max_Master of all devices to {highest}, or to the highest address planned",
        )


def ranges(numbers: Iterable[int]) -> str:
    """Write numbers in order as ranges: 1, 2, 3, 7 is "1–3, 7"."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)


def _ms(time_s: float) -> str:
    return f"{time_s * 1e3:.0f} ms" if time_s >= 0.1 else f"{time_s * 1e3:.1f} ms"
