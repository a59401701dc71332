"""The receive-frame machine as clause 9.5.4 tabulates it, one octet at a time: slow, and independent of the product.

It counts every transition of the clause, the octet-wise ones too, and takes the liberties that
docs/reference/mstp-conformance.md lists for the product, each marked here with "Liberty".
"""

from collections import Counter
from functools import cache

ABORT_S = 0.100
MAX_FRAME = 2043
LENGTH_LIMITS = {32: 1506, 33: 1506}


@cache
def shifted(polynomial, register):
    """Eight shifts of one octet, as Annex G has them for all three CRCs: bit by bit, least significant bit first."""
    for _ in range(8):
        register = register >> 1 ^ (polynomial if register & 1 else 0)
    return register


def register_of(polynomial, register, octets):
    for octet in octets:
        register = shifted(polynomial, (register ^ octet) & 0xFF) ^ register >> 8
    return register


def header_register(octets):
    return register_of(0x81, 0xFF, octets)


def data_register(octets):
    return register_of(0x8408, 0xFFFF, octets)


def crc_32k_register(octets):
    return register_of(0xEB31D82E, 0xFFFFFFFF, octets)


def uncobs(octets):
    """COBS as clause 9.10 writes it: codes and what follows each, all XORed with 55; None if a code does not fit."""
    data, index = [], 0
    while index < len(octets):
        code = octets[index] ^ 0x55
        if code == 0 or index + code > len(octets):
            return None
        data += [octet ^ 0x55 for octet in octets[index + 1 : index + code]]
        index += code
        if code != 255 and index < len(octets):
            data.append(0)
    return bytes(data)


class ClauseReceiver:
    """``indications`` collects (frame_type, destination, source, data) for good frames, the transition for bad ones."""

    def __init__(self, station, now_s=0.0, receive_extended=True):
        self.state = "IDLE"
        self.silence_since_s = now_s
        self.event_count = 0
        self.transitions = Counter()
        self.indications = []
        self.station = station
        self.extended = (32, 33) if receive_extended else ()
        self.fields = []
        self.data = []
        self.index = 0
        self.handlers = {
            "IDLE": self.in_idle,
            "PREAMBLE": self.in_preamble,
            "HEADER": self.in_header,
            "DATA": self.in_data,
            "SKIP_DATA": self.in_skip_data,
        }

    def take(self, name, state):
        self.transitions[f"{self.state}.{name}"] += 1
        self.state = state

    def invalid(self, name, state="IDLE"):
        self.indications.append(f"{self.state}.{name}")
        self.take(name, state)

    def silence(self, now_s):
        """SilenceTimer > Tframe_abort."""
        if self.state != "IDLE" and now_s >= self.silence_since_s + ABORT_S:
            self.broken("Timeout")

    def error(self, now_s):
        """ReceiveError. Liberty: the caller checks SilenceTimer before."""
        self.silence_since_s = now_s
        self.event_count += 1
        if self.state == "IDLE":
            self.take("EatAnError", "IDLE")
        else:
            self.broken("Error")

    def abandon(self):
        """Liberty: a frame under way ends when this station begins to talk."""
        if self.state != "IDLE":
            self.take("Abandoned", "IDLE")

    def broken(self, name):
        if self.state in ("HEADER", "DATA"):
            self.invalid(name)
        else:
            self.take(name, "IDLE")

    def octet(self, octet, now_s):
        """DataAvailable."""
        self.silence(now_s)
        self.silence_since_s = now_s
        self.event_count += 1
        self.handlers[self.state](octet)

    def in_idle(self, octet):
        self.take(*(("Preamble1", "PREAMBLE") if octet == 0x55 else ("EatAnOctet", "IDLE")))

    def in_preamble(self, octet):
        if octet == 0xFF:
            self.fields = []
            self.take("Preamble2", "HEADER")
        elif octet == 0x55:
            self.take("RepeatedPreamble1", "PREAMBLE")
        else:
            self.take("NotPreamble", "IDLE")

    def in_header(self, octet):
        names = ("FrameType", "Destination", "Source", "Length1", "Length2")
        self.fields.append(octet)
        if len(self.fields) <= len(names):
            self.take(names[len(self.fields) - 1], "HEADER")
        else:
            self.take("HeaderCRC", "HEADER_CRC")
            self.header_crc()

    def header_crc(self):
        frame_type, destination, source, high, low, _ = self.fields
        length = high * 256 + low
        self.data, self.index = [], 0
        mine = destination in (self.station, 255)
        if 32 <= frame_type <= 127 and frame_type not in self.extended:
            mine = False  # Liberty: what cannot be decoded is skipped, not received and then unwanted
        if header_register(self.fields) != 0x55:
            self.invalid("BadCRC")
        elif length > MAX_FRAME:
            self.invalid("FrameTooLong")  # Liberty: no such frame exists, so nothing is skipped
        elif not mine and length == 0:
            self.take("NotForUs", "IDLE")
        elif not mine:
            self.take("DataNotForUs", "SKIP_DATA")
        elif length == 0:
            self.take("NoData", "IDLE")
            self.indications.append((frame_type, destination, source, b""))
        elif length > LENGTH_LIMITS.get(frame_type, 501):
            self.invalid("FrameTooLong", "SKIP_DATA")
        else:
            self.take("Data", "DATA")

    def in_data(self, octet):
        length = self.fields[3] * 256 + self.fields[4]
        self.data.append(octet)
        self.index += 1
        if self.index <= length:
            self.take("DataOctet", "DATA")
        elif self.index == length + 1:
            self.take("CRC1", "DATA")
        else:
            self.take("CRC2", "DATA_CRC")
            self.data_crc()

    def data_crc(self):
        frame_type, destination, source = self.fields[:3]
        octets = bytes(self.data)
        if frame_type in self.extended:
            field, check = octets[:-5], uncobs(octets[-5:])
            good = check is not None and len(check) == 4 and len(field) > 0
            good = good and crc_32k_register(field + check) == 0x0843323B
            data = uncobs(field) if good else None
        else:
            data = octets[:-2] if data_register(octets) == 0xF0B8 else None
        if data is None:
            self.invalid("BadCRC")
        else:
            self.take("GoodCRC", "IDLE")
            self.indications.append((frame_type, destination, source, data))

    def in_skip_data(self, octet):
        length = self.fields[3] * 256 + self.fields[4]
        self.index += 1
        self.take(*(("DataOctet", "SKIP_DATA") if self.index < length + 2 else ("Done", "IDLE")))
