"""``rig snapshot``: the whole meter read over the bus; nothing is switched on."""

from __future__ import annotations

import json
import math

import click

from rig.cli.shared.output import echo


@click.command()
@click.option("--bench", default="emulated", show_default=True, metavar="NAME|PATH", help="Bench file.")
@click.option("--position", default=None, metavar="NAME", help="The position, where the bench has several.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def snapshot(bench: str, position: str | None, as_json: bool) -> None:
    """Read present value and reliability of every object of the meter."""
    from drivers.meter.errors import MeterTimeout
    from meter_model.objects.points import OBJECTS
    from rig.bench import load_bench, one_position, open_bench
    from rig.bench.meters import noise_on
    from rig.errors import BenchFault
    from rig.procedures.needs import require

    bench_file = one_position(load_bench(bench), position)
    require(bench_file, "meter")
    with open_bench(bench_file.for_reading(), command="rig snapshot") as opened:
        found = opened.positions[0]
        try:
            read = found.meter.snapshot()
        except MeterTimeout as error:
            noise = noise_on(found.meter.bus)
            if not noise:
                raise
            advice = "check termination, bias, shield and wires (rig bus check says more)"
            raise BenchFault(f"position {found.name}: {error}; {noise}; {advice}") from None
        for line in opened.not_as_found:
            echo(f"warning: {line}", err=True)
    points = {(str(point.kind), point.instance): point for point in OBJECTS}
    rows = [
        {
            "object": f"{kind}{instance}",
            "name": points[kind, instance].name,
            "value": None if math.isnan(value) else value,
            "unit": points[kind, instance].unit,
            "reliability": read.reliability.get((kind, instance)),
        }
        for (kind, instance), value in read.values.items()
    ]
    if as_json:
        answer = {
            "serial_number": found.identity.serial_number,
            "device_instance": found.identity.device_instance,
            "seconds": read.answered_at_s - read.requested_at_s,
            "torn": read.torn,
            "objects": rows,
        }
        echo(json.dumps(answer, indent=2))
        return
    echo(f"{found.identity.object_name} (device {found.identity.device_instance}, MAC {found.mac})")
    for row in rows:
        value = "----" if row["value"] is None else f"{row['value']:.7g}"
        note = f"  reliability {row['reliability']}" if row["reliability"] else ""
        echo(f"{row['object']:<5} {row['name']:<28} {value:>14} {row['unit']}{note}")
    taken = read.answered_at_s - read.requested_at_s
    torn = "; TORN: the meter updated in between, the values are not all of one second" if read.torn else ""
    echo(f"read in {taken:.3f} s with {len(read.parts)} requests{torn}")
