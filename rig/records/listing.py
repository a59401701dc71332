"""The list of runs and the guardian's journal, in plain SQL: ``sqlite3`` reads it too, without SQLAlchemy."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from rig.load_point import FULL, NOT_SHIFTED
from rig.records.data import RunHeader
from rig.records.plain_json import stored_time, to_json, to_text
from rig.records.verdicts import SEVERITY, Judgement, count_measured, count_verdicts
from rig.uid import uid_of

PROCESS = "process"
"""Kind of the event by which a run says which process records it; one that was resumed has one for each process."""

RESUMED = "resumed"
"""Kind of the event by which an interrupted run says that it goes on, its conditions established again."""

_ENERGISING = ("energise", "energised", "applied")
"""Kinds of the events of which one is recorded before an output is switched on: else it is not switched on."""

_ALL = 2**31 - 1

Row = Mapping[str, Any]
Execute = Callable[[str, Mapping[str, Any]], Sequence[Row]]
"""Executes a statement whose parameters are named (``:name``); returns its rows, by the names of their columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """One line of the list of runs.

    ``counts``: verdicts (rig.records.verdicts) and findings by outcome. ``measured``: what has a result, by what is
    counted (``count_measured``). ``resumed``: how often the run was interrupted and went on. ``judged_again``: the
    outcomes of later judgements, the oldest first. ``held``: serial numbers that were put on hold at any time.
    """

    run_id: str
    header: RunHeader
    started_utc: datetime
    finished_utc: datetime | None
    outcome: str
    exit_code: int | None
    serial_numbers: tuple[str, ...]
    counts: Mapping[str, int]
    measured: Mapping[str, int] = field(default_factory=dict)
    resumed: int = 0
    judged_again: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


def summaries(
    execute: Execute, newest: int | None = None, run_ids: Sequence[str] | None = None
) -> tuple[RunSummary, ...]:
    """List the runs, newest first; ``newest``: at most so many. ``run_ids``: which, None for all."""
    values: dict[str, Any] = {"newest": _ALL if newest is None else newest}
    chosen = "SELECT * FROM run"
    if run_ids is not None:
        names = {f"id{number}": run_id for number, run_id in enumerate(run_ids)}
        values |= names
        chosen += f" WHERE id IN ({', '.join(f':{name}' for name in names)})"
    rows = execute(f"{chosen} ORDER BY started_utc DESC, id LIMIT :newest", values)
    ids = [row["id"] for row in rows]
    journal = _of_runs(execute, "SELECT run_id, confirmed, time_utc FROM guardian_entry WHERE run_id IN", ids)
    units = _of_runs(execute, "SELECT run_id, serial_number FROM unit WHERE run_id IN", ids)
    held = {row["serial_number"] for row in execute("SELECT DISTINCT serial_number FROM hold", {})}
    findings = _of_runs(execute, "SELECT run_id, outcome FROM finding WHERE run_id IN", ids)
    judged = {run_id: [_judgement(row) for row in found] for run_id, found in _results(execute, ids).items()}
    never_on = never_energised(execute, ids)
    since, resumed = resumed_since(execute, ids), _times_of(execute, RESUMED, ids)
    again = _of_runs(execute, "SELECT run_id, id, outcome FROM judgement WHERE run_id IN", ids)
    return tuple(
        RunSummary(
            run_id=row["id"],
            header=_header(row),
            started_utc=datetime.fromisoformat(row["started_utc"]),
            finished_utc=time_of(row["finished_utc"]),
            outcome=outcome_of(
                row["outcome"] if row["finished_utc"] else None,
                said_since(
                    [(bool(entry["confirmed"]), time_of(entry["time_utc"])) for entry in journal[row["id"]]],
                    since.get(row["id"]),
                ),
                was_never_on=row["id"] in never_on,
            ),
            exit_code=row["exit_code"],
            serial_numbers=tuple(unit["serial_number"] for unit in units[row["id"]]),
            counts=count_verdicts(judged.get(row["id"], ()), SEVERITY)
            + Counter(sorted(finding["outcome"] for finding in findings[row["id"]])),
            measured=count_measured((j.label, j.procedure, j.instance) for j in judged.get(row["id"], ())),
            resumed=len(resumed.get(row["id"], ())),
            judged_again=tuple(each["outcome"] for each in sorted(again[row["id"]], key=lambda each: each["id"])),
            held=tuple(unit["serial_number"] for unit in units[row["id"]] if unit["serial_number"] in held),
        )
        for row in rows
    )


def resumed_since(execute: Execute, run_ids: Sequence[str]) -> dict[str, datetime]:
    """Return when another process last went on with a run, of those of the runs that had more than one."""
    processes = _times_of(execute, PROCESS, run_ids)
    return {run_id: datetime.fromisoformat(max(times)) for run_id, times in processes.items() if len(times) > 1}


def said_since(
    journal: Iterable[tuple[bool, datetime | None]], since: datetime | None
) -> list[tuple[bool, datetime | None]]:
    """Return what a journal says since a run was resumed: what it said before is about an earlier process."""
    return [each for each in journal if since is None or (each[1] is not None and each[1] >= since)]


