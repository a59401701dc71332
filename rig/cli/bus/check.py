"""``rig bus check``: listen, join the ring, ask the devices, and print what is wrong with the bus and what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click

from drivers.meter.application import RIG_DEVICE_INSTANCE
from drivers.mstp.analysis import BusAnalysis, figures_of
from drivers.mstp.capture import CaptureInvalid, read_capture
from drivers.mstp.clock import monotonic_s
from drivers.mstp.diagnosis import diagnose
from drivers.mstp.figures import BusFigures
from drivers.mstp.judging.conclusion import Conclusion, conclude, ranked
from drivers.mstp.judging.devices import diagnose_devices
from drivers.mstp.judging.finding import DeviceFound, Finding, Severity, note, warning
from drivers.mstp.listener import BusListener
from drivers.mstp.settings import BAUD_RATES, PortSettings
from rig.bench.discovery.bus_found import HIGHEST_MASTER, free_mac, readable_rates
from rig.bench.discovery.listening import ListeningPort, open_listening_port
from rig.bench.discovery.probing import Probed
from rig.bench.discovery.survey import Survey, devices_beyond, own_address_taken, survey
from rig.bench.lock import hold_port
from rig.bench.positions.buses import port_settings
from rig.cli.bus.listened_bus import StopFlag, baud_of, refuse_stray_baud
from rig.cli.shared.output import echo
from rig.errors import UsageRefused
from rig.exit_codes import ExitCode

_RATE_S = 1.5
_DRAIN_S, _DRAINED_S = 0.3, 3.0
"""The listening process reports what it hears within 50 ms; this long without a report, nothing was heard."""
_APDU_TIMEOUT_S = 3.0
_ONLY_WHEN_LISTENING = ("sole-master", "silence")
"""Findings that the rig's own presence in the ring changes."""


@dataclass(frozen=True)
class Wanted:
    """How a bus is to be checked: seconds of listening, own address (None: the bench's) and instance, and how far."""

    for_s: float = 5.0
    mac: int | None = None
    listen_only: bool = False
    everywhere: bool = False
    instance: int = RIG_DEVICE_INSTANCE
    probe: bool = False


@dataclass(frozen=True)
class CheckResult:
    """What was heard (without and with the rig in the ring), who answered, and what was found.

    ``own_mac``: the rig's address where it had the token; ``own_max_master``: the highest address it polled then.
    """

    title: str
    heard: BusFigures
    in_ring: BusFigures | None
    own_mac: int | None
    own_max_master: int | None
    devices: tuple[DeviceFound, ...]
    findings: tuple[Finding, ...]
    probed: Probed | None = None

    @property
    def exit_code(self) -> int:
        """10 where a fault was found, else 0: a bus belongs to the bench, and 1 is kept for a meter that failed."""
        return ExitCode.RIG_ERROR if any(f.severity is Severity.FAULT for f in self.findings) else ExitCode.PASS

    @property
    def conclusion(self) -> Conclusion | None:
        """The cause of what was found; None where there is neither a fault nor a warning."""
        return conclude(self.findings)

    @property
    def routers(self) -> dict[int, tuple[int, ...]]:
        """Routers by MAC, each with the networks beyond it."""
        found: dict[int, set[int]] = {}
        for figures in (self.heard, self.in_ring):
            for mac, networks in figures.routers if figures is not None else ():
                found.setdefault(mac, set()).update(networks)
        return {mac: tuple(sorted(networks)) for mac, networks in sorted(found.items())}


