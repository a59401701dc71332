"""``rig certify`` and ``rig regress``, and how any suite of tests_hil is run with pytest and the rig's own output."""

from __future__ import annotations

import datetime as dt
import json
import os
import uuid
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from drivers.log import LEVELS
from rig.cli.shared.output import echo, make_console
from rig.cli.shared.time_left import Expected
from rig.cli.shared.types import COUNT, HOURS, LINE, REPEATS, RULE, AnyPath
from rig.records import RECORDS

if TYPE_CHECKING:
    from rig.bench import BenchFile
    from rig.plans import Plan
    from rig.run.resuming.request import Resumable

_ROOT = Path(__file__).resolve().parents[2]

_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--bench", default="emulated", show_default=True, metavar="NAME|PATH", help="Bench file."),
    click.option("--position", default=None, metavar="NAME", help="The position, where the bench has several."),
    click.option("--out", type=AnyPath(), default=None, help="Folder for this run's files."),
    click.option(
        "--records", default=None, metavar="URL|PATH", help="Database of runs  [default: runs/records.sqlite]"
    ),
    click.option("--operator", type=LINE, default="", help="Who runs this; goes into the record."),
    click.option("--station", type=LINE, default="", help="Station name; goes into the record."),
    click.option(
        "--unprotected",
        is_flag=True,
        help="Energise though neither a source watchdog nor a contactor is there; recorded.",
    ),
    click.option(
        "--log-level",
        type=click.Choice(LEVELS, case_sensitive=False),
        default="info",
        show_default=True,
        help="Least level of what goes into run.log.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object on standard output."),
)


def with_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the options that all suites have; ``Chosen`` takes them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@with_options
@click.option("--max-points", type=COUNT, default=None, help="Measure the first N load points only.")
@click.option(
    "--longest-gate",
    "longest_gate_h",
    type=HOURS,
    default=1.0,
    show_default=True,
    metavar="HOURS",
    help="Longest energy gate that is run.",
)
@click.option("--anyway", is_flag=True, help="Measure also where most results would be INCONCLUSIVE.")
@click.option(
    "--programme",
    "programme_name",
    type=LINE,
    default="intrinsic",
    show_default=True,
    metavar="intrinsic|short|full|FILE",
    help="What is certified; 'rig plan certify' shows it.",
)
@click.option("-k", "select", default=None, metavar="EXPRESSION", help="Measure only what matches, as pytest's -k.")
@click.option("--repeat", type=REPEATS, default=1, metavar="N", help="Measure all of it N times, pass after pass.")
@click.option("--allow-reset", is_flag=True, help="Also test what clears the meter's demand and logs.")
@click.option("--strict", is_flag=True, help="Refuse a bench that cannot do all of the programme.")
@click.option("--rule", type=RULE, default="ilac_g8_non_binary", show_default=True, help="Decision rule.")
@click.option("--accept-wiring", is_flag=True, help="Measure though the wiring check finds it wrong: the meter may be.")
@click.option(
    "--after-adjustment-of", default=None, metavar="RUN", help="The run that found this meter before it was adjusted."
)
@click.option("--resume", default=None, metavar="RUN", help="Go on with an interrupted run, as `rig runs` lists it.")
def certify(
    max_points: int | None,
    longest_gate_h: float,
    anyway: bool,
    resume: str | None,
    accept_wiring: bool,
    programme_name: str,
    select: str | None,
    repeat: int,
    allow_reset: bool,
    strict: bool,
    **options: Any,  # Any: click's options
) -> int:
    """Certify a meter against its accuracy classes: every load point that has a limit row, or a programme."""
    before, rule = options.pop("after_adjustment_of"), options.pop("rule")
    if resume is not None:
        return _resume(resume, Chosen(**options))
    from rig.plans import certification_plan, load_programme
    from rig.plans.forecast import forecast, refuse_what_concludes_little
    from rig.plans.programmes import lasting_name
    from rig.procedures.needs import JUDGING

    programme = load_programme(programme_name)
    bench_file = bench_with(JUDGING, options, several=True)
    plan = certification_plan(bench_file, max_points=max_points, programme=programme, strict=strict)
    if not anyway:
        refuse_what_concludes_little(bench_file, forecast(bench_file, plan))
    extra = [f"--max-points={max_points}"] if max_points else []
    extra += [
        f"--decision-rule={rule}",
        f"--programme={lasting_name(programme_name)}",
        f"--repeat={repeat}",
        f"--longest-gate={longest_gate_h}",
    ]
    extra += [*(["--strict-programme"] if strict else []), *(["--accept-wiring"] if accept_wiring else [])]
    extra += [*(["--anyway"] if anyway else []), *(["--allow-reset"] if allow_reset else [])]
    if before is not None:
        from rig.run.adjustment import run_before

        extra.append(f"--after-adjustment-of={run_before(before, options['records'] or RECORDS).run_id}")
    if select:
        from rig.plans.made_plan import MadePlan
        from rig.run.questions import selected_parts

        shown_by = f"'rig plan certify --programme {programme_name}'"
        impossible = {each.key: each.why for each in plan.not_possible}
        # Refused where there is nothing.
        made = MadePlan("certification", bench_file, plan)
        selected_parts(made, select, [*_where(options), *extra], shown_by, impossible)
        extra.append(f"-k={select}")
    return run_suite("certify", "certification", bench_file, plan, extra, Chosen(**options))


