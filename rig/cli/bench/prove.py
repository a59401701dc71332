"""``rig bench prove`` and ``rewired``: a meter that is known to be good proves how a position is wired."""

from __future__ import annotations

from rig.bench import BenchFile
from rig.cli.shared.output import echo


def prove_wiring(bench_file: BenchFile, serial_number: str, records: str, operator: str, *, unprotected: bool) -> int:
    """Check the wiring with the meter that is there, and note the proof; where it looks wrong the position is locked.

    Raises UsageRefused where another meter is there than the one that is known to be good, WiringWrong.
    """
    from rig.cli.on_bench import run_on_bench
    from rig.errors import UsageRefused, WiringWrong
    from rig.golden.proof import refuse_other_golden_unit
    from rig.golden.state import lock, note_proven
    from rig.plans import end_of_line_plan

    with run_on_bench(bench_file, "prove", records=records, operator=operator, unprotected=unprotected) as meter_run:
        configuration = end_of_line_plan(bench_file).configuration
        found = meter_run.position.identity.serial_number
        if found != serial_number:
            raise UsageRefused(
                f"the meter at position {meter_run.position.name} is {found}, not {serial_number}; connect the meter "
                "that is known to be good, or name its serial number"
            )
        refuse_other_golden_unit(bench_file, serial_number)
        position, run_id = meter_run.position.name, meter_run.record.run_id
        meter_run.configure(configuration)
        try:
            seen = meter_run.check_wiring()
        except WiringWrong as wrong:
            lock(bench_file, position, f"position {position} is locked: golden unit {serial_number} saw {wrong.what}")
            raise
        if seen != "right":
            raise UsageRefused(f"the wiring is not proven: {seen}")
    state = note_proven(bench_file, position, serial_number, run_id)
    echo(
        f"the wiring was proven on {state.proven_utc[:10]} with meter {serial_number}, position {position}; "
        "'rig bench rewired' ends it when a wire is touched"
    )
    return 0


def forget_wiring(bench_file: BenchFile) -> None:
    """Forget what has been proven, and say what that was."""
    from rig.golden.state import forget

    forgotten = forget(bench_file)
    for each in forgotten:
        echo(f"{each}; that holds no longer")
    if not forgotten:
        echo(f"no wiring of bench {bench_file.name} was proven")
