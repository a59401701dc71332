"""``rig bus``: what happens on the RS-485 bus, live (watch), in a file for Wireshark (capture), and judged (check)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from rig.cli.shared.types import BAUD, COUNT, SECONDS, AnyPath, Number


def _with_source(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which bus."""
    for option in (
        click.option("--baud", type=BAUD, default=None, metavar="N", help="Baud rate of --device."),
        click.option("--device", default=None, metavar="PATH", help="Serial port, without any bench file."),
        click.option(
            "--position", default=None, metavar="NAME", help="Whose bus, where positions have ports of their own."
        ),
        click.option("--bench", default="emulated", show_default=True, metavar="NAME|PATH", help="Bench file."),
    ):
        command = option(command)
    return command


_FOR = click.option("--for", "for_s", type=SECONDS, default=None, metavar="SECONDS")


@click.group()
def bus() -> None:
    """See what happens on the RS-485 bus; watch and capture only listen and never transmit."""


@bus.command()
@_with_source
@_FOR
@click.option("--every", "every_s", type=Number(0.2, 3600.0), default=1.0, show_default=True, metavar="SECONDS")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line instead of a table.")
def watch(
    bench: str,
    device: str | None,
    position: str | None,
    baud: int | None,
    for_s: float | None,
    every_s: float,
    as_json: bool,
) -> None:
    """Show who is on the bus and what it does, live, until Ctrl-C or for SECONDS."""
    from rig.cli.bus.listened_bus import StopFlag, open_listener
    from rig.cli.bus.watch import watch_bus

    source = (bench, device, baud, "rig bus watch", position)
    with StopFlag(for_s) as stop, open_listener(*source) as (listener, how):
        watch_bus(listener, how, stop, every_s, as_json)


@bus.command()
@click.argument("file", type=AnyPath(allow_dash=True))
@_with_source
@_FOR
@click.option("--frames", type=COUNT, default=None, metavar="N", help="Stop after N frames.")
def capture(
    file: Path,
    bench: str,
    device: str | None,
    position: str | None,
    baud: int | None,
    for_s: float | None,
    frames: int | None,
) -> None:
    """Write every frame on the bus to FILE (pcapng, "-" is standard output), until Ctrl-C, for SECONDS or N frames."""
    from rig.cli.bus.capture import capture_bus
    from rig.cli.bus.listened_bus import StopFlag, open_listener

    source = (bench, device, baud, "rig bus capture", position)
    with StopFlag(for_s) as stop, open_listener(*source) as (listener, how):
        capture_bus(listener, how, file, stop, frames)


@bus.command()
@_with_source
@click.option(
    "--for", "for_s", type=Number(1.0, 86_400.0), default=5.0, show_default=True, metavar="SECONDS",
    help="How long to listen first.",
)  # fmt: skip
@click.option("--mac", type=click.IntRange(0, 127), default=None, help="The rig's address  [default: the bench's]")
@click.option("--listen-only", is_flag=True, help="Do not take part in the ring: no Who-Is, nothing read.")
@click.option(
    "--probe", is_flag=True,
    help="Also ask every address, beyond every Max_Master: masters 0 to 127, slaves 0 to 254; takes a minute or two.",
)  # fmt: skip
@click.option("--global", "everywhere", is_flag=True, help="Ask the devices behind routers too, on all networks.")
@click.option(
    "--instance",
    type=click.IntRange(0, 4_194_302),
    default=4_194_302,
    help="Device instance of the rig itself  [default: the bench's, or 4194302]",
)
@click.option(
    "--file",
    type=AnyPath(),
    default=None,
    help="Judge a capture made before (pcapng, pcap, cap) instead of a bus.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
def check(
    bench: str, device: str | None, position: str | None, baud: int | None, file: Path | None, as_json: bool, **how: Any
) -> int:  # Any: the fields of Wanted
    """Look for what is wrong with the bus and say what to do about it: exit 10 when a fault is found.

    Listens first. Then joins the ring, asks who is there, and reads each device's Max_Master and Max_Info_Frames. The
    first thing said is the one conclusion, with what shows it.
    """
    from rig.cli.bus.check import Wanted, check_bus, check_file
    from rig.cli.bus.check_view import show

    wanted = Wanted(**how)
    result = check_bus(bench, device, baud, wanted, position) if file is None else check_file(file, baud)
    show(result, as_json)
    return result.exit_code
