"""What a Radian standard sends, written without the driver's help: frames, and TI floats by their definition."""

import struct

NO_VALUE = bytes.fromhex("7f7fffff")


def frame(kind, data, start=0xA6):
    """A frame as the instrument sends it."""
    body = bytes([start, kind]) + len(data).to_bytes(2, "big") + data
    return body + (sum(body) % 65536).to_bytes(2, "big")


def ti(value):
    """A TI float of a value that has one exactly, by search over its exponents; ``None`` is no valid value."""
    if value is None:
        return NO_VALUE
    if value == 0.0:
        return b"\x80\0\0\0"
    for exponent in range(-40, 41):
        fraction = value / 2.0**exponent
        if 1.0 <= fraction < 2.0:
            return struct.pack(">b", exponent) + round((fraction - 1.0) * 2**23).to_bytes(3, "big")
        if -2.0 <= fraction < -1.0:
            return struct.pack(">b", exponent) + (0x800000 | round((fraction + 2.0) * 2**23)).to_bytes(3, "big")
    raise AssertionError(value)
