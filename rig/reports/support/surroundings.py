"""Environment of the rig: versions, environment variables by an allow-list, VISA libraries, serial ports."""

from __future__ import annotations

import os
import platform
import sys
import warnings
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import pyvisa
from serial.tools import list_ports

from drivers.mstp.wire.adapter import lasting_name, latency_timer_ms
from rig.version import git_sha, software_version

ENVIRONMENT = (
    "COLUMNS", "LANG", "LC_ALL", "PYTHONDEVMODE", "PYTHONPATH", "PYTHONSAFEPATH", "PYTHONUTF8", "PYVISA_LIBRARY",
    "RIG_STATE_DIR", "TERM", "TZ", "VIRTUAL_ENV", "WSL_DISTRO_NAME", "XDG_STATE_HOME",
)  # fmt: skip
"""Environment variables whose values are packed; of all others not even the names."""


def versions() -> dict[str, Any]:
    """Versions of the rig, Python, the system and every installed package; the machine's name is not among them."""
    packages = {dist.metadata["Name"]: dist.version for dist in metadata.distributions() if dist.metadata["Name"]}
    return {
        "rig": software_version(),
        "commit": git_sha(),
        "python": sys.version,
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "release": platform.release(),
        "system_version": platform.version(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }


def environment(variables: Mapping[str, str] | None = None) -> tuple[dict[str, str], int]:
    """Environment variables on the list, and how many others there are."""
    found = os.environ if variables is None else variables
    listed = {name: found[name] for name in ENVIRONMENT if name in found}
    return listed, len(found) - len(listed)


def visa() -> str:
    """What pyvisa says of itself and of every VISA library that is installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return str(pyvisa.util.get_debug_info(to_screen=False))


def serial_ports() -> list[dict[str, Any]]:
    """Serial ports of this machine: names, what the adapter says of itself, its latency timer in milliseconds."""
    return [
        {
            "device": port.device,
            "lasting_name": lasting_name(port.device),
            "description": port.description,
            "hardware": port.hwid,
            "latency_timer_ms": latency_timer_ms(port.device),
        }
        for port in sorted(list_ports.comports())
    ]
