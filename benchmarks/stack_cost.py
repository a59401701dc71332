"""What the MS/TP stack costs in instructions: for each octet and each frame, received and sent.

A process feeds recorded frames to the node, octets in slices as the wire brings them (4 octets: 0.5 ms at 76.8 kbaud),
through everything the port's wire loop calls but the system: group, master node, receiver, capture ring. The
difference of two run lengths cancels start-up. Instructions are counted by ``perf stat`` where the machine has the
counters, else by valgrind; unlike times they do not depend on what else the machine does.
Run: ``python -m benchmarks.stack_cost [--tool perf|valgrind]``.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from drivers.mstp.codec.frames import Frame, FrameType, frame_time_s
from drivers.mstp.node.group import NodeGroup
from drivers.mstp.process.ring import FrameRing
from drivers.mstp.settings import NodeSettings
from drivers.mstp.statistics import Statistics

BAUD = 76800
MAC, PEER, OTHER = 0, 1, 2
SLICE_OCTETS = 4
SHORT, LONG = 20, 480
SHORTER_RUN, LONGER_RUN = 10, 40
"""Rounds; the node has joined the ring before them."""
TOOLS = ("perf", "valgrind")

_CONFIRMED_REQUEST = bytes((0x01, 0x04, 0x02, 0x03, 0x01, 0x0E))
_ACKNOWLEDGEMENT = bytes((0x01, 0x00, 0x30, 0x01, 0x0E))
_COLLECTED = re.compile(r"Collected : (\d+)")


@dataclass(frozen=True)
class Round:
    """What happens between two tokens: data octets of our request and of its answer (0: none), of a frame for others.

    ``slice_octets`` is in how many octets at a time frames come.
    """

    request: int = 0
    answer: int = 0
    for_others: int = 0
    slice_octets: int = SLICE_OCTETS


ROUNDS = {
    "idle": Round(),
    "exchange": Round(SHORT, SHORT),
    "long request": Round(LONG, SHORT),
    "long answer": Round(SHORT, LONG),
    "long answer, whole": Round(SHORT, LONG, slice_octets=4096),
    "short answer, whole": Round(SHORT, SHORT, slice_octets=4096),
    "others": Round(for_others=SHORT),
    "others, long": Round(for_others=LONG),
}


class Feeder:
    """Runs one node as the wire loop does, on a clock of its own, against a peer that is always in time."""

    def __init__(self) -> None:
        self._now_s = 1000.0
        self._group = NodeGroup([NodeSettings(MAC, BAUD, max_master=PEER)], self._now_s)
        self._ring = FrameRing(2000, BAUD)
        self._hear(Frame(FrameType.POLL_FOR_MASTER, MAC, PEER))
        self._say()
        self._hear(Frame(FrameType.TOKEN, MAC, PEER))
        while self._say() != FrameType.TOKEN:  # polls its one possible successor, which is the peer
            self._hear(Frame(FrameType.REPLY_TO_POLL_FOR_MASTER, MAC, PEER))

    def play(self, each: Round) -> None:
        """Play one round: whatever comes before the token, our use of it, and its way back to the peer."""
        if each.for_others:
            octets = _ACKNOWLEDGEMENT.ljust(each.for_others, b"\x55")
            self._hear(Frame(FrameType.DATA_NOT_EXPECTING_REPLY, OTHER, PEER, octets), each.slice_octets)
        if each.request:
            octets = _CONFIRMED_REQUEST.ljust(each.request, b"\x09")
            self._group.submit(Frame(FrameType.DATA_EXPECTING_REPLY, PEER, MAC, octets), self._now_s)
        self._hear(Frame(FrameType.TOKEN, MAC, PEER), each.slice_octets)
        if each.request:
            self._say()
            octets = _ACKNOWLEDGEMENT.ljust(each.answer, b"\x44")
            self._hear(Frame(FrameType.DATA_NOT_EXPECTING_REPLY, MAC, PEER, octets), each.slice_octets)
        self._say()

    def statistics(self) -> Statistics:
        """Return what the node has counted."""
        return self._group.statistics(MAC)

    def _hear(self, frame: Frame, slice_octets: int = SLICE_OCTETS) -> None:
        octets = frame.encode()
        self._now_s += 0.001
        for begin in range(0, len(octets), slice_octets):
            part = octets[begin : begin + slice_octets]
            self._now_s += frame_time_s(len(part), BAUD)
            self._group.receive(part, self._now_s)
            self._group.take_transmission(self._now_s)
            self._ring.heard(part, self._now_s)
        self._group.received.clear()

    def _say(self) -> int:
        """Let the turnaround pass and take the frame that the node has to send; returns its type."""
        self._now_s = self._group.deadline_s()
        octets = self._group.take_transmission(self._now_s)
        assert octets is not None
        end_s = self._now_s + frame_time_s(len(octets), BAUD)
        self._group.transmitted(end_s, self._now_s)
        self._ring.sent(octets, end_s)
        self._now_s = end_s
        return octets[2]


def feed(name: str, count: int) -> Statistics:
    """Play the round ``name`` ``count`` times; returns what the node counted."""
    feeder = Feeder()
    for _ in range(count):
        feeder.play(ROUNDS[name])
    return feeder.statistics()


def tool_missing(tool: str) -> str | None:
    """Say why instructions cannot be counted with ``tool``, None where they can."""
    if shutil.which(tool) is None:
        return f"{tool} is not installed"
    if tool == "perf" and _instructions(tool, [sys.executable, "-c", ""]) is None:
        return "perf finds no instruction counter here (a virtual machine, or not permitted)"
    return None


def _instructions(tool: str, argv: Sequence[str]) -> int | None:
    """Count the instructions of one process, None where the tool does not tell."""
    with_tool = {
        "perf": ["perf", "stat", "-x", ",", "-e", "instructions:u", "--", *argv],
        "valgrind": ["valgrind", "--tool=callgrind", f"--callgrind-out-file={os.devnull}", *argv],
    }
    environment = {**os.environ, "PYTHONHASHSEED": "0", "LC_ALL": "C"}
    ended = subprocess.run(with_tool[tool], env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        return None
    if tool == "perf":
        counts = [line.split(",")[0] for line in ended.stderr.splitlines() if "instructions" in line]
        return int(counts[0]) if counts and counts[0].isdigit() else None
    found = _COLLECTED.search(ended.stderr)
    return int(found[1]) if found else None


def cost_of_a_round(name: str, tool: str) -> float:
    """Return the instructions of one round: two run lengths, divided difference."""
    counts = []
    for count in (SHORTER_RUN, LONGER_RUN):
        argv = [sys.executable, "-m", "benchmarks.stack_cost", "--feed", name, str(count)]
        counted = _instructions(tool, argv)
        if counted is None:
            raise SystemExit(f"{tool} did not count the instructions of {' '.join(argv)}")
        counts.append(counted)
    return (counts[1] - counts[0]) / (LONGER_RUN - SHORTER_RUN)


def figures(cost: Callable[[str], float]) -> dict[str, float]:
    """Make the figures out of the cost of each kind of round."""
    by_name = {name: cost(name) for name in ROUNDS}
    more = LONG - SHORT
    slices = (SHORT + 10) // SLICE_OCTETS
    return {
        "an idle token rotation (8 octets received, 8 sent)": by_name["idle"],
        "an exchange of 20 data octets each way, in slices": by_name["exchange"] - by_name["idle"],
        "an exchange of 20 data octets each way, whole frames": by_name["short answer, whole"] - by_name["idle"],
        "each further octet received, in slices of 4": (by_name["long answer"] - by_name["exchange"]) / more,
        "each further octet received, in a whole frame": (
            (by_name["long answer, whole"] - by_name["short answer, whole"]) / more
        ),
        "each further octet sent": (by_name["long request"] - by_name["exchange"]) / more,
        f"a frame of 20 octets for others, in {slices} slices": by_name["others"] - by_name["idle"],
        "each further octet for others, in slices of 4": (by_name["others, long"] - by_name["others"]) / more,
    }


def main() -> None:
    """Count and print, or say why not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", choices=TOOLS, help="default: the first that works")
    parser.add_argument("--feed", nargs=2, metavar=("ROUND", "COUNT"), help="only play rounds; what the tool runs")
    options = parser.parse_args()
    if options.feed:
        feed(options.feed[0], int(options.feed[1]))
        return
    reasons = {tool: tool_missing(tool) for tool in ([options.tool] if options.tool else TOOLS)}
    usable = [tool for tool, reason in reasons.items() if reason is None]
    for reason in filter(None, reasons.values()):
        print(f"not counted with perf or valgrind: {reason}" if not usable else reason)
    if not usable:
        return
    print(f"instructions, counted by {usable[0]}")
    for what, instructions in figures(lambda name: cost_of_a_round(name, usable[0])).items():
        print(f"{what:56} {instructions:12,.0f}")


if __name__ == "__main__":
    main()
