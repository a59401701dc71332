"""Read octets that are to be exactly one frame: the inverse of ``Frame.encode``, for tests."""

from drivers.mstp.codec import crc
from drivers.mstp.codec.frames import (
    HEADER_OCTETS,
    PREAMBLE,
    Frame,
    FrameInvalid,
    max_length_field,
    read_body,
    trailer_octets,
)


def decode(octets):
    """Return the frame that ``octets`` are, exactly; raises FrameInvalid. The inverse of ``Frame.encode``."""
    if len(octets) < HEADER_OCTETS or not octets.startswith(PREAMBLE):
        raise FrameInvalid(octets, "no preamble and header")
    if crc.header_register(octets[2:HEADER_OCTETS]) != crc.HEADER_CRC_RESIDUE:
        raise FrameInvalid(octets, "the header CRC does not fit")
    length = octets[5] << 8 | octets[6]
    if len(octets) != HEADER_OCTETS + trailer_octets(length):
        raise FrameInvalid(octets, f"{len(octets)} octets do not fit a length field of {length}")
    if length > max_length_field(octets[2]):
        raise FrameInvalid(octets, f"a frame of type {octets[2]} has no length field of {length}")
    data = read_body(octets[2], octets[HEADER_OCTETS:])
    if data is None:
        raise FrameInvalid(octets, "the data CRC does not fit")
    return Frame(octets[2], octets[3], octets[4], data)
