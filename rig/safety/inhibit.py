"""Keep the host from going to sleep while outputs may be on, where the system permits it (logind's inhibitor locks)."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
from collections.abc import Iterator

_PROGRAM = "systemd-inhibit"
_ANSWER_S = 2.0
_HELD = b"held\n"


@contextlib.contextmanager
def suspend_inhibited(why: str) -> Iterator[str]:
    """Hold a lock against sleep and idle suspend within this context; gives what was achieved as one sentence.

    ``systemd-inhibit`` (systemd-inhibit(1)) holds it as a child, for as long as this process holds the other end of its
    standard input: a rig that is killed leaves no lock behind. A system without that program, or that refuses, is no
    error.
    """
    program = shutil.which(_PROGRAM)
    if program is None:
        yield f"suspend is not inhibited: there is no {_PROGRAM} here; keep this host awake while outputs are on"
        return
    argv = [program, "--what=sleep:idle", "--mode=block", "--who=rig", f"--why={why}", "sh", "-c", "echo held; cat"]
    try:
        child = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        yield f"suspend is not inhibited ({error.strerror}); keep this host awake while outputs are on"
        return
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        ready, _, _ = select.select([child.stdout], [], [], _ANSWER_S)
        if ready and os.read(child.stdout.fileno(), len(_HELD)) == _HELD:
            yield "suspend is inhibited while this bench is open"
        else:
            yield f"suspend is not inhibited: {_PROGRAM} was refused; keep this host awake while outputs are on"
    finally:
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        try:
            child.wait(_ANSWER_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
