"""Ask the running run something over its socket: answers to prompts, pause, continue."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any

_LONGEST_S = 1.0


def ask_run(path: str, request: Mapping[str, Any]) -> str:
    """Send a request, one JSON line; returns why the run refused it, empty where it took it."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(_LONGEST_S)
            link.connect(path)
            link.sendall(json.dumps(request).encode() + b"\n")
            said = json.loads(link.makefile("rb").readline())
            return str(said.get("error", ""))
    except (OSError, ValueError, AttributeError):
        return "The run did not take it. Try again; if it lasts, press Outputs off."
