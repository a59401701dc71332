"""Write docs/reference/regression-questions.md from the questions. Run: ``python tools/question_reference.py``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rig.run.questions import DEFAULT_BENCH_TIME_S, Question, questions_of

DOCUMENT = Path(__file__).parents[1] / "docs" / "reference" / "regression-questions.md"

_HEAD = """# The questions of the firmware regression

Generated from `tests_hil/firmware_regression/` by `python tools/question_reference.py`: edit there, not here.

`rig regress` asks them, `rig plan regress` lists them without any I/O, `-k EXPRESSION` chooses by name. Each is asked
over the bus, cites the manual's page, passes on the emulated meter and fails on one that has the behaviour wrong
(`tests/acceptance/seeded_defects.py`).

- *needs*: what the bench must have; `--allow-reset` is leave to clear what the meter has accumulated or logged.
- *bench time*: at most, where it is more than a minute. On a real bench it is real time; `--longest HOURS` (default 1)
  skips what takes longer and says so.
- What the manual leaves open ([behaviour.md](behaviour.md)) is judged by the profile that the meter type's file
  (`fixtures/meters/`, `behaviour:`) names for the meter's Firmware_Revision, reviewed by a person. For a version that
  is not named there, questions that depend on a choice are not asked: they are recorded as SKIP with the reason, and
  the run carries a warning. All others are asked. What a meter does that is none of the options is a FAIL, as is an
  option other than the reviewed one.
"""


def document() -> str:
    """Return the whole page."""
    every = questions_of("firmware_regression")
    lines = [_HEAD]
    for feature in dict.fromkeys(each.feature for each in every):
        lines += [f"## {feature}\n", "| question | asks | pages | needs | bench time |", "|---|---|---|---|---|"]
        lines += [_row(group) for group in _grouped(each for each in every if each.feature == feature)]
        lines.append("")
    return "\n".join(lines)


def _grouped(questions: Iterable[Question]) -> list[list[Question]]:
    groups: dict[str, list[Question]] = {}
    for each in questions:
        groups.setdefault(each.function, []).append(each)
    return list(groups.values())


def _row(group: list[Question]) -> str:
    first = group[0]
    times = f" ({len(group)} times)" if len(group) > 1 else ""
    pages = ", ".join(map(str, first.pages))
    longest_s = max(each.bench_time_s for each in group)
    bench_time = _duration(longest_s) if longest_s > DEFAULT_BENCH_TIME_S else ""
    name = first.function.removeprefix("test_").replace("_", " ")
    needs = ", ".join(f"`{need}`" if need.startswith("-") else need for need in first.needs)
    return f"| {name}{times} | {first.text.replace('|', '/')} | {pages} | {needs} | {bench_time} |"


def _duration(seconds: float) -> str:
    return f"{seconds / 3600.0:.1f} h" if seconds >= 3600.0 else f"{seconds / 60.0:g} min"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
