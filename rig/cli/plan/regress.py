"""``rig plan regress``: the questions of the firmware regression, what each needs, and bench time. No I/O."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict

from rig.cli.shared.output import echo


def plan_regress(bench: str, position: str | None, select: str, longest_h: float, as_json: bool) -> None:
    """Print the questions and what would keep some of them from being asked on this bench."""
    from rig.bench import load_bench, one_position
    from rig.run.questions import questions_of

    bench_file = one_position(load_bench(bench), position)
    rows = [
        {**asdict(each), "not_asked": each.obstacle(bench_file.capabilities, longest_h)}
        for each in questions_of("firmware_regression", select)
    ]
    asked = [row for row in rows if row["not_asked"] is None]
    at_most_s = sum(row["bench_time_s"] for row in asked)
    if as_json:
        answer = {"bench": bench_file.name, "suite": "regress", "questions": rows, "duration_s": at_most_s}
        echo(json.dumps(answer, indent=2))
        return
    echo(f"regress on bench {bench_file.name}: {len(rows)} questions, {len(asked)} of them can be asked")
    for row in rows:
        pages = f"p. {', '.join(map(str, row['pages']))}" if row["pages"] else ""
        needs = " ".join(row["needs"])
        obstacle = f"   not asked: {row['not_asked']}" if row["not_asked"] else ""
        echo(f"{row['file']}::{row['name']}\n    {row['bench_time_s']:g} s  {needs}  {pages}{obstacle}")
    for reason, count in Counter(row["not_asked"] for row in rows if row["not_asked"]).items():
        echo(f"{count} not asked: {reason}")
    echo(f"at most {at_most_s / 3600:.1f} h of bench time, if every question takes as long as it may")
