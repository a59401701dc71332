"""The product's receiver beside the clause's: both get the same octets, and their results must agree."""

from drivers.mstp.codec.frames import Frame
from drivers.mstp.codec.receive import FrameReceiver, InvalidFrame
from tests.drivers.mstp.codec.clause_receiver import ClauseReceiver


class MirroredReceiver(FrameReceiver):
    """A FrameReceiver that raises AssertionError where it and ``clause`` differ in what they say or where they are."""

    def __init__(self, station, now_s=0.0, receive_extended=True):
        super().__init__(station, now_s, receive_extended)
        self.clause = ClauseReceiver(station, now_s, receive_extended)

    def check_silence(self, now_s):
        self._before()
        self.clause.silence(now_s)
        indication = super().check_silence(now_s)
        self._agree(indication)
        return indication

    def line_error(self, now_s):
        self._before()
        self.clause.error(now_s)
        indication = super().line_error(now_s)
        self._agree(indication)
        return indication

    def abandon(self):
        self._before()
        super().abandon()
        self.clause.abandon()
        self._agree(None)

    def receive(self, octets, position, now_s):
        self._before()
        end, indication = super().receive(octets, position, now_s)
        for octet in octets[position:end]:
            self.clause.octet(octet, now_s)
        if end > position:  # else it was the silence before them, which has been compared
            self._agree(indication)
        return end, indication

    def _before(self):
        """The master node sets both on its own; the clause's machine learns it here."""
        self.clause.silence_since_s = self.silence_since_s
        self.clause.event_count = self.event_count

    def _agree(self, indication):
        said, self.clause.indications = self.clause.indications, []
        if isinstance(indication, Frame):
            assert said == [(indication.frame_type, indication.destination, indication.source, indication.data)]
        elif isinstance(indication, InvalidFrame):
            assert said == [indication.transition]
        else:
            assert said == []
        assert self.clause.state == self.state.value
        assert self.clause.event_count == self.event_count
        for name, count in self.transitions.items():
            assert self.clause.transitions[name] == count, name
