"""The document of the acceptance of a lot: plan, sample, verdict, operating characteristic and the lots before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rig.quality.sampling.lots import LotVerdict
from rig.quality.sampling.variables import VariablesVerdict
from rig.reports.quality.document import Block, Note, Plot, Section, Table
from rig.reports.quality.figures import BLUE, ORANGE, RED, WIDE, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NOT_CONFIRMED = (
    "This plan's cell was not compared with a public copy of its table: compare it with a bought copy of the standard."
)


def attributes_section(verdicts: Sequence[LotVerdict], *, first_pass: bool, draws: bool) -> Section:
    """Return the verdict of the last lot, and how the rules led to its severity."""
    last = verdicts[-1]
    plan = last.plan
    word = "accepted" if last.accepted else "refused"
    which = "first" if first_pass else "last"
    blocks: list[Block] = [
        Note(
            f"Lot {last.lot} is {word}: {last.nonconforming} of {len(last.sample)} units are nonconforming; "
            f"the plan accepts {plan.accept} and refuses {plan.reject}.",
            is_bad=not last.accepted,
        ),
        f"Single sampling by attributes, ISO 2859-1 / ANSI Z1.4, {plan.severity} inspection: {last.size} units, code "
        f"letter {plan.letter}, AQL {plan.aql:g} %, sample of {len(last.sample)} drawn at random by the lot's name. A "
        f"unit is nonconforming where its {which} complete test failed.",
    ]
    if not plan.confirmed:
        blocks.append(Note(_NOT_CONFIRMED))
    bad = [unit.first.serial_number for unit in last.sample if not (unit.first if first_pass else unit.last).passed]
    if bad:
        blocks.append(f"Nonconforming: {', '.join(bad)}.")
    rows = tuple(
        (
            each.lot, str(each.size), str(each.plan.severity), each.plan.letter, str(len(each.sample)),
            f"{each.plan.accept}/{each.plan.reject}", str(each.nonconforming), _word(accepted=each.accepted),
            str(each.after.severity), str(each.after.score),
        )
        for each in verdicts
    )  # fmt: skip
    heads = ("lot", "units", "inspection", "letter", "sample", "Ac/Re", "nonconforming", "verdict", "next lot", "score")
    blocks.append(Table(heads, rows, (1, 4, 6, 9), "Lots in the order of production (switching: ISO 2859-1:1999, 9.3)"))
    if draws:
        blocks.append(_characteristic(last))
    return Section("Acceptance by attributes", tuple(blocks))


def _word(*, accepted: bool) -> str:
    return "accepted" if accepted else "refused"


def _characteristic(verdict: LotVerdict) -> Plot:
    plan = verdict.plan
    most = min(1.0, max(6.0 * plan.aql / 100.0, 4.0 * plan.reject / plan.size))
    shares = [most * step / 100 for step in range(1, 101)]

    def draw(axes: Axes) -> None:
        axes.plot([100 * p for p in shares], [100 * plan.acceptance_probability(p) for p in shares], color=BLUE)
        axes.axvline(plan.aql, color=ORANGE, linewidth=0.9, linestyle="--")
        axes.annotate(" AQL", (plan.aql, 2), fontsize=7.5, color=ORANGE)
        axes.axhline(10, color=RED, linewidth=0.7, linestyle=":")
        axes.set_xlabel("nonconforming units in the process, %")
        axes.set_ylabel("lots accepted, %")
        axes.set_ylim(0, 103)
        axes.grid(visible=True, color="#d8dee4", linewidth=0.5)
        axes.set_title("Operating characteristic", loc="left", fontweight="bold")

    at_aql = 100 * plan.acceptance_probability(plan.aql / 100)
    caption = f"At the AQL {at_aql:.1f} % of the lots are accepted; dotted: 10 %."
    return Plot(drawn("characteristic", draw, WIDE), caption, wide=True)


def variables_section(lot: str, size: int, verdicts: Sequence[tuple[str, VariablesVerdict]]) -> Section:
    """Return the verdict of a lot by variables: each measurement by itself; the lot is accepted where all are."""
    plan = verdicts[0][1].plan
    refused = [name for name, each in verdicts if not each.accepted]
    word = "accepted" if not refused else f"refused for {len(refused)} of {len(verdicts)} measurements"
    rows = tuple(
        (
            name, f"{each.mean:+.4f}", f"{each.sigma:.4f}", f"{100 * each.below:.4f}", f"{100 * each.above:.4f}",
            f"{100 * each.estimate:.4f}", f"{100 * plan.largest_estimate:.4f}", _word(accepted=each.accepted),
        )
        for name, each in sorted(verdicts, key=lambda pair: -pair[1].estimate)
    )  # fmt: skip
    heads = ("measurement", "mean %", "s %", "below %", "above %", "estimate %", "M %", "verdict")
    blocks: list[Block] = [
        Note(f"Lot {lot} is {word}.", is_bad=bool(refused)),
        f"Sampling by variables, spread unknown, ANSI Z1.9 (of the kind of ISO 3951-1), {plan.severity} inspection: "
        f"{size} units, code letter {plan.letter}, AQL {plan.aql:g} %, sample of {plan.size}, k = {plan.k:g}. "
        "Estimated share outside both limits against M, which follows from k.",
    ]
    if not plan.confirmed:
        blocks.append(Note(_NOT_CONFIRMED))
    blocks.append(Table(heads, rows, tuple(range(1, 7))))
    blocks.append("The method supposes normal values: see the normality of `rig quality capability`.")
    return Section("Acceptance by variables", tuple(blocks))