def check_bus(
    bench: str, device: str | None, baud: int | None, wanted: Wanted, position: str | None = None
) -> CheckResult:
    """Check the bus of ``device`` if given, else of ``bench``; raises the errors of ports and benches.

    ``position``: whose bus, on a bench whose positions have ports of their own.
    """
    if device is not None:
        rate = baud_of(device, baud)
        with hold_port(device):
            heard = _listen(device, rate, wanted.for_s)
            own = free_mac(heard) if wanted.mac is None else wanted.mac
            most = _max_master(heard, own)
            settings = PortSettings(device, rate, own, most, captured_frames=_kept(rate), watchful=True)
            talk = None if wanted.listen_only else settings
            return _judge(f"{device}, {rate} baud", heard, talk, _APDU_TIMEOUT_S, wanted)
    refuse_stray_baud(baud)
    with open_listening_port(bench, "rig bus check", may_talk=not wanted.listen_only, position=position) as port:
        heard = _listen(port.device, port.baud, wanted.for_s)
        talk = None if wanted.listen_only else _settings(port, wanted.mac)
        part = port.bus
        timeout_s = part.apdu_timeout_s if part is not None else _APDU_TIMEOUT_S
        if wanted.instance == RIG_DEVICE_INSTANCE and part is not None:
            wanted = replace(wanted, instance=part.device_instance)
        return _judge(f"{port.how}: {port.device}, {port.baud} baud", heard, talk, timeout_s, wanted)


def check_file(path: Path, baud: int | None = None) -> CheckResult:
    """Judge a capture, of ``baud`` where it does not say so itself; raises UsageRefused for another file."""
    if path.exists() and not path.is_file():
        raise UsageRefused(f"{path}: is no regular file; name a capture of MS/TP frames (pcapng, pcap or cap)")
    try:
        capture = read_capture(path)
    except OSError as error:
        raise UsageRefused(f"{path}: {error.strerror}; name a capture of MS/TP frames (pcapng, pcap or cap)") from None
    except CaptureInvalid as error:
        raise UsageRefused(f"{path}: {error}") from None
    if not capture.frames:
        raise UsageRefused(f"{path}: there is no frame in it; capture for longer")
    told = 0 if capture.is_estimated else capture.baud
    if baud is not None and baud not in BAUD_RATES:
        raise UsageRefused(f"--baud {baud}: use one of {', '.join(map(str, BAUD_RATES))}")
    if baud is not None and told and baud != told:
        raise UsageRefused(f"{path}: it was captured at {told} baud; leave out --baud {baud}")
    rate = told or baud or capture.baud
    if not rate:
        raise UsageRefused(f"{path}: it does not say the baud rate; give it with --baud N")
    paced = capture.at_baud(rate)
    figures = figures_of(paced.frames, paced.baud, paced.stray_octets)
    guessed = " (as its stamps suggest; --baud N if it was another)" if rate == capture.baud and not told else ""
    title = ", ".join(part for part in (f"{path}", capture.device, f"{rate} baud{guessed}") if part)
    return CheckResult(title, figures, None, None, None, devices_beyond(figures), tuple(ranked(diagnose(figures))))


