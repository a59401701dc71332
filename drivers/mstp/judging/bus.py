"""Findings about the bus as a whole: noise, lost tokens, a sole master, load, gaps in the addresses."""

from __future__ import annotations

from collections.abc import Iterable

from drivers.mstp.figures import BusFigures
from drivers.mstp.judging.finding import Finding, Severity, fault, note, times, warning

NOISY = 1e-3
"""Share of damaged frames above which requests are lost often enough to be noticed."""
BUSY_PCT = 90.0
_CONCENTRATED = 0.8
_SUSPICIOUS = 2


def noise(figures: BusFigures) -> Iterable[Finding]:
    """Judge frames that were damaged, octets that belong to none, and frames that must have passed unheard."""
    damaged, unseen = figures.damaged, figures.unseen_frames
    if not damaged and not figures.stray_octets and not unseen:
        return
    rate = (damaged + unseen) / max(1, figures.frames + unseen)
    severity = Severity.FAULT if rate > NOISY else Severity.NOTE
    told = f"{damaged} of {figures.frames} frames are damaged ({figures.header_crc_errors} headers, "
    told += f"{figures.data_crc_errors} data), {figures.stray_octets} octets belong to no frame"
    if unseen:
        told += f", and {times(unseen)} a station went on from a token that was not heard here"
    worst = max(figures.nodes, key=lambda node: node.damaged, default=None)
    if worst is not None and worst.damaged >= max(_SUSPICIOUS + 1, _CONCENTRATED * (damaged + unseen)):
        yield Finding(
            severity,
            "noise",
            f"{told}; {worst.damaged} of them are this station's, or came when it was its turn",
            "look for a second station with this address, then at this station's connection: loose wires, a long stub, "
            "a missing common, a failing transceiver",
            worst.mac,
        )
        return
    yield Finding(
        severity,
        "noise",
        told,
        "check termination (120 Ω at the two ends and nowhere else), bias (one place), shield and common, and keep "
        "the cable away from motors and drives; if only this adapter loses frames, its own connection",
    )


def own_lateness(figures: BusFigures) -> Iterable[Finding]:
    """Say that this computer read late and left out what it may have missed by that."""
    if figures.own_gaps:
        yield note(
            "read-late",
            f"this computer read the bus too late {times(figures.own_gaps)} and may have lost frames by that; what "
            "was missing there is counted against no station",
            "run this again with nothing else running, if something else remains unclear",
        )


def token(figures: BusFigures) -> Iterable[Finding]:
    """Judge lost tokens, a bus that is dead at the end, a master that is alone, and the load."""
    if figures.dead_s:
        yield fault(
            "token-lost",
            f"the token was lost and did not come back: no good frame in the last {figures.dead_s:.1f} s of "
            f"{figures.duration_s:.0f} s, after {figures.frames - figures.damaged} good ones",
            "masters make a new token after half a second of silence: if octets still come, something talks all the "
            "time (noise, a node that babbles); if none come, the stations or the line lost power or connection",
        )
    elif figures.tokens_lost:
        yield fault(
            "token-lost",
            f"the token was lost {times(figures.tokens_lost)} in {figures.duration_s:.0f} s; the bus was silent for up "
            f"to {figures.longest_silence_s:.2f} s",
            "look for a master that restarts, is unplugged or has a loose wire, for noise, and for two stations with "
            "one address",
        )
    if len(figures.masters) == 1:
        mac = figures.masters[0]
        yield note(
            "sole-master",
            "it is the only master on the bus: it polls and finds no station to pass the token to",
            "nothing to do if no other master is meant to be here; otherwise check the others' baud rate and wiring, "
            "and that their addresses are not above this one's Max_Master",
            mac,
        )
    if figures.load_pct > BUSY_PCT and figures.frames_per_s and _data_share(figures) > 0.5:
        yield warning(
            "load",
            f"something is on the wire {figures.load_pct:.0f} % of the time, most of it data",
            "raise the baud rate, poll less often, or split the bus",
        )


def _data_share(figures: BusFigures) -> float:
    return sum(node.data_frames for node in figures.nodes) / max(1, figures.frames)


def addressing(figures: BusFigures) -> Iterable[Finding]:
    """Judge addresses that were polled in vain, between the masters and above them."""
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
        advice.append(
            f"set Max_Master of the station at {highest} to {highest}, or to the highest address planned, once it is "
            "known that no master waits there: one beyond every station's Max_Master is never heard (rig bus check "
            "--probe looks for it)"
        )
    yield note(
        "address-gaps",
        f"addresses {' and '.join(parts)} were polled and gave no answer; waiting for them took {cost_pct:.1f} % of "
        "the time",
        " and ".join(advice),
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
