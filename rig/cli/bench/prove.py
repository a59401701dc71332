"""``rig bench prove`` and ``rewired``: a meter that is known to be good proves how a position is wired."""

from __future__ import annotations

from rig.bench import BenchFile
from rig.cli.shared.output import echo, make_console


def prove_wiring(bench_file: BenchFile, serial_number: str, records: str, operator: str, *, unprotected: bool) -> int:
    """Check the wiring with the meter that is there, and note the proof; nothing is proven where it looks wrong.

    Raises UsageRefused where another meter is there than the one that is known to be good, WiringWrong.
    """
    from rig.bench.wiring_proof import prove
    from rig.cli.hold import Stop, closing
    from rig.errors import UsageRefused
    from rig.plans import end_of_line_plan
    from rig.procedures.needs import JUDGING, require, require_protection
    from rig.run.events import LOG_ONLY, Event
    from rig.run.run import Run, RunOptions

    require(bench_file, *JUDGING)
    require_protection(bench_file, unprotected=unprotected)
    configuration = end_of_line_plan(bench_file).configuration
    options = RunOptions(
        bench=str(bench_file.path), suite="prove", records=records, operator=operator, unprotected=unprotected
    )
    run = Run(options, rule=None)
    console = make_console()

    def show(event: Event) -> None:
        if not isinstance(event, LOG_ONLY) and str(event):
            console.print(str(event), markup=False, highlight=False, soft_wrap=True)

    run.events.subscribe(Event, show)
    with Stop() as stop, closing(run), run.opened(bench_file, on_time=stop.look) as meter_run:
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
    from rig.bench.wiring_proof import forget_proofs

    forgotten = forget_proofs(bench_file)
    for proof in forgotten:
        echo(f"position {proof.position}: {proof.text}; that holds no longer")
    if not forgotten:
        echo(f"no wiring of bench {bench_file.name} was proven")