def _kept(baud: int) -> int:
    """Frames that half a minute can hold: a token every 2 x 120 bits and no more."""
    return min(100_000, 30 * baud // 120)


def _settings(port: ListeningPort, mac: int | None) -> PortSettings | None:
    part = port.bus
    if part is None:
        return None
    own = part.mac if mac is None else mac
    return replace(
        port_settings(part),
        mac=own,
        max_master=max(part.max_master, own),
        captured_frames=_kept(part.baud),
        replug_wait_s=0.0,
        watchful=True,
    )


def _max_master(heard: BusFigures, own: int) -> int:
    """Return how far the rig polls where no bench file says so: as far as the masters themselves do.

    A single master, or none at all, gives no figure for that.
    """
    if len(heard.masters) < 2:
        return HIGHEST_MASTER
    polled = [node.highest_polled for node in heard.nodes if node.highest_polled is not None]
    return max(1, own, *heard.masters, *polled)


def _listen(device: str, baud: int, for_s: float) -> BusFigures:
    with StopFlag(for_s) as stop, BusListener(device, baud) as listener:
        analysis = BusAnalysis(baud, monotonic_s())
        for heard in stop.hear(listener):
            if heard is not None:
                analysis.take_batch(heard.frames, heard.stray_octets)
        if stop.is_set:
            raise click.exceptions.Abort
        end_s = monotonic_s()
        # Frames heard before the end may still be in the socket, if this process was late.
        last_s = 0.0
        while last_s < end_s and monotonic_s() < end_s + _DRAINED_S and (more := listener.listen(_DRAIN_S)) is not None:
            analysis.take_batch(more.frames, more.stray_octets)
            last_s = max(last_s, *(seen.end_s for seen in more.frames), 0.0)
        return analysis.figures(max(end_s, last_s))


def _judge(title: str, heard: BusFigures, talk: PortSettings | None, timeout_s: float, wanted: Wanted) -> CheckResult:
    findings = diagnose(heard)
    kinds = {finding.kind for finding in findings}
    asked = Survey(None, (), (), joined=False)
    if talk is None:
        pass
    elif "wrong-baud" in kinds:
        findings.append(_other_rates(talk.device, talk.baud))
    elif talk.mac in heard.heard:
        findings.append(own_address_taken(talk.mac))
    else:
        asked = survey(talk, timeout_s, wanted.instance, wanted.everywhere, _tell if wanted.probe else None)
    own_mac = talk.mac if talk is not None and asked.joined else None
    if asked.figures is not None:
        findings = _with_those_of_the_ring(findings, asked.figures, talk.mac if talk is not None else None)
    masters = {*heard.masters, *(asked.figures.masters if asked.figures is not None else ())}
    if asked.probed is not None and asked.probed.masters:
        masters |= set(asked.probed.masters)
        findings = [finding for finding in findings if finding.kind != "address-gaps"]  # they are no gaps
    devices = asked.devices or devices_beyond(heard)
    of_devices = diagnose_devices(devices, masters)
    if any(finding.kind == "address-gaps" for finding in findings):  # it says the same, with what it costs
        of_devices = [f for f in of_devices if f.kind != "max-master" or f.severity is not Severity.NOTE]
    known = {(finding.kind, finding.mac) for finding in findings if finding.kind == "duplicate-mac"}
    findings += [*asked.findings, *(f for f in of_devices if (f.kind, f.mac) not in known)]
    findings += _own_instance(devices, own_mac, wanted)
    most = talk.max_master if talk is not None and own_mac is not None else None
    return CheckResult(title, heard, asked.figures, own_mac, most, devices, tuple(ranked(findings)), asked.probed)


def _tell(line: str) -> None:
    """Say at once, beside the result, what takes long."""
    echo(line, err=True)


def _with_those_of_the_ring(heard: list[Finding], in_ring: BusFigures, own_mac: int | None) -> list[Finding]:
    """Add what was found with the rig in the ring; where both found the same, the worse of the two stays.

    The rig fills a gap itself when it is there: what is left of the gaps counts. What the rig did itself says nothing.
    """
    found = {(finding.kind, finding.mac): finding for finding in heard if finding.kind != "address-gaps"}
    order = list(Severity)
    for finding in diagnose(in_ring):
        if finding.kind in _ONLY_WHEN_LISTENING or (finding.mac == own_mac and finding.kind != "duplicate-mac"):
            continue
        before = found.get((finding.kind, finding.mac))
        worse = order.index(finding.severity) - order.index(before.severity) if before is not None else -1
        if worse < 0 or (worse == 0 and finding.mac is None):  # as bad, and of the bus: the later one
            found[finding.kind, finding.mac] = finding
    return list(found.values())


def _own_instance(devices: tuple[DeviceFound, ...], own_mac: int | None, wanted: Wanted) -> list[Finding]:
    """Say that another device has the instance of the rig's own."""
    own = wanted.instance
    if own_mac is None:
        return []
    return [
        warning(
            "duplicate-instance",
            f"device instance {own} is this rig's own, and the device at {device.where} has it too",
            "give the rig another one: 'bus: device_instance' in the bench file, or --instance",
            device.mac,
        )
        for device in devices
        if device.device_instance == own
    ]


def _other_rates(device: str, baud: int) -> Finding:
    rates = [rate for rate in readable_rates(device, _RATE_S) if rate != baud]
    if rates:
        what, advice = f"at {rates[0]} baud good frames come", f"use --baud {rates[0]}, or 'baud' in the bench file"
    else:
        what = "at no other baud rate good frames come either"
        advice = "swap the two RS-485 wires; then look for a node that talks all the time"
    return note("baud-scan", what, advice)
