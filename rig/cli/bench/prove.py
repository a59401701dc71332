"""``rig bench prove`` and ``rewired``: a meter that is known to be good proves how a position is wired."""

from __future__ import annotations

from rig.bench import BenchFile
from rig.cli.shared.output import echo


def prove_wiring(bench_file: BenchFile, serial_number: str, records: str, operator: str, *, unprotected: bool) -> int:
    """Check the wiring with the meter that is there, and note the proof; nothing is proven where it looks wrong.

    Raises UsageRefused where another meter is there than the one that is known to be good, WiringWrong.
    """
    from rig.cli.on_bench import run_on_bench
    from rig.errors import UsageRefused
    from rig.plans import end_of_line_plan
    from rig.procedures.wiring_check.proof import prove

    with run_on_bench(bench_file, "prove", records=records, operator=operator, unprotected=unprotected) as meter_run:
        configuration = end_of_line_plan(bench_file).configuration
        found = meter_run.position.identity.serial_number
        if found != serial_number:
            raise UsageRefused(
                f"the meter at position {meter_run.position.name} is {found}, not {serial_number}; connect the meter "
                "that is known to be good, or name its serial number"
            )
        meter_run.configure(configuration)
        seen = meter_run.check_wiring()
        if seen != "right":
            raise UsageRefused(f"the wiring is not proven: {seen}")
        position, run_id = meter_run.position.name, meter_run.record.run_id
    proof = prove(bench_file, position, serial_number, run_id)
    echo(f"{proof.text}, position {proof.position}; 'rig bench rewired' ends it when a wire is touched")
    return 0


def forget_wiring(bench_file: BenchFile) -> None:
    """Forget what has been proven, and say what that was."""
    from rig.procedures.wiring_check.proof import forget_proofs

    forgotten = forget_proofs(bench_file)
    for proof in forgotten:
        echo(f"position {proof.position}: {proof.text}; that holds no longer")
    if not forgotten:
        echo(f"no wiring of bench {bench_file.name} was proven")
