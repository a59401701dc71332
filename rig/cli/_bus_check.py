"""``rig bus check``: listens, joins the ring, asks around, and says what is wrong with the bus and what to do."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from drivers.mstp.analysis import BusAnalysis
from drivers.mstp.capture import CaptureInvalid, read_pcapng
from drivers.mstp.clock import monotonic_s
from drivers.mstp.diagnosis import DeviceFound, Finding, Severity, diagnose, diagnose_devices
from drivers.mstp.figures import BusFigures
from drivers.mstp.listener import BusListener
from drivers.mstp.settings import PortSettings
from rig.bench.listening import ListeningPort, open_listening_port
from rig.bench.lock import hold_port
from rig.bench.meters import port_settings
from rig.bench.survey import Survey, own_address_taken, readable_rates, survey
from rig.cli._bus_source import StopFlag, baud_of, refuse_stray_baud
from rig.cli._bus_watch import as_object, picture
from rig.errors import UsageRefused
from rig.exit_codes import ExitCode

_RATE_S = 1.5
_APDU_TIMEOUT_S = 3.0
_MAX_MASTER = 127
_PLAIN_WIDTH = 110
_STYLES = {Severity.FAULT: "bold red", Severity.WARNING: "yellow", Severity.NOTE: ""}
_ONLY_WHEN_LISTENING = ("sole-master", "silence")
"""Findings that the rig's own presence in the ring changes."""


@dataclass(frozen=True)
class CheckResult:
    """What was heard (without and with the rig in the ring), who answered, and what was found."""

    title: str
    heard: BusFigures
    in_ring: BusFigures | None
    own_mac: int | None
    devices: tuple[DeviceFound, ...]
    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> int:
        """1 where a fault was found, else 0."""
        return ExitCode.FAIL if any(f.severity is Severity.FAULT for f in self.findings) else ExitCode.PASS


def check_bus(
    bench: str, device: str | None, baud: int | None, for_s: float, mac: int | None, listen_only: bool
) -> CheckResult:
    """Check the bus of ``device`` if given, else of ``bench``; raises the errors of ports and benches."""
    if device is not None:
        rate = baud_of(device, baud)
        with hold_port(device):
            heard = _listen(device, rate, for_s)
            own = _free_mac(heard) if mac is None else mac
            settings = PortSettings(device, rate, own, _MAX_MASTER, captured_frames=_kept(rate))
            return _judge(f"{device}, {rate} baud", heard, None if listen_only else settings, _APDU_TIMEOUT_S)
    refuse_stray_baud(baud)
    with open_listening_port(bench, "rig bus check", may_talk=not listen_only) as port:
        heard = _listen(port.device, port.baud, for_s)
        talk = None if listen_only else _settings(port, mac)
        timeout_s = port.bus.apdu_timeout_s if port.bus is not None else _APDU_TIMEOUT_S
        return _judge(f"{port.how}: {port.device}, {port.baud} baud", heard, talk, timeout_s)


def check_file(path: Path) -> CheckResult:
    """Judge a capture; raises UsageRefused for a file that is none."""
    try:
        capture = read_pcapng(path)
    except OSError as error:
        raise UsageRefused(f"{path}: {error.strerror}; name a capture written by 'rig bus capture'") from None
    except CaptureInvalid as error:
        raise UsageRefused(f"{path}: {error}") from None
    if not capture.frames or not capture.baud:
        raise UsageRefused(f"{path}: there is no frame in it, or no baud rate; capture for longer")
    analysis = BusAnalysis(capture.baud, capture.frames[0].start_s)
    analysis.take_batch(capture.frames, 0)
    figures = analysis.figures(capture.frames[-1].end_s)
    title = f"{path}: {capture.device}, {capture.baud} baud"
    return CheckResult(title, figures, None, None, (), _worst_first(diagnose(figures)))


