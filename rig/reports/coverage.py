"""How much of its suite a run covered: "3 of 90 load points"; a partial certification is not called one."""

from __future__ import annotations

from rig.records.data import RunRecord
from rig.records.listing import RunSummary
from rig.records.verdicts import count_measured


def coverage(run: RunRecord | RunSummary) -> dict[str, tuple[int, int]]:
    """Return what the run did and what its suite has, by what is counted; empty where that was not recorded.

    Load points and registers count as done when they have a result, other things when the run was to ask them.
    """
    if isinstance(run, RunSummary):
        measured = run.measured
    else:
        measured = count_measured((p.label, r.procedure, r.instance) for p in run.points for r in p.results)
    return {
        what: (min(chosen, measured.get(what, chosen)), whole) for what, (chosen, whole) in run.header.programme.items()
    }


def is_partial(run: RunRecord | RunSummary) -> bool:
    """Whether the run left something of its suite out, or was stopped before its end."""
    return any(done < whole for done, whole in coverage(run).values())


def coverage_text(run: RunRecord) -> str:
    """Say what was covered, such as "3 of 90 load points, 0 of 2 energy registers"; empty where it is not recorded."""
    return ", ".join(f"{done} of {whole} {what}" for what, (done, whole) in coverage(run).items())
