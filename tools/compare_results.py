"""Compare two runs' results.json: each changed verdict, and for each quantity the largest change of error and of U.

Run: ``python tools/compare_results.py BEFORE/results.json AFTER/results.json``.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

Key = tuple[str, str, int]


def results(path: Path) -> dict[Key, dict[str, Any]]:
    """Return the results of a run by load point, procedure and analog input."""
    run = json.loads(path.read_text(encoding="utf-8"))
    return {
        (point["label"], result["procedure"], result["instance"]): result
        for point in run["points"]
        for result in point["results"]
    }


def changes(before: dict[Key, dict[str, Any]], after: dict[Key, dict[str, Any]]) -> list[str]:
    """Say in lines what is different."""
    both = [key for key in before if key in after]
    said = [f"{len(before)} results before, {len(after)} after, {len(both)} in both"]
    for name, only in (("before", set(before) - set(after)), ("after", set(after) - set(before))):
        said += [f"  only {name}: {' '.join(map(str, key))}" for key in sorted(only)]
    changed = [key for key in both if before[key]["outcome"] != after[key]["outcome"]]
    kinds = Counter((before[key]["outcome"], after[key]["outcome"]) for key in changed)
    said.append(f"{len(changed)} verdicts changed")
    said += [f"  {one} to {other}: {count}" for (one, other), count in kinds.items()]
    for key in changed:
        said.append(f"  {' '.join(map(str, key))}: {before[key]['outcome']} to {after[key]['outcome']}")
        said[-1] += f" ({after[key]['reason']})" if after[key]["reason"] else ""
    for quantity in sorted({before[key]["quantity"] for key in both}):
        for field, name in (("error_pct", "error"), ("expanded_uncertainty_pct", "U")):
            known = [
                (after[key][field] - before[key][field], key)
                for key in both
                if before[key]["quantity"] == quantity and None not in (before[key][field], after[key][field])
            ]
            if known:
                change, key = max(known, key=lambda each: abs(each[0]))
                said.append(
                    f"{quantity}: largest change of {name} {change:+.5f} % at {key[0]} AI{key[2]} "
                    f"({before[key][field]:+.5f} to {after[key][field]:+.5f})"
                )
    return said


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print("\n".join(changes(*(results(Path(name)) for name in sys.argv[1:]))))
