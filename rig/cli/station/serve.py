"""``rig serve``: the page of a test station, for its operator and its engineer."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import LINE, AnyPath
from rig.records import RECORDS


@click.command()
@click.option("--bench", default="emulated", show_default=True, metavar="NAME|PATH", help="Bench file.")
@click.option("--product", type=LINE, default="", metavar="NAME|PATH", help="Product variant that is tested.")
@click.option("--name", type=LINE, default="station", show_default=True, help="Name of the station; goes into records.")
@click.option("--lot", type=LINE, default="", help="Lot of the units; goes into records.")
@click.option("--mask", "masked", multiple=True, metavar="POSITION", help="Leave a position out; may be repeated.")
@click.option("--records", default=RECORDS, show_default=True, metavar="URL|PATH", help="Database of runs.")
@click.option("--folder", type=AnyPath(), default=Path("station"), show_default=True, help="For state and run files.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address that is listened at.")
@click.option("--port", type=click.IntRange(0, 65535), default=8414, show_default=True, help="0 takes a free one.")
@click.option("--unprotected", is_flag=True, help="As of 'rig eol': no source watchdog and no contactor.")
def serve(
    bench: str,
    product: str,
    name: str,
    lot: str,
    masked: tuple[str, ...],
    records: str,
    folder: Path,
    host: str,
    port: int,
    unprotected: bool,
) -> int:
    """Serve the page of a station: scan, test, result, and Outputs off.

    A run is a process of its own. It goes on when this service ends, and is shown again when it is started again.
    """
    from rig.bench import load_bench
    from rig.bench.discovery.panels import meter_number, panel_endpoint
    from rig.errors import UsageRefused
    from rig.products import load_product
    from rig.products.scan import serial_number_of
    from rig.reports.extra_packages import need
    from rig.station.attempts import AttemptNotes
    from rig.station.panel_watch import PanelWatch
    from rig.station.scan import any_serial_number
    from rig.station.service import Station
    from rig.station.serving import serve as serve_station
    from rig.station.settings import StationSettings

    need("jinja2", "starlette", "uvicorn", extra="station")
    positions = tuple(each.name for each in load_bench(bench).parts.positions) or ("1",)
    if unknown := [each for each in masked if each not in positions]:
        raise UsageRefused(f"bench {bench} has no position {unknown[0]}; it has {', '.join(positions)}")
    settings = StationSettings(
        folder=folder,
        bench=bench,
        name=name,
        product=product,
        positions=positions if product else positions[:1],
        masked=masked,
        records=records,
        lot=lot,
        unprotected=unprotected,
    )
    reads = partial(serial_number_of, product=load_product(product)) if product else any_serial_number
    file = load_bench(bench)

    def where(position: str) -> tuple[str, int] | None:
        endpoint = panel_endpoint(file)
        return None if endpoint is None else (endpoint, meter_number(file, position or None))

    panel = PanelWatch(where) if file.is_launched else None
    notes = AttemptNotes(records)
    station = Station(settings, serial_number_of=reads, note_attempt=notes.note, panel=panel)
    serve_station(station, host, port, echo)
    return 0