def _kept(baud: int) -> int:
    """Frames that half a minute can hold: a token every 2 x 120 bits and no more."""
    return min(100_000, 30 * baud // 120)


def _settings(port: ListeningPort, mac: int | None) -> PortSettings | None:
    part = port.bus
    if part is None:
        return None
    own = part.mac if mac is None else mac
    most = max(part.max_master, own)
    return replace(port_settings(part), mac=own, max_master=most, captured_frames=_kept(part.baud), replug_wait_s=0.0)


def _free_mac(heard: BusFigures) -> int:
    """Return the lowest address from which nothing was heard and to which nobody spoke."""
    known = {node.mac for node in heard.nodes}
    return next((mac for mac in range(_MAX_MASTER + 1) if mac not in known), _MAX_MASTER)


def _listen(device: str, baud: int, for_s: float) -> BusFigures:
    with StopFlag(for_s) as stop, BusListener(device, baud) as listener:
        analysis = BusAnalysis(baud, monotonic_s())
        for heard in stop.hear(listener):
            if heard is not None:
                analysis.take_batch(heard.frames, heard.stray_octets)
        if stop.is_set:
            raise click.exceptions.Abort
        return analysis.figures(monotonic_s())


def _judge(title: str, heard: BusFigures, talk: PortSettings | None, timeout_s: float) -> CheckResult:
    findings = diagnose(heard)
    kinds = {finding.kind for finding in findings}
    asked = Survey(None, (), ())
    if talk is None:
        pass
    elif "wrong-baud" in kinds:
        findings.append(_other_rates(talk.device, talk.baud))
    elif talk.mac in heard.heard:
        findings.append(own_address_taken(talk.mac))
    else:
        asked = survey(talk, timeout_s)
    own_mac = talk.mac if talk is not None and asked.figures is not None else None
    if asked.figures is not None:
        # The rig fills a gap itself when it is there: what is left counts.
        findings = [finding for finding in findings if finding.kind != "address-gaps"]
        told = {(finding.kind, finding.mac) for finding in findings}
        findings += [
            finding
            for finding in diagnose(asked.figures)
            if finding.kind not in _ONLY_WHEN_LISTENING
            and (finding.kind, finding.mac) not in told
            and finding.mac != own_mac
        ]
    masters = {*heard.masters, *(asked.figures.masters if asked.figures is not None else ())}
    of_devices = diagnose_devices(asked.devices, masters)
    if any(finding.kind == "address-gaps" for finding in findings):  # it says the same, with what it costs
        of_devices = [f for f in of_devices if f.kind != "max-master" or f.severity is not Severity.NOTE]
    findings += [*asked.findings, *of_devices]
    return CheckResult(title, heard, asked.figures, own_mac, asked.devices, _worst_first(findings))


def _worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


def _other_rates(device: str, baud: int) -> Finding:
    rates = [rate for rate in readable_rates(device, _RATE_S) if rate != baud]
    if rates:
        what, advice = f"at {rates[0]} baud good frames come", f"use --baud {rates[0]}, or 'baud' in the bench file"
    else:
        what = "at no other baud rate good frames come either"
        advice = "swap the two RS-485 wires; then look for a node that talks all the time"
    return Finding(Severity.NOTE, "baud-scan", None, what, advice)


def show(result: CheckResult, as_json: bool) -> None:
    """Print the result as tables, or as one JSON object."""
    if as_json:
        click.echo(json.dumps(_as_object(result), indent=2))
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PLAIN_WIDTH)
    console.print(picture(result.title, result.heard, None))
    if result.in_ring is not None:
        console.print()
        console.print(picture(f"with the rig in the ring at MAC {result.own_mac}", result.in_ring, None))
    if result.devices:
        console.print()
        console.print(_device_table(result.devices))
    console.print()
    if not result.findings:
        console.print("nothing wrong was found", style="bold green")
    for finding in result.findings:
        style = _STYLES[finding.severity]
        what = f"{finding.severity.upper()} {finding.where}: {finding.what}"
        console.print(Text(what, style=style, no_wrap=False))
        console.print(Padding(finding.advice, (0, 0, 0, 4)), highlight=False)


def _device_table(devices: tuple[DeviceFound, ...]) -> Table:
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
    return {
        "heard": as_object(result.heard),
        "in_ring": as_object(result.in_ring) if result.in_ring is not None else None,
        "own_mac": result.own_mac,
        "devices": [
            {
                "mac": device.mac,
                "device_instance": device.device_instance,
                "vendor_identifier": device.vendor_identifier,
                "name": device.name,
                "max_master": device.max_master,
                "max_info_frames": device.max_info_frames,
            }
            for device in result.devices
        ],
        "findings": [
            {
                "severity": str(finding.severity),
                "kind": finding.kind,
                "mac": finding.mac,
                "what": finding.what,
                "advice": finding.advice,
            }
            for finding in result.findings
        ],
    }
