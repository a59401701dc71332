"""The operator on the station's page: answers come over the run's socket, and so does the wish to pause."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from rig.events import Events
from rig.operator import Answer, NoAnswer, Prompt
from rig.procedures.meter_run import MeterRun
from rig.run.events import Continued, Paused
from rig.run.streaming.files import RunFiles
from rig.run.streaming.run_socket import RunSocket

_LOOK_EVERY_S = 0.2


def pause_if_asked(socket: RunSocket, meter: MeterRun | None, events: Events) -> None:
    """Where a pause was asked for: switch off, wait until it is over, and go the whole way up to where it was.

    Raises what switching off and energising raise.
    """
    if meter is None or not socket.pause_is_asked():
        return
    supervisor = meter.bench.supervisor
    point = supervisor.load_point if supervisor is not None else None
    meter.switch_off()
    events.publish(Paused())
    while socket.pause_is_asked():
        socket.wait(_LOOK_EVERY_S)
    events.publish(Continued())
    if point is not None:
        meter.apply(point)


class StationOperator:
    """Takes the answers to prompts from a socket; the prompts themselves are shown by the events of the run.

    ``socket`` gives it when a prompt is asked, None where no station has started this run.
    """

    def __init__(self, socket: Callable[[], RunSocket | None]) -> None:
        self._socket = socket

    def ask(self, prompt: Prompt, timeout_s: float | None = None) -> Answer:
        """Wait for the answer; raises NoAnswer after ``timeout_s``, and at once without a station. Uses no bench."""
        socket = self._socket()
        if socket is None:
            raise NoAnswer(prompt.prompt_id, "no station page is connected; see --operator-by")
        socket.expect(prompt.prompt_id)
        began_s = time.monotonic()
        while (answer := socket.wait(_LOOK_EVERY_S)) is None:
            if timeout_s is not None and time.monotonic() - began_s > timeout_s:
                raise NoAnswer(prompt.prompt_id, f"nothing came within {timeout_s:g} s")
        return answer


class HasFiles(Protocol):
    """A run with what it listens at, while it is open (rig.run.run.Run)."""

    files: RunFiles | None


def station_operator(run: HasFiles) -> StationOperator:
    """Return the operator on the page of the station that started ``run``."""
    return StationOperator(lambda: run.files.socket if run.files is not None else None)
