"""``rig bus watch``: the table of who is on the bus and what it does, drawn again every second, or as JSON lines."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from drivers.mstp.analysis import BusAnalysis
from drivers.mstp.clock import monotonic_s
from drivers.mstp.figures import BusFigures, NodeFigures, Spread
from drivers.mstp.judging.bus import ranges
from drivers.mstp.listener import BusListener
from rig.cli.bus.listened_bus import StopFlag
from rig.cli.shared.output import echo, make_console, output_has_ended, picked

_PLAIN_WIDTH = 120


def watch_bus(listener: BusListener, how: str, stop: StopFlag, every_s: float, as_json: bool) -> None:
    """Listen until stopped; show the figures every ``every_s`` seconds, or at the end where there is no terminal."""
    console = make_console(plain_width=_PLAIN_WIDTH)
    title = f"{how}, {listener.baud} baud"
    analysis = BusAnalysis(listener.baud, monotonic_s())
    before = analysis.figures(monotonic_s())
    shown_s = time.monotonic()
    with ExitStack() as stack:
        live = None
        if console.is_terminal and not as_json:
            live = stack.enter_context(Live(console=console, auto_refresh=False, vertical_overflow="visible"))
        for heard in stop.hear(listener):
            if heard is not None:
                analysis.take_batch(heard.frames, heard.stray_octets)
            if time.monotonic() < shown_s + every_s:
                continue
            shown_s = time.monotonic()
            now = analysis.figures(monotonic_s())
            if as_json:
                echo(json.dumps(as_object(now, before)))
            elif live is not None:
                live.update(picture(title, now, before), refresh=True)
            before = now
            if output_has_ended():
                return
    if live is None and not as_json:
        console.print(picture(title, analysis.figures(monotonic_s()), None))


def as_object(now: BusFigures, before: BusFigures | None = None) -> dict[str, Any]:
    """Return figures as a JSON object: times in seconds, frames a second and load since ``before``."""
    frames_per_s, load_pct = now.since(before) if before is not None else (now.frames_per_s, now.load_pct)
    return {
        "duration_s": round(now.duration_s, 3),
        **picked(now, "baud", "frames"),
        "frames_per_s": round(frames_per_s, 1),
        "load_pct": round(load_pct, 1),
        "masters": list(now.masters),
        "token_rotation_s": spread_object(now.rotation),
        **picked(now, "octets", "header_crc_errors", "data_crc_errors", "stray_octets", "tokens_lost", "token_retries"),
        "longest_silence_s": round(now.longest_silence_s, 6),
        **picked(now, "polls", "polls_in_vain"),
        "poll_wait_s": round(now.poll_wait_s, 6),
        "polled_in_vain": sorted(now.polled_in_vain),
        **picked(now, "unseen_frames", "own_gaps"),
        "dead_s": round(now.dead_s, 3),
        "routers": [{"mac": mac, "networks": list(networks)} for mac, networks in now.routers],
        "remote_devices": [
            picked(one, "network")
            | {"address": one.address_text, "router_mac": one.router}
            | picked(one, "device_instance")
            for one in now.remote_devices
        ],
        "nodes": [_node_object(node) for node in now.nodes],
    }


def _node_object(node: NodeFigures) -> dict[str, Any]:
    spreads = ("rotation", "hold", "usage", "reply")
    values = picked(node, *(name for name in NodeFigures.__slots__ if name not in spreads))
    return values | {f"{name}_s": spread_object(getattr(node, name)) for name in spreads}


def spread_object(spread: Spread | None) -> dict[str, float] | None:
    """Return times as a JSON object, seconds to the microsecond; None where nothing was timed."""
    if spread is None:
        return None
    times = {"least": spread.least_s, "mean": spread.mean_s, "most": spread.most_s}
    return {"count": spread.count, **{name: round(value, 6) for name, value in times.items()}}


def picture(title: str, now: BusFigures, before: BusFigures | None) -> Group:
    """Draw the figures: four lines about the bus, a table of the stations, and a line that says what the times are."""
    frames_per_s, load_pct = now.since(before) if before is not None else (now.frames_per_s, now.load_pct)
    masters = ranges(now.masters) if now.masters else "none heard"
    share = f"{now.poll_wait_s / now.duration_s:.1%} of the time" if now.duration_s else "no time"
    trouble = now.damaged or now.stray_octets or now.tokens_lost or now.token_retries
    return Group(
        Text(title, style="bold"),
        Text(
            f"{now.duration_s:.0f} s   {frames_per_s:.0f} frames/s   load {load_pct:.0f} %   "
            f"token rotation {pair_ms(now.rotation) or '–'} ms   masters {masters}"
        ),
        Text(
            f"damaged {now.damaged} (header {now.header_crc_errors}, data {now.data_crc_errors})   stray octets "
            f"{now.stray_octets}   tokens lost {now.tokens_lost}, repeated {now.token_retries}   longest silence "
            f"{now.longest_silence_s:.3f} s",
            style="red" if trouble else "",
        ),
        Text(f"polls {now.polls}, in vain {now.polls_in_vain}: {share}"),
        *_networks(now),
        _stations(now) if now.nodes else Text("no station heard" if not now.octets else "octets, but no good frame"),
        Text("times in ms, mean/worst, as heard here: a busy computer reads late", style="dim"),
    )


def _networks(now: BusFigures) -> list[Text]:
    """Say which stations are routers, what is beyond them, and which devices there were heard."""
    lines = []
    for mac, networks in now.routers:
        devices = [
            f"{one.device_instance} (network {one.network}, MAC {one.address_text})"
            for one in now.remote_devices
            if one.router == mac
        ]
        heard = f"; devices {', '.join(devices)}" if devices else ""
        lines.append(Text(f"MAC {mac} is a router to network {', '.join(map(str, networks))}{heard}"))
    return lines


def _stations(now: BusFigures) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    has_devices = any(node.device_instances for node in now.nodes)
    columns = {title: cell for title, cell in _COLUMNS.items() if has_devices or title != _DEVICE}
    for title in columns:
        table.add_column(title, justify="left" if title == _KIND else "right", no_wrap=True)
    for node in now.nodes:
        table.add_row(*(cell(node) for cell in columns.values()))
    return table


def _count(number: int) -> str:
    return str(number) if number else ""


def pair_ms(spread: Spread | None) -> str:
    """Write the mean and the worst of times, in milliseconds; nothing where nothing was timed."""
    return "" if spread is None else f"{_ms(spread.mean_s)}/{_ms(spread.most_s)}"


def _ms(time_s: float) -> str:
    return f"{time_s * 1e3:.0f}" if time_s >= 0.1 else f"{time_s * 1e3:.1f}"


_KIND, _DEVICE = "\nis", "\ndevice"
_COLUMNS: dict[str, Callable[[NodeFigures], str]] = {
    "\nMAC": lambda node: str(node.mac),
    _KIND: lambda node: "master" if node.is_master else "other" if node.frames else "silent",
    _DEVICE: lambda node: ", ".join(map(str, node.device_instances)),
    "\nframes": lambda node: str(node.frames),
    "\ndata": lambda node: str(node.data_frames),
    "\nnext": lambda node: "" if node.next_station is None else str(node.next_station),
    "token\nrotation": lambda node: pair_ms(node.rotation),
    "token\nused in": lambda node: pair_ms(node.usage),
    "token\nrepeated": lambda node: _count(node.token_retries),
    "\nreplies": lambda node: str(node.reply.count) if node.reply else "",
    "reply\ntime": lambda node: pair_ms(node.reply),
    "no\nreply": lambda node: _count(node.unanswered),
    "post-\nponed": lambda node: _count(node.postponed),
    "\ndamaged": lambda node: _count(node.damaged),
}
"""The table of stations: titles, and what stands there of each."""
