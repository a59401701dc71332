"""``rig quality lot``: acceptance of a lot from its recorded tests, by attributes or by variables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from rig.cli.quality.options import selecting, selection, show, showing
from rig.cli.shared.types import COUNT, LINE, Number

if TYPE_CHECKING:
    from rig.quality.yields import Unit
    from rig.records.production.selection import Selection


@click.command()
@click.argument("name", type=LINE, metavar="LOT")
@selecting
@click.option("--aql", type=Number(0.01, 10.0), required=True, help="Acceptance quality limit, percent nonconforming.")
@click.option(
    "--level", type=click.Choice(("S-1", "S-2", "S-3", "S-4", "I", "II", "III")), default="II", show_default=True
)
@click.option(
    "--lot-size", type=COUNT, default=None, help="Units in the lot  [default: those that have a complete test]."
)
@click.option("--first-pass", is_flag=True, help="Judge units by their first complete test  [default: by the last].")
@click.option("--reduced-permitted", is_flag=True, help="Reduced inspection may be used where the rules allow it.")
@click.option("--variables", is_flag=True, help="Judge the measured errors, not the outcomes.")
@click.option("--tightened", is_flag=True, help="By variables: tightened inspection.")
@click.option("--quantity", type=LINE, default="", help="By variables: only this one, such as active_power.")
@showing
def lot(name: str, records: str, aql: float, level: str, lot_size: int | None, **options: Any) -> int:
    """Accept or refuse LOT by a sample of its recorded tests. Exit code 0: accepted, 1: refused.

    By attributes (ISO 2859-1, ANSI Z1.4) the lots of the same product before it decide whether inspection is normal,
    tightened or reduced. By variables (ANSI Z1.9) each measurement is judged against its limits.
    """
    from rig.quality.sampling.lots import LotRefused
    from rig.reports.quality.production import whole_document

    ways = {
        each: options.pop(each) for each in ("first_pass", "reduced_permitted", "variables", "tightened", "quantity")
    }
    options["lot"] = ""  # lots are told apart below
    chosen = selection(options)
    lots = _lots(records, chosen)
    if name not in lots:
        raise LotRefused(f"no complete test of lot {name} is recorded; see: rig quality yield --by lot")
    units = lots[name]
    if ways["variables"]:
        section, data, accepted = _by_variables(records, chosen, name, units, aql, level, lot_size, ways)
    else:
        section, data, accepted = _by_attributes(lots, name, aql, level, lot_size, ways, options)
    show(
        whole_document("Acceptance of a lot", f"lot {name}", units, [section]), data | {"accepted": accepted}, **options
    )
    return 0 if accepted else 1


def _lots(records: str, chosen: Selection) -> dict[str, tuple[Unit, ...]]:
    """Return the units of each lot, the lot whose first test came first before the others."""
    from rig.quality.yields import units_of
    from rig.records.store import RunStore

    with RunStore.open_to_read(records) as store:
        units = units_of(store.unit_tests(chosen, whole_units=True), chosen)
    lots: dict[str, list[Unit]] = {}
    for unit in sorted(units, key=lambda unit: unit.first.started_utc):
        if unit.first.lot:
            lots.setdefault(unit.first.lot, []).append(unit)
    return {name: tuple(found) for name, found in lots.items()}


def _by_attributes(
    lots: dict[str, tuple[Unit, ...]],
    name: str,
    aql: float,
    level: str,
    lot_size: int | None,
    ways: dict[str, Any],
    options: dict[str, Any],
) -> tuple[Any, dict[str, Any], bool]:
    from rig.quality.sampling.lots import judge_lots
    from rig.reports.quality.lots import attributes_section

    names = list(lots)[: list(lots).index(name) + 1]
    verdicts = judge_lots(
        [(each, lots[each]) for each in names if each == name or len(lots[each]) > 1],
        aql,
        level,
        sizes={name: max(lot_size, len(lots[name]))} if lot_size else None,
        first_pass=ways["first_pass"],
        reduced_permitted=ways["reduced_permitted"],
    )
    draws = options["html"] is not None or options["pdf"] is not None
    section = attributes_section(verdicts, first_pass=ways["first_pass"], draws=draws)
    data = {
        "lots": [
            {"lot": each.lot, "units": each.size, "plan": each.plan, "nonconforming": each.nonconforming,
             "accepted": each.accepted, "next_severity": each.after.severity,
             "sample": [unit.first.serial_number for unit in each.sample]}
            for each in verdicts
        ]
    }  # fmt: skip
    return section, data, verdicts[-1].accepted


def _by_variables(
    records: str,
    chosen: Selection,
    name: str,
    units: tuple[Unit, ...],
    aql: float,
    level: str,
    lot_size: int | None,
    ways: dict[str, Any],
) -> tuple[Any, dict[str, Any], bool]:
    from rig.quality.sampling.attributes import Severity
    from rig.quality.sampling.lots import LotRefused, sample_of
    from rig.quality.sampling.variables import judge, variables_letter, variables_plan
    from rig.quality.series import series_of
    from rig.records.store import RunStore
    from rig.reports.quality.lots import variables_section

    size = max(lot_size or 0, len(units))
    severity = Severity.TIGHTENED if ways["tightened"] else Severity.NORMAL
    plan = variables_plan(variables_letter(size, level), aql, severity)
    tests = [unit.first if ways["first_pass"] else unit.last for unit in sample_of(name, units, plan.size)]
    with RunStore.open_to_read(records) as store:
        values = store.values(replace(chosen, lot=name), ways["quantity"])
    anywhere = [replace(test, station="", position="") for test in tests]  # a lot is judged over all positions
    verdicts = [
        (each.measurement.name, judge(each.values, -each.limit_pct, each.limit_pct, plan))
        for each in series_of(values, anywhere)
        if each.limit_pct is not None and len(each.values) == plan.size
    ]
    if not verdicts:
        raise LotRefused(
            f"lot {name}: no measurement with a limit has a value of each of the {plan.size} units of the sample"
        )
    data = {
        "plan": plan,
        "measurements": [
            {"name": each, "accepted": one.accepted, "estimate": one.estimate, "verdict": one} for each, one in verdicts
        ],
    }
    return variables_section(name, size, verdicts), data, all(one.accepted for _, one in verdicts)
