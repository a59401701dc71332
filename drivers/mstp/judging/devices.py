"""Findings about devices from their announcements: addresses, instances, Max_Master."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from drivers.mstp.judging.finding import DeviceFound, Finding, fault, note, warning


def diagnose_devices(devices: Sequence[DeviceFound], masters: Iterable[int]) -> list[Finding]:
    """Judge what devices say of themselves; ``masters``: addresses of all masters known, this rig's own included.

    Only devices of this bus can have one address of it twice; an instance is to be unique on all networks.
    """
    findings = [*_addresses(devices), *_instances(devices)]
    highest = max(masters, default=0)
    for device in devices:
        if device.network == 0:
            findings += _max_master(device, highest)
    return findings


def _addresses(devices: Sequence[DeviceFound]) -> Iterable[Finding]:
    by_mac: defaultdict[int, set[int]] = defaultdict(set)
    told: defaultdict[int, set[int]] = defaultdict(set)
    for device in devices:
        if device.network == 0:
            by_mac[device.mac].add(device.device_instance)
            told[device.mac].update(device.answered)
    for mac in sorted(by_mac):
        announced, answered = by_mac[mac], told[mac]
        if len(announced) > 1:
            what = f"devices {_listed(announced)} both answer from this address"
        elif len(answered) > 1:
            what = f"two stations have this address: asked for its device, it said {_listed(answered)} in turn"
        else:
            continue
        advice = "give one of them another address; until then neither can be trusted to hear or to be heard"
        yield fault("duplicate-mac", what, advice, mac)


def _instances(devices: Sequence[DeviceFound]) -> Iterable[Finding]:
    places: defaultdict[int, dict[str, DeviceFound]] = defaultdict(dict)
    for device in devices:
        places[device.device_instance][device.where] = device
    for instance, found in sorted(places.items()):
        if len(found) > 1:
            local = [device for device in found.values() if device.network == 0]
            where = f"MAC {', '.join(str(mac) for mac in sorted(device.mac for device in local))}" if local else ""
            remote = [device.where for device in found.values() if device.network]
            yield fault(
                "duplicate-instance",
                f"device instance {instance} is there more than once: {'; '.join(filter(None, (where, *remote)))}",
                "give each device an instance of its own; clients that look for this one find either",
                min(device.mac for device in (local or found.values())),
            )


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))


def _max_master(device: DeviceFound, highest: int) -> Iterable[Finding]:
    limit = device.max_master
    if limit is None:
        return
    if limit < device.mac:
        yield fault(
            "max-master",
            f"its Max_Master is {limit}, below its own address",
            f"set its Max_Master to {highest} at least",
            device.mac,
        )
    elif limit < highest:
        yield warning(
            "max-master",
            f"its Max_Master is {limit}, and there is a master at {highest}: it will never poll for that one, which "
            "can then only join if another master finds it",
            f"set its Max_Master to {highest} at least, the same in all devices",
            device.mac,
        )
    elif limit > highest and device.mac == highest:
        yield note(
            "max-master",
            f"its Max_Master is {limit} and the highest master is {highest}: it polls {limit - highest} addresses that "
            "give no answer",
            f"set Max_Master of all devices to {highest}, or to the highest address planned",
            device.mac,
        )
