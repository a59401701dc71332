"""An operator at the terminal: the prompt is printed, and a line is read."""

from __future__ import annotations

import os
import select
import sys
from typing import IO

from rig.operator.errors import NoAnswer
from rig.operator.prompts import Answer, Prompt, PromptKind
from rig.printable import printable_line

_YES, _NO = ("y", "yes", "j", "ja"), ("n", "no", "nein")


class ConsoleOperator:
    """Asks on ``output`` and reads lines of ``input_`` (by default the terminal of this process).

    Both are descriptors, since pytest replaces ``sys.stdin`` and ``sys.stdout`` while a test runs.
    """

    def __init__(self, input_descriptor: int | None = None, output: IO[str] | None = None) -> None:
        self._input = 0 if input_descriptor is None else input_descriptor
        self._output = output or sys.__stdout__
        self._left = b""
        self._after_cr = False

    def ask(self, prompt: Prompt, timeout_s: float | None = None) -> Answer:
        """Print the prompt and read one line; a yes or no that is neither is asked again."""
        while True:
            self._say(_shown(prompt))
            line = self._line(prompt, timeout_s)
            if prompt.kind in (PromptKind.READ_VALUE, PromptKind.SCAN):
                return Answer(prompt.prompt_id, line)
            word = line.strip().lower()
            if word in _NO:
                return Answer(prompt.prompt_id, line, confirmed=False)
            if word in _YES or (not word and prompt.kind is PromptKind.PRESS_KEYS):
                return Answer(prompt.prompt_id, line)
            self._say("  Answer y or n.\n")

    def _say(self, text: str) -> None:
        if self._output is not None:
            self._output.write(text)
            self._output.flush()

    def _line(self, prompt: Prompt, timeout_s: float | None) -> str:
        """Return the next line without its end; the scanner's CR LF is one end."""
        while b"\n" not in self._left and b"\r" not in self._left:
            if timeout_s is not None and not select.select([self._input], [], [], timeout_s)[0]:
                raise NoAnswer(prompt.prompt_id, f"nothing came within {timeout_s:g} s")
            try:
                read = os.read(self._input, 4096)
            except OSError as error:
                raise NoAnswer(prompt.prompt_id, f"the terminal cannot be read ({error.strerror})") from None
            if not read:
                raise NoAnswer(prompt.prompt_id, "there is no terminal to read from; see --operator-by")
            self._left += read.removeprefix(b"\n") if self._after_cr else read
            self._after_cr = False
        ends = [place for place in (self._left.find(b"\n"), self._left.find(b"\r")) if place >= 0]
        line, end = self._left[: min(ends)], self._left[min(ends)]
        self._left = self._left[min(ends) + 1 :]
        if end == ord("\r"):  # its line feed may come with the next read only
            self._after_cr = not self._left
            self._left = self._left.removeprefix(b"\n")
        return printable_line(line.decode("utf-8", errors="replace"))


def _shown(prompt: Prompt) -> str:
    where = f"[{prompt.position}] " if prompt.position else ""
    keys = f" Keys: {' '.join(prompt.keys)}." if prompt.keys else ""
    unit = f" ({prompt.unit})" if prompt.unit else ""
    ends = {
        PromptKind.CONFIRM: " [y/n] ",
        PromptKind.PRESS_KEYS: " [Enter when done, n if it cannot be done] ",
        PromptKind.READ_VALUE: f" Value{unit}: ",
        PromptKind.SCAN: " Scan: ",
    }
    return f"{where}{prompt.text}{keys}{ends[prompt.kind]}"
