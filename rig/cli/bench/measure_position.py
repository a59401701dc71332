"""``rig bench measure-position``: the correction of a position, measured with a golden unit."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from rig.bench import BenchFile, one_position
from rig.cli.shared.output import echo


def measure_position(
    whole: BenchFile,
    position: str,
    serial_number: str,
    fitted: str,
    golden_file: Path,
    write: Path,
    *,
    records: str,
    operator: str,
    unprotected: bool,
) -> int:
    """Measure with the golden unit at ``position`` while ``one`` meter is fitted, or ``all``, and write it to a file.

    Raises UsageRefused where another meter is there, or where with ``all`` one does not answer.
    """
    from rig.cli.on_bench import run_on_bench
    from rig.errors import UsageRefused
    from rig.golden.proof import refuse_other_golden_unit
    from rig.metrology.corrections.curves import load_corrections
    from rig.plans import end_of_line_plan
    from rig.procedures.positions.path import measure_path, write_path

    golden, _ = load_corrections(golden_file)
    refuse_other_golden_unit(whole, serial_number)
    of = len(whole.parts.positions)
    file = one_position(whole, position)  # refuses a name that is not there
    if fitted == "all":
        file = whole
    file = file.without("position_corrections")
    configuration = end_of_line_plan(one_position(file, position)).configuration
    with run_on_bench(file, "position", records=records, operator=operator, unprotected=unprotected) as run:
        units = {unit.position.name: unit for unit in run.units}
        if fitted == "all" and len(units) < of:
            raise UsageRefused(
                f"{of - len(units)} of {of} positions do not answer; fit a meter at each, or take --fitted one"
            )
        unit = units.get(position)
        found = unit.position.identity.serial_number if unit is not None else "none"
        if unit is None or found != serial_number:
            raise UsageRefused(f"the meter at position {position} is {found}, not golden unit {serial_number}")
        run.configure(configuration)
        points = measure_path(run, unit.number, golden)
    day = dt.datetime.now(dt.UTC).date()
    is_whole = write_path(write, position, fitted, points, golden_unit=serial_number, of=of, day=day)
    for each in points:
        ratio = f"{each.ratio_error_pct:+.4f} % (U {each.ratio_u_pct:.4f} %)"
        phase = f"{each.phase_error_deg:+.4f} deg (U {each.phase_u_deg:.4f} deg)"
        echo(f"{each.path} {each.phase} at {each.at:g} {'%' if each.path == 'current' else 'V'}: {ratio}, {phase}")
    rest = "" if is_whole else "; it can be used when each of its positions was measured with one fitted and with all"
    echo(f"position {position} with {fitted} fitted is in {write}{rest}")
    return 0