@click.command()
@with_options
@click.option("--allow-reset", is_flag=True, help="Also ask what clears the meter's energies, demand and logs.")
@click.option("-k", "select", default=None, metavar="EXPRESSION", help="Ask only what matches, as pytest's -k.")
@click.option(
    "--longest",
    "longest_h",
    type=HOURS,
    default=1.0,
    show_default=True,
    metavar="HOURS",
    help="Skip questions of more bench time.",
)
def regress(allow_reset: bool, select: str | None, longest_h: float, **options: Any) -> int:  # Any: click's
    """Ask a meter about each behaviour that its manual describes; what it was set to is put back."""
    if select:
        from rig.run.questions import questions_of

        questions_of("firmware_regression", select)  # refused in one sentence where there is none
    extra = [*(["--allow-reset"] if allow_reset else []), *([f"-k={select}"] if select else [])]
    extra.append(f"--longest={longest_h}")
    return run_suite("regress", "firmware_regression", bench_with(("meter",), options), None, extra, Chosen(**options))


_WITH_RESUME = ("resume", "records", "log_level", "as_json")
"""Options that an interrupted run does not bring along."""


def _resume(reference: str, chosen: Chosen) -> int:
    """Go on with the interrupted certification that ``reference`` names, with the options that it was begun with."""
    from click.core import ParameterSource

    from rig.errors import UsageRefused
    from rig.procedures.needs import JUDGING
    from rig.records.store import RunStore
    from rig.run.pytest_options import stored_options
    from rig.run.resuming.request import refuse_another_bench, resumable

    context = click.get_current_context()
    for option in context.command.params:
        name = str(option.name)
        if name not in _WITH_RESUME and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise UsageRefused(f"--resume goes on with the options of the run; leave {option.opts[0]} out")
    with RunStore.open(chosen.records or RECORDS) as store:
        resumed = resumable(store, reference)
    same = asdict(stored_options(resumed))
    chosen = replace(chosen, **{name: same[name] for name in ("bench", "position", "out", "unprotected")})
    bench_file = bench_with(JUDGING, asdict(chosen), several=True)
    refuse_another_bench(resumed, bench_file)
    return run_suite("certify", "certification", bench_file, None, [], chosen, resumed)


def bench_with(needed: Collection[str], options: dict[str, Any], *, several: bool = False) -> BenchFile:
    """Read the bench file that ``options`` name, once, and refuse it before pytest begins; see ``needs``."""
    from rig.bench import load_bench, one_position
    from rig.bench.positions.masks import present_positions
    from rig.procedures.needs import require, require_protection
    from rig.run.pytest_ways import refuse_without_assertions

    choose = present_positions if several else one_position
    bench_file = choose(load_bench(options["bench"]), options["position"])
    require(bench_file, *needed)
    require_protection(bench_file, unprotected=options["unprotected"])
    refuse_without_assertions()
    return bench_file


def _where(options: dict[str, Any]) -> list[str]:
    """The options of pytest that choose the bench."""
    words = [f"--bench={options['bench']}"]
    words += [f"--position={options['position']}"] if options["position"] else []
    return [*words, *(["--unprotected"] if options["unprotected"] else [])]


@dataclass(frozen=True)
class Chosen:
    """What was chosen with the options that all suites have."""

    bench: str
    position: str | None
    out: Path | None
    records: str | None
    operator: str
    station: str
    unprotected: bool
    log_level: str
    as_json: bool


