"""What other processes ask of a run: answers to its prompts, and to pause; a Unix socket that takes JSON lines."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from pathlib import Path
from typing import Any

from rig.operator import Answer

SOCKET = "RIG_RUN_SOCKET"
"""Environment variable with the path at which a run is to listen; without it no run does."""

_LONGEST_LINE = 8192
_LONGEST_S = 2.0


class RunSocket:
    """Listens in a thread of its own, and keeps what was asked until the run looks. Only this user can connect.

    ``{"answer": {"prompt_id", "text", "confirmed"}}`` answers the prompt that is open; ``{"pause": true}`` and
    ``{"pause": false}``. The reply is ``{}``, or ``{"error": why}``. Raises OSError where it cannot listen.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._is_pause_asked = False
        self._lock = threading.Condition()
        self._open_prompt: str | None = None
        self._answer: Answer | None = None
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._listener.bind(str(path))
        finally:
            os.umask(before)
        self._listener.listen(8)
        threading.Thread(target=self._serve, name="run socket", daemon=True).start()

    def pause_is_asked(self) -> bool:
        """Whether the operator wants the run to wait with its outputs off."""
        return self._is_pause_asked

    def expect(self, prompt_id: str) -> None:
        """From now on take one answer to this prompt."""
        with self._lock:
            self._open_prompt, self._answer = prompt_id, None

    def wait(self, within_s: float) -> Answer | None:
        """Wait for the answer, or for anything else that is asked; None where no answer has come within the time."""
        with self._lock:
            if self._answer is None:
                self._lock.wait(within_s)
            answer, self._answer = self._answer, None
            return answer

    def close(self) -> None:
        """Listen no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with contextlib.suppress(OSError):
            self.path.unlink()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return  # closed
            with link, contextlib.suppress(OSError):
                link.settimeout(_LONGEST_S)
                with link.makefile("rb") as lines:
                    error = self._take(lines.readline(_LONGEST_LINE))
                link.sendall(json.dumps({"error": error} if error else {}).encode() + b"\n")

    def _take(self, line: bytes) -> str:
        try:
            request: dict[str, Any] = json.loads(line)
            if "pause" in request:
                return self._take_pause(asked=request["pause"] is True)
            said = request["answer"]
            answer = Answer(str(said["prompt_id"]), str(said["text"]), said["confirmed"] is True)
        except (ValueError, KeyError, TypeError):
            return "The run does not understand this."
        with self._lock:
            if answer.prompt_id != self._open_prompt:
                return "This question is answered already."
            self._open_prompt, self._answer = None, answer
            self._lock.notify_all()
        return ""

    def _take_pause(self, *, asked: bool) -> str:
        with self._lock:
            self._is_pause_asked = asked
            self._lock.notify_all()
        return ""
