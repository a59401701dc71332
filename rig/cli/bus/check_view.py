"""How the result of ``rig bus check`` is shown: the conclusion first, then figures, devices, and the rest."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from drivers.mstp.judging.conclusion import Conclusion
from drivers.mstp.judging.finding import DeviceFound, Severity
from rig.cli.bus.check import CheckResult
from rig.cli.bus.watch import as_object, picture
from rig.cli.shared.output import echo, make_console, picked

_PLAIN_WIDTH = 120
_STYLES = {Severity.FAULT: "bold red", Severity.WARNING: "yellow", Severity.NOTE: ""}
_MOST_EVIDENCE = 6


def show(result: CheckResult, as_json: bool) -> None:
    """Print the result as tables, or as one JSON object."""
    if as_json:
        echo(json.dumps(_as_object(result), indent=2))
        return
    console = make_console(plain_width=_PLAIN_WIDTH)
    console.print(picture(result.title, result.heard, None))
    if result.in_ring is not None:
        console.print()
        console.print(picture(_ring_title(result), result.in_ring, None))
    local = [device for device in result.devices if device.network == 0]
    if local:
        console.print()
        console.print(_device_table(local))
    console.print()
    conclusion = result.conclusion
    if conclusion is None:
        console.print("nothing wrong was found", style="bold green")
    else:
        _show_conclusion(console, conclusion)
    explained = (conclusion.finding, *conclusion.follows) if conclusion is not None else ()
    for finding in result.findings:
        if finding in explained:
            continue
        what = f"{finding.severity.upper()} {finding.where}: {finding.what}"
        console.print(Text(what, style=_STYLES[finding.severity], no_wrap=False))
        console.print(Padding(finding.advice, (0, 0, 0, 4)), highlight=False)


def _ring_title(result: CheckResult) -> str:
    if result.own_mac is None:
        return "what was heard while the rig waited for the token"
    return f"with the rig in the ring at MAC {result.own_mac}, Max_Master {result.own_max_master}"


def _show_conclusion(console: Console, conclusion: Conclusion) -> None:
    finding = conclusion.finding
    style = _STYLES[finding.severity]
    told = f"CONCLUSION: {finding.severity.upper()} {finding.where}: {finding.what}"
    console.print(Text(f"{told} ({conclusion.cause})", style=style, no_wrap=False))
    console.print(Padding(finding.advice, (0, 0, 0, 4)), highlight=False)
    if conclusion.follows:
        console.print(Padding("it explains, too:", (0, 0, 0, 4)), highlight=False)
    for one in conclusion.follows[:_MOST_EVIDENCE]:
        console.print(Padding(f"{one.severity.upper()} {one.where}: {one.what}", (0, 0, 0, 6)), highlight=False)
    if len(conclusion.follows) > _MOST_EVIDENCE:
        left = len(conclusion.follows) - _MOST_EVIDENCE
        console.print(Padding(f"and {left} more findings of these kinds (--json has all)", (0, 0, 0, 6)))


def _device_table(devices: list[DeviceFound]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("MAC", "device", "vendor", "Max_Master", "Max_Info_Frames"):
        table.add_column(name, justify="right")
    table.add_column("name")
    for device in devices:
        numbers = (device.mac, device.device_instance, device.vendor_identifier)
        limits = (device.max_master, device.max_info_frames)
        table.add_row(*map(str, numbers), *("–" if n is None else str(n) for n in limits), device.name or "–")
    return table


def _as_object(result: CheckResult) -> dict[str, object]:
    conclusion, probed = result.conclusion, result.probed
    return {
        "conclusion": conclusion
        and asdict(conclusion.finding) | {"cause": conclusion.cause, "evidence": list(conclusion.evidence)},
        "heard": as_object(result.heard),
        "in_ring": result.in_ring and as_object(result.in_ring),
        **picked(result, "own_mac", "own_max_master"),
        "devices": [
            {
                "network": device.network,
                "mac": device.mac if device.network == 0 else None,
                "remote_address": device.remote_address or None,
                "router_mac": device.mac if device.network else None,
                **picked(device, "device_instance", "vendor_identifier", "name", "max_master", "max_info_frames"),
            }
            for device in result.devices
        ],
        "routers": [{"mac": mac, "networks": list(networks)} for mac, networks in result.routers.items()],
        "probed": probed and picked(probed, "masters", "others") | {"no_answer": probed.unanswered},
        "findings": [asdict(finding) for finding in result.findings],
    }
