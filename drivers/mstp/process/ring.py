"""The last frames that a port saw, and when the octets that a reader gets in lumps were on the wire."""

from __future__ import annotations

from collections import deque

from drivers.mstp.codec.frames import BITS_PER_OCTET, FrameParser, SeenFrame, frame_time_s


class OctetClock:
    """Says when octets that one ``read`` returned were on the wire: without gaps, just before the read ended.

    A reader that is late finds more octets than fit into the time since its last read; they are pressed into that
    time, so that the times given never run backwards.
    """

    def __init__(self, baud: int) -> None:
        self._octet_s = BITS_PER_OCTET / baud
        self._last_s = 0.0

    def not_before(self, moment_s: float) -> None:
        """Learn that nothing that is read from now on was on the wire before ``moment_s``."""
        self._last_s = max(self._last_s, moment_s)

    def place(self, count: int, read_s: float) -> tuple[float, float]:
        """Return when the first of ``count`` octets (at least one) began, and how long each took, in seconds."""
        start_s = min(read_s, max(self._last_s, read_s - count * self._octet_s))
        self._last_s = read_s
        return start_s, (read_s - start_s) / count


class FrameRing:
    """The last ``limit`` frames on a bus as one of its nodes saw them, its own included."""

    def __init__(self, limit: int, baud: int) -> None:
        self._frames: deque[SeenFrame] = deque(maxlen=limit)
        self._parser = FrameParser()
        self._clock = OctetClock(baud)
        self._baud = baud
        self._missed_octets: int | None = None

    @property
    def stray_octets(self) -> int:
        """Octets that were heard and belong to no frame; those before the first one are the end of one missed."""
        return self._parser.stray_octets - (self._missed_octets or 0)

    def heard(self, octets: bytes, read_s: float, late_s: float = 0.0) -> None:
        """Take octets whose reading ended at ``read_s``; ``late_s`` is as in SeenFrame."""
        if octets:
            found = self._parser.feed(octets, *self._clock.place(len(octets), read_s), late_s)
            if found and self._missed_octets is None:
                self._missed_octets = self._parser.stray_octets
            self._frames.extend(found)

    def sent(self, octets: bytes, end_s: float) -> None:
        """Take one own frame whose last octet leaves at ``end_s``."""
        start_s = end_s - frame_time_s(len(octets), self._baud)
        self._clock.not_before(start_s)
        self._frames.append(SeenFrame.of(octets, start_s, end_s))

    def frames(self) -> list[SeenFrame]:
        """Return the frames held in the order of their times, oldest first.

        They come in nearly that order; a frame that was half heard when an own one began comes after it.
        """
        return sorted(self._frames, key=lambda seen: seen.start_s)
