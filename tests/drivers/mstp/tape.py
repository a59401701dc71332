"""Made-up bus traffic: frames with exact times, as a perfect listener would have heard them."""

from drivers.mstp.codec.frames import BROADCAST, Frame, FrameType, SeenFrame, frame_time_s


class Tape:
    """Frames one after another; ``after_s`` is the silence before each. ``frames`` is what was heard."""

    def __init__(self, baud=76800, start_s=1000.0):
        self.baud = baud
        self.start_s = self.now_s = start_s
        self.frames = []

    def say(self, kind, source, destination, data=b"", after_s=0.001, damage=None):
        octets = bytearray(Frame(kind, destination, source, data).encode())
        if damage == "header":
            octets = octets[:8]
            octets[7] ^= 0x01
        elif damage == "data":
            octets[-1] ^= 0x01
        start_s = self.now_s + after_s
        self.now_s = start_s + frame_time_s(len(octets), self.baud)
        self.frames.append(SeenFrame.of(bytes(octets), start_s, self.now_s))
        return self

    def token(self, source, destination, after_s=0.001, **more):
        return self.say(FrameType.TOKEN, source, destination, after_s=after_s, **more)

    def poll(self, source, destination, after_s=0.001, **more):
        return self.say(FrameType.POLL_FOR_MASTER, source, destination, after_s=after_s, **more)

    def poll_reply(self, source, destination, after_s=0.001, **more):
        return self.say(FrameType.REPLY_TO_POLL_FOR_MASTER, source, destination, after_s=after_s, **more)

    def request(self, source, destination, after_s=0.001, **more):
        return self.say(FrameType.DATA_EXPECTING_REPLY, source, destination, b"\x01\x04ask", after_s, **more)

    def reply(self, source, destination, after_s=0.001, **more):
        return self.say(FrameType.DATA_NOT_EXPECTING_REPLY, source, destination, b"\x01\x00tell", after_s, **more)

    def broadcast(self, source, after_s=0.001):
        return self.say(FrameType.DATA_NOT_EXPECTING_REPLY, source, BROADCAST, b"\x01\x20all", after_s)

    def postponed(self, source, destination, after_s=0.240):
        return self.say(FrameType.REPLY_POSTPONED, source, destination, after_s=after_s)

    def ring(self, *macs, rounds=1, after_s=0.001):
        for _ in range(rounds):
            for mac, following in zip(macs, (*macs[1:], macs[0]), strict=True):
                self.token(mac, following, after_s)
        return self
