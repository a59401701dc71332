"""Run one command line from its arguments to its exit code; every error on the way ends in an exit code."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence
from types import FrameType

from rig.cli.commands import cli
from rig.cli.shared.endings import exit_code_and_sentence, unforeseen_goes_to_a_log, with_lost_output
from rig.cli.shared.output import echo, finish_streams, prepare_streams

_RAISE = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


def run(arguments: Sequence[str]) -> int:
    """Run a command; returns its exit code. Prints one sentence for what went wrong, never a traceback."""
    prepare_streams()
    with unforeseen_goes_to_a_log(), _terminations_interrupt():
        try:
            result = cli.main(list(arguments), prog_name="rig", standalone_mode=False)
            code = result if isinstance(result, int) else 0
        except SystemExit as end:  # a library's way to end; its code may be a sentence
            code = end.code if isinstance(end.code, int) else 10 if end.code else 0
            if isinstance(end.code, str):
                echo(f"rig: {end.code}", err=True)
        except BaseException as error:  # noqa: BLE001 - the last resort
            code, sentence = exit_code_and_sentence(error)
            echo(sentence, err=True)
        code = with_lost_output(int(code))
        finish_streams()
    return code


@contextlib.contextmanager
def _terminations_interrupt() -> Iterator[None]:
    """Within this context SIGTERM and SIGHUP end a command as Ctrl-C does; a command may do better by itself."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    taken = [number for number in _RAISE if signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
