"""Ask the operator on the station's page, and pause when that asks for it."""

from __future__ import annotations

import time
from collections.abc import Callable

from rig.events import Events
from rig.operator import Answer, NoAnswer, Prompt
from rig.procedures.events import PromptAnswered, PromptShown
from rig.procedures.meter_run import MeterRun
from rig.run.events import Continued, Paused
from rig.run.streaming.run_socket import RunSocket

_LOOK_EVERY_S = 0.2


def pause_if_asked(socket: RunSocket | None, meter: MeterRun | None, events: Events) -> None:
    """Where a pause was asked for: switch off, wait until it is over, and go the whole way up to where it was.

    Raises what switching off and energising raise.
    """
    if socket is None or meter is None or not socket.pause_is_asked():
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
    """Publishes a prompt for the page, and takes the answer from the run's socket.

    ``socket`` None (no station has started this run): NoAnswer at once. ``between`` is called five times a second
    while an answer is awaited: it looks after what is energised, and pauses.
    """

    def __init__(self, socket: RunSocket | None, events: Events, between: Callable[[], None]) -> None:
        self._socket = socket
        self._events = events
        self._between = between

    def ask(self, prompt: Prompt, timeout_s: float | None = None) -> Answer:
        """Show the prompt and wait; raises NoAnswer after ``timeout_s``, and what ``between`` raises."""
        if self._socket is None:
            raise NoAnswer(prompt.prompt_id, "no station page is connected; see --operator-by")
        self._socket.expect(prompt.prompt_id)
        self._events.publish(PromptShown(prompt))
        began_s = time.monotonic()
        while (answer := self._socket.wait(_LOOK_EVERY_S)) is None:
            if timeout_s is not None and time.monotonic() - began_s > timeout_s:
                raise NoAnswer(prompt.prompt_id, f"nothing came within {timeout_s:g} s")
            self._between()
        self._events.publish(PromptAnswered(answer))
        return answer