def run_suite(
    kind: str,
    suite: str,
    bench_file: BenchFile,
    plan: Plan | None,
    extra: list[str],
    chosen: Chosen,
    resumed: Resumable | None = None,
    *,
    what: str = "",
    plugins: Sequence[object] = (),
) -> int:
    """Run a suite with pytest; ``plan``: None where it is not known here. ``resumed``: the run that goes on.

    ``what``: what is done, in words, where there is no plan. ``plugins``: of pytest, beside the rig's own.
    """
    import pytest
    from rich.text import Text

    from rig.cli.shared.console import ConsoleReporter
    from rig.exit_codes import ExitCode
    from rig.plans.made_plan import MadePlan
    from rig.run.folder import claim, folder_for, release

    made = [MadePlan(suite, bench_file, plan)] if plan is not None else []
    # A descriptor of its own: pytest redirects standard output of all code inside a test.
    descriptor = os.dup(2 if chosen.as_json else 1)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
        console = make_console(stream)
        run_id = str(uuid.uuid4()) if resumed is None else resumed.run.run_id
        folder = (chosen.out or folder_for(dt.datetime.now(dt.UTC), kind, run_id)).resolve()
        claim(folder, run_id)
        where = chosen.records or RECORDS
        what = what or (
            f"{len(plan.points)} of {plan.points_in_all} load points{_tests_text(plan)}, "
            f"at most {plan.highest_voltage_v:g} V L-N"
            if plan is not None
            else "one question for each behaviour"
            if resumed is None
            else f"run {run_id[:8]} is resumed, {resumed.text}"
        )
        junit = "junit.xml" if resumed is None else f"junit-{resumed.part}.xml"
        console.print(
            Text.assemble((kind, "bold"), " on bench ", (bench_file.name, "bold"), f" ({bench_file.path.name}): {what}")
        )
        # With "=": what begins with a dash is a value all the same.
        options: dict[str, object] = {
            "suite": kind, "bench": chosen.bench, "out": folder, "run-id": run_id, "records": where,
            "operator": chosen.operator, "station": chosen.station, "run-log-level": chosen.log_level,
            "alluredir": folder / "allure-results", "junit-xml": folder / junit,
        }  # fmt: skip
        if resumed is not None:
            options["resume"] = run_id
        if chosen.position is not None:
            options["position"] = chosen.position
        words = [*(f"--{name}={value}" for name, value in options.items()), *extra]
        if chosen.unprotected:
            words.append("--unprotected")
        with ConsoleReporter(console, kind, "questions" if plan is None and resumed is None else "steps") as reporter:
            code = int(
                pytest.main(
                    [
                        str(_ROOT / "tests_hil" / suite),
                        "-c", str(_ROOT / "pyproject.toml"),
                        "--rootdir", str(_ROOT),
                        "-p", "no:terminalreporter",
                        *words,
                    ],
                    plugins=[reporter, *made, *plugins],
                )
            )  # fmt: skip
        if (folder / "results.json").exists():
            _show(console, where, folder, junit, chosen.as_json, reporter.told)
        elif code == pytest.ExitCode.USAGE_ERROR:  # else the plugin has done it
            release(folder, run_id)
    return {4: ExitCode.REFUSED, 5: ExitCode.REFUSED, 3: ExitCode.RIG_ERROR}.get(code, code)


def _expected(plan: Plan) -> dict[Hashable, Expected]:
    """What each part of a plan is expected to take."""
    from rig.plans.steps import steps

    return {step.part: Expected(step.kind, step.duration_s) for step in steps(plan, 1.0)}


def _tests_text(plan: Plan) -> str:
    count, left_out = len(plan.tests), len(plan.not_possible)
    planned = f", {count} planned tests" if count else ""
    return planned + (f" ({left_out} not possible here: 'rig plan certify' names them)" if left_out else "")


def _show(console: Any, where: str, folder: Path, junit: str, as_json: bool, told: Collection[str]) -> None:
    from rich.text import Text

    from rig.records.store import RunStore
    from rig.reports.tables import attention_text, meaning_line, result_table, units_text, verdict_line

    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    if as_json:
        echo(json.dumps(results, indent=1))
        return
    with RunStore.open(where) as store:
        run = store.run(results["run_id"])
    if any(point.results for point in run.points):
        console.print(result_table(run, console.width))
    if attention := attention_text(run, told):
        console.print(attention)
    if run.header.product:
        from rig.reports.end_of_line import bench_time_text, position_results

        for each in position_results(run):
            style = {"PASS": "bold green", "FAIL": "bold red"}.get(each.word, "bold yellow")
            console.print(Text(each.line, style=style), soft_wrap=True)
        if took := bench_time_text(run):
            console.print(f"bench time: {took}", highlight=False)
    elif by_unit := units_text(run):
        console.print(by_unit)
    console.print(verdict_line(run))
    console.print(meaning_line(run), highlight=False)
    limits = {r.limit.standard: r.limit.is_verified for p in run.points for r in p.results if r.limit is not None}
    unverified = [standard for standard, verified in limits.items() if not verified]
    if unverified:
        console.print(f"limit table unverified: {', '.join(unverified)}", highlight=False)
    names = ("report.html", "plots", "results.csv", "results.json", "allure-results", junit, "run.log")
    for path in (folder / name for name in names):
        if path.exists():
            console.print(f"  {_short(path)}", highlight=False, soft_wrap=True)
    console.print(f"  {where} (run {run.run_id[:8]})", highlight=False)


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
