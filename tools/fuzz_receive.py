"""Coverage-guided fuzzing of the MS/TP receive path. Run from the project's root: ``python -m tools.fuzz_receive``.

Needs atheris. Every input is played as a script (tests/drivers/mstp/codec/receive_script.py says what must hold).
Arguments are libFuzzer's: ``-max_total_time=600``, ``-runs=N``, a corpus folder. A failing input is left as
``crash-*``; play it again by naming it. Now and then it prints the inputs played, the transitions reached and the peak
of memory.
"""

from __future__ import annotations

import resource
import sys
from collections import Counter

import atheris

with atheris.instrument_imports(include=["drivers.mstp"]):
    from drivers.mstp.codec import receive  # noqa: F401  instrumented on import

from tests.drivers.mstp.codec.receive_script import Player

MEMORY_LIMIT_MB = 512
REPORT_EVERY = 10_000

_reached: Counter[str] = Counter()
_played = 0


def play(octets: bytes) -> None:
    """Play one input and note which transitions it took."""
    global _played
    player = Player()
    player.play(octets)
    _played += 1
    _reached.update(player.node.transitions)
    _reached.update(player.node.receiver.clause.transitions)
    if _played % REPORT_EVERY == 0:
        report()


def report() -> None:
    """Print what the campaign has reached so far."""
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{_played} inputs played, {len(_reached)} transitions reached, peak {peak_mb:.0f} MB", file=sys.stderr)
    print(f"rarest: {', '.join(f'{name} {count}' for name, count in _reached.most_common()[-5:])}", file=sys.stderr)


def main() -> None:
    """Fuzz until libFuzzer's arguments say to stop."""
    limits = [f"-rss_limit_mb={MEMORY_LIMIT_MB}", "-max_len=512", "-timeout=10"]
    atheris.Setup([sys.argv[0], *limits, *sys.argv[1:]], play)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
