"""What a run writes and listens at for people and other processes while it goes on: log, event lines, socket."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rig.run.events import Events, Failed, Listening
from rig.run.streaming.event_stream import EventStream, begin_stream
from rig.run.streaming.log import begin_log
from rig.run.streaming.run_socket import SOCKET, RunSocket


@dataclass(frozen=True)
class RunFiles:
    """Open log and event lines of a run, and its socket where the environment names one; ``end`` closes all."""

    stream: EventStream
    socket: RunSocket | None
    end: Callable[[], None]

    @classmethod
    def begin(cls, folder: Path, level: str, events: Events) -> RunFiles:
        """Begin them; a socket at which the run cannot listen is published as a failure, and the run goes on."""
        end_log = begin_log(folder, level, events)
        stream, end_stream = begin_stream(folder, events)
        listening: RunSocket | None = None
        if path := os.environ.get(SOCKET):
            try:
                listening = RunSocket(Path(path))
                events.publish(Listening(path))
            except OSError as error:
                events.publish(Failed(f"no answers can be taken at {path} ({error.strerror})", error))

        def end() -> None:
            if listening is not None:
                listening.close()
            end_stream()
            end_log()

        return cls(stream, listening, end)

    def stop_heard(self, signal_name: str) -> None:
        """Write at once that a stop has arrived; may be called in a signal handler."""
        with contextlib.suppress(OSError):
            self.stream.write({"kind": "StopHeard", "text": f"stop by {signal_name} has arrived"})
