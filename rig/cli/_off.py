"""``rig off``: every source of a bench off and verified; needs no lock, no run, no driver that could be in the way."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--bench", default="emulated", show_default=True, metavar="NAME|PATH", help="Bench file.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def off(bench: str, as_json: bool) -> int:
    """Switch every source of a bench off, now, and verify it: exit 0 when confirmed, 13 when not."""
    from rig.bench import switch_bench_off
    from rig.exit_codes import ExitCode

    results = switch_bench_off(bench)
    confirmed = all(result.confirmed for result in results)
    if as_json:
        answer = [{"source": r.resource, "confirmed": r.confirmed, "details": r.details} for r in results]
        click.echo(json.dumps({"confirmed": confirmed, "sources": answer}, indent=2))
    elif not results:
        click.echo("nothing to switch off: this bench has no source now (an emulated one exists only while it is open)")
    for result in [] if as_json else results:
        click.echo(
            f"{result.resource}: {'OFF, verified' if result.confirmed else 'NOT CONFIRMED OFF'}: {result.details}"
        )
    if not as_json and (last := _last_entry(bench)) is not None:
        click.echo(last)
    if not confirmed:
        click.echo("Treat the outputs as live and switch the source off by its own switch.", err=True)
    return ExitCode.PASS if confirmed else ExitCode.NOT_SAFE


def _last_entry(bench: str) -> str | None:
    """What the guardian of this bench did last, None where it never had to do anything."""
    from rig.bench import load_bench
    from rig.safety.journal import read_journal

    name = load_bench(bench).name
    entries = [entry for entry in read_journal() if entry.get("bench") == name]
    if not entries:
        return None
    last = entries[-1]
    return (
        f"the guardian's last entry: {last.get('time')}: {last.get('reason')}: "
        f"{'off, confirmed' if last.get('confirmed') is True else 'NOT CONFIRMED OFF'}"
    )
