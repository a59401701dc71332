"""Which commands would start on a bench, and why others would not: the same checks as the commands'."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping

from drivers.errors import RigError
from drivers.instrument import Identity
from rig.bench import BenchFile
from rig.bench.instruments import refuse_uncalibrated, used_instruments
from rig.bench.protection import is_protected
from rig.load_point import LoadPoint
from rig.plans.suite_plans import certification_plan, end_of_line_plan
from rig.procedures.hold import check_hold
from rig.procedures.needs import JUDGING, require

_FOR_READING = ("switch", "bus", "meter")
"""What a command that only reads a meter opens."""

_UNATTENDED = ("rig eol", "rig certify", "rig regress")
"""Commands that run unattended: refused on a bench without protection, unless ``--unprotected`` is given."""


_OF_ALL = ("rig bus", "rig certify")
"""Commands about all positions of a bench."""


def why_not_startable(
    file: BenchFile, identities: Mapping[str, Identity], today: dt.date, faulty: Collection[str]
) -> dict[str, str | None]:
    """Return, by command, why it would be refused on this bench, None where it would start. No I/O.

    ``identities``: what the instruments said they are, by role. ``faulty``: parts with which something is wrong, by
    role, ``bus``, ``meter`` or ``protection``; a bench is not opened with them. A bench of several positions is looked
    at with each; then the commands need ``--position``, but for a certification, which tests all of them. A bench that
    nothing protects needs ``--unprotected``.
    """
    benches = [file.at_position(one.name) for one in file.parts.positions] or [file]
    needs_name = len(file.parts.positions) > 1

    def certify(bench: BenchFile) -> None:
        require(bench, *JUDGING)
        certification_plan(bench)
        refuse_uncalibrated(used_instruments(bench.parts, identities), today, simulated=bench.parts.simulated)

    def eol(bench: BenchFile) -> None:
        require(bench, *JUDGING)
        end_of_line_plan(bench)

    commands: dict[str, tuple[Callable[[BenchFile], object], bool]] = {
        "rig snapshot": (lambda bench: require(bench, "meter"), True),
        "rig bus": (lambda bench: require(bench, "bus"), True),
        "rig hold": (_check_hold, False),
        "rig eol": (eol, False),
        "rig certify": (certify, False),
        "rig regress": (lambda bench: require(bench, "meter"), False),
    }
    found: dict[str, str | None] = {}
    for command, (check, only_reads) in commands.items():
        name = f"{command} --position NAME" if needs_name and command not in _OF_ALL else command
        if command in _UNATTENDED and not is_protected(file.parts):
            name += " --unprotected"
        bad = sorted(part for part in faulty if not only_reads or part in _FOR_READING)
        looked_at = [file] if command == "rig certify" else benches
        found[name] = _refusal(check, looked_at) or (f"first mend: {', '.join(bad)}" if bad else None)
    return found


def _check_hold(bench: BenchFile) -> None:
    require(bench, "source")
    nominal = bench.parts.nominal
    assert nominal is not None  # a bench file with a source has one
    check_hold(bench, LoadPoint(nominal.voltage_v, 0.0, 0.0, frequency_hz=nominal.frequency_hz))


def _refusal(check: Callable[[BenchFile], object], benches: Collection[BenchFile]) -> str | None:
    for bench in benches:
        try:
            check(bench)
        except RigError as refusal:
            return str(refusal)
    return None
