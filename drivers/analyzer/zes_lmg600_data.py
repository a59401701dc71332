"""Ranges, limits and command names of a ZES LMG600, as data with their provenance.

Tags: [C] open drivers read (lmgtools for the LMG670, lmgd of ZIH Dresden, the LMG670 driver of SunSpec's SVP), [R]
recalled. The manual's chapter on remote control was not read. Nothing here has been tried on a real instrument.
"""

from __future__ import annotations

import datetime as dt
import re

from drivers.analyzer.base import AnalyzerCapabilities

VOLTAGE_RANGES_V = (3.0, 6.0, 12.5, 25.0, 60.0, 130.0, 250.0, 400.0, 600.0, 1000.0)
"""Nominal ranges of the voltage inputs, rms volts [R]."""

SENSOR_RANGES_V = (0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Nominal ranges of the sensor jack of a current channel, rms volts [R; 0.03 C]."""

UPDATE_S = (0.05, 1.0)
"""Shortest and longest cycle in seconds. The instrument has longer ones, up to 60 s [R]; but INIM answers when a cycle
ends, and nothing else is said meanwhile: the guardian takes a longer silence of the rig for a hang."""

OVER_RANGE = 1.1
"""More than this part of a nominal range is over range, for any number that is returned: what the ranges hold [R]."""

ANGLE_FROM_PART = 0.01
"""From this part of both ranges an angle is valid; the rig's own figure, since the chapter was not read."""


HEADROOM = 1.0
"""A range is used up to its nominal value, since what a range adds to the uncertainty grows with it. A signal may
exceed it by a tenth (``OVER_RANGE``)."""

SENSOR_JACK = 1
"""Of IJACK: 1 is the jack for external sensors [C]."""

CAPABILITIES = AnalyzerCapabilities(
    voltage_v=VOLTAGE_RANGES_V[-1],
    ct_input_v=(SENSOR_RANGES_V[0], SENSOR_RANGES_V[-1]),
    update_s=UPDATE_S,
    integrates=False,
    voltage_ranges_v=VOLTAGE_RANGES_V,
    ct_ranges_v=SENSOR_RANGES_V,
    headroom=HEADROOM,
    why_not="how the energy integrator of an LMG600 is worked is not known to its driver",
    angle_from_part=ANGLE_FROM_PART,
)

CHANNELS = (1, 2, 3)

QUANTITIES = ("UTRMS{}?", "ITRMS{}?", "P{}?", "S{}?", "Q{}?", "FCYC{}?", "HUPHASE{}? (1:1)", "HIPHASE{}? (1:1)")
"""What is asked for each channel [C]; the angles of the fundamentals [R]."""

PART_OF_CYCLE = 0.9
"""This part of a cycle is slept before INIM waits for its end: it is time spent, and a late wake-up loses no cycle."""

LENGTH_TOLERANCE = 0.01
TRIES = 3
SETTLE_DEADLINE_S = 15.0

_STAMP = re.compile(r"(\d{4}):(\d\d):(\d\d)D(\d\d):(\d\d):(\d\d)\.(\d{1,9})")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def values_query() -> str:
    """Return the one message that waits for the end of a cycle and asks for everything about it."""
    queries = [each.format(channel) for channel in CHANNELS for each in QUANTITIES]
    return ";".join(["INIM", "TSNORM?", "DURNORM?", *queries])


def stamp_ns(text: str) -> int:
    """Return a time stamp such as ``2026:01:01D00:00:00.500000000`` in nanoseconds; raises ValueError."""
    match = _STAMP.fullmatch(text.strip().strip('"'))
    if match is None:
        raise ValueError(f"{text!r} is not a time stamp")
    year, month, day, hour, minute, second = (int(match[place]) for place in range(1, 7))
    seconds = (dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC) - _EPOCH) // dt.timedelta(seconds=1)
    return seconds * 10**9 + int(match[7].ljust(9, "0"))