def _times_of(execute: Execute, kind: str, run_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return when events of a kind were recorded, by run."""
    found = _of_runs(execute, "SELECT run_id, time_utc FROM event WHERE kind = :kind AND run_id IN", run_ids, kind=kind)
    return {run_id: [row["time_utc"] for row in rows] for run_id, rows in found.items()}


def never_energised(execute: Execute, run_ids: Iterable[str]) -> frozenset[str]:
    """Return those of the runs that never began to switch an output on.

    Only of a run that says which process recorded it: one of an earlier version may have said less than it did.
    """
    wanted = {PROCESS, *_ENERGISING}
    events = _of_runs(execute, "SELECT DISTINCT run_id, kind FROM event WHERE run_id IN", list(run_ids))
    kinds = {run_id: {row["kind"] for row in rows} & wanted for run_id, rows in events.items()}
    return frozenset(run_id for run_id, found in kinds.items() if found == {PROCESS})


def outcome_of(
    recorded: str | None, journal: Iterable[tuple[bool, datetime | None]], *, was_never_on: bool = False
) -> str:
    """Tell a run's outcome: as ``recorded``, or ABORTED where it never finished, unless it is known that all is off.

    That is known where nothing was ever on (``was_never_on``), or where the last word of the guardian's ``journal``,
    of confirmations with their times, is that the outputs were seen off.
    """
    if recorded is not None:
        return recorded
    was_seen_off, _ = max(journal, key=lambda entry: (entry[1] is not None, entry[1]), default=(False, None))
    return "TERMINATED" if was_seen_off or was_never_on else "ABORTED"


def fold_journal(execute: Execute, entries: Iterable[Mapping[str, Any]]) -> int:
    """Take entries of the guardian's journal in (``RunStore.fold_journal``); returns how many were new."""
    added = 0
    known = {row["id"] for row in execute("SELECT id FROM guardian_entry", {})}
    for entry in entries:
        entry_id = str(entry["id"])
        if entry_id in known:
            continue
        known.add(entry_id)
        time_utc = _stated_time(entry.get("time"))
        execute(
            "INSERT INTO guardian_entry (id, uid, run_id, time_utc, reason, confirmed, data)"
            " VALUES (:id, :uid, :run_id, :time_utc, :reason, :confirmed, :data)",
            {
                "id": entry_id,
                "uid": uid_of(time_of(time_utc), f"guardian_entry {entry_id}"),  # two databases may have the entry
                "run_id": _run_of_entry(execute, entry, time_utc),
                "time_utc": time_utc,
                "reason": str(entry.get("reason", "")),
                "confirmed": entry.get("confirmed") is True,
                "data": to_text(to_json(entry)),
            },
        )
        added += 1
    return added


def time_of(stored: str | None) -> datetime | None:
    """Read a time as it is stored."""
    return None if stored is None else datetime.fromisoformat(stored)


def _run_of_entry(execute: Execute, entry: Mapping[str, Any], time_utc: str | None) -> str | None:
    if entry.get("run"):
        named = execute("SELECT id FROM run WHERE id = :id", {"id": str(entry["run"])})
        return str(named[0]["id"]) if named else None
    if time_utc is None:
        return None
    begun = "SELECT id, finished_utc FROM run WHERE started_utc <= :time_utc"
    if entry.get("bench"):
        begun += " AND bench_name = :bench"
    last = execute(
        f"{begun} ORDER BY started_utc DESC LIMIT 1", {"time_utc": time_utc, "bench": str(entry.get("bench"))}
    )
    if not last or (last[0]["finished_utc"] is not None and last[0]["finished_utc"] < time_utc):
        return None
    return str(last[0]["id"])


def _stated_time(value: object) -> str | None:
    """Read a journal's time, as it is stored; one that cannot be understood must not keep the entry out."""
    try:
        if isinstance(value, int | float):
            time = datetime.fromtimestamp(value, UTC)
        else:
            time = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return stored_time(time if time.tzinfo else time.replace(tzinfo=UTC))


def _of_runs(execute: Execute, query: str, run_ids: Sequence[str], **values: str) -> defaultdict[str, list[Row]]:
    """Return the rows of ``query`` by their run; it ends where the parentheses with the ids follow.

    ``values``: of its other parameters.
    """
    grouped: defaultdict[str, list[Row]] = defaultdict(list)
    names = {f"id{number}": run_id for number, run_id in enumerate(run_ids)}
    for row in execute(f"{query} ({', '.join(f':{name}' for name in names)})", values | names) if names else ():
        grouped[row["run_id"]].append(row)
    return grouped


def _results(execute: Execute, run_ids: Sequence[str]) -> dict[str, list[Row]]:
    return _of_runs(
        execute,
        "SELECT p.run_id, p.label, p.voltage_v, p.voltages_pct, p.voltage_shift_deg, p.current_pct, p.frequency_hz,"
        " r.procedure, r.quantity, r.instance, r.unit_number, r.limit_pct, r.outcome, r.condition"
        " FROM result r JOIN point p ON r.point_id = p.id"
        " WHERE p.id NOT IN (SELECT point_id FROM set_aside) AND p.run_id IN",
        run_ids,
    )


def _judgement(row: Row) -> Judgement:
    voltages, shifts = _json(row["voltages_pct"]) or FULL, _json(row["voltage_shift_deg"]) or NOT_SHIFTED
    return Judgement(
        row["procedure"],
        row["quantity"],
        row["instance"],
        row["unit_number"],
        row["limit_pct"],
        row["label"],
        (_number(row["voltage_v"]), tuple(voltages), tuple(shifts)),
        _number(row["current_pct"]),
        _number(row["frequency_hz"]),
        row["outcome"],
        row["condition"] or "",
    )


def _header(row: Row) -> RunHeader:
    programme = {what: (int(done), int(whole)) for what, (done, whole) in (_json(row["programme"]) or {}).items()}
    given = {
        "simulated": bool(row["simulated"]),
        "environment": _json(row["environment"]),
        "programme": programme,
        "judged_with": _json(row["judged_with"]) or {},
    }
    return RunHeader(**{field.name: row[field.name] for field in fields(RunHeader)} | given)


def _json(stored: Any) -> Any:  # some drivers have read it already
    return json.loads(stored) if isinstance(stored, str) else stored


def _number(stored: float | None) -> float:
    return math.nan if stored is None else stored
