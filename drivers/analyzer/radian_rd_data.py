"""Packet types, metrics and ranges of a Radian RD-2x or RD-3x, as data with their provenance.

[C]: two open drivers of an RD-2x that are in use (Python 2014, Go), one of an RD-21. [M]: the table of contents of the
"Customer Access Commands Manual for the RD-xx Family", 944011.B; its text was not read. Inferred: in neither,
docs/decisions/0013 says why it is taken. Nothing here has been tried on a real instrument.
"""

from __future__ import annotations

import struct

from drivers.analyzer.base import AnalyzerCapabilities

IDENTIFY = 0x02
METRICS_RD2X = 0x0D
METRIC_RD3X = 0x2E
"""Packet types [C]: identification, instantaneous metrics in RD-2x format, one metric in RD-3x format."""

METRICS = ("volts", "amperes", "watts", "volt-amperes", "vars", "hertz", "degrees", "power factor")
"""The first eight metrics in the order of the RD-2x format [C]; the same order in the RD-3x format is inferred."""

ALL_METRICS = 9
FIRST_INDEX = 1
"""Index of the first metric in the RD-3x format; inferred."""

_END_OF_LIST = 0xFFFD
_START = 0x14

RD2X_REQUEST = struct.pack(">HIH", 4 * ALL_METRICS, _START, _END_OF_LIST)
"""Octets wanted, start, end of the list: 00 24 00 00 00 14 FF FD [C]; that the first is a number of octets is
inferred, from 36 octets being answered."""

RD3X_ANSWER_OCTETS = 20
"""Phases A, B, C, a fourth, and the net value, as floats [C]."""

VOLTAGE_V = 600.0
UPDATE_S = (0.1, 60.0)
POLLS = 8
TRIES = 3

CAPABILITIES = AnalyzerCapabilities(
    voltage_v=VOLTAGE_V,
    ct_input_v=None,
    update_s=UPDATE_S,
    angles_between_voltages=False,
    integrates=False,
    why_not=(
        "a Radian standard measures currents of 0.02 A and more at its terminals and has no input for the volts of a "
        "CT input, and its protocol gives no angle between voltages"
    ),
)

POWER_TOLERANCE = 0.01
"""Metrics of one phase fit together when S = U I and P² + Q² = S² hold to this part of S; an order of the metrics that
is not the assumed one is found by that."""

FREQUENCY_HZ = (40.0, 70.0)


def rd3x_request(place: int) -> bytes:
    """Return the data of a request for the metric at ``place`` of METRICS, counted from 0."""
    return struct.pack(">HH", FIRST_INDEX + place, _END_OF_LIST)
