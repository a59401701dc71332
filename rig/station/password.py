"""The engineer's password of a station: kept as a scrypt hash in a file that only its user can read."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from rig.errors import UsageRefused
from rig.safety.state import read_json, write_json

PASSWORD_FILE = "engineer.json"

_LEAST_LENGTH = 8
_COST = {"n": 2**14, "r": 8, "p": 1}
"""RFC 7914; 16 MB of memory and tens of milliseconds for each attempt."""


def set_password(folder: Path, password: str) -> None:
    """Keep the hash of ``password`` for the station in ``folder``; raises UsageRefused for one that is too short."""
    if len(password) < _LEAST_LENGTH:
        raise UsageRefused(f"the password has less than {_LEAST_LENGTH} characters")
    salt = secrets.token_bytes(16)
    folder.mkdir(parents=True, exist_ok=True)
    before = os.umask(0o077)
    try:
        write_json(folder / PASSWORD_FILE, {"salt": salt.hex(), "hash": _hashed(password, salt).hex()}, to_disk=True)
    except OSError as error:
        raise UsageRefused(f"{folder / PASSWORD_FILE} cannot be written ({error.strerror})") from None
    finally:
        os.umask(before)


def has_password(folder: Path) -> bool:
    """Whether the station in ``folder`` has one."""
    return _kept(folder) is not None


def is_password(folder: Path, password: str) -> bool:
    """Whether ``password`` is that of the station in ``folder``; False where it has none."""
    kept = _kept(folder)
    if kept is None:
        return False
    salt, wanted = kept
    return hmac.compare_digest(_hashed(password, salt), wanted)


def _hashed(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, maxmem=64 << 20, **_COST)


def _kept(folder: Path) -> tuple[bytes, bytes] | None:
    note = read_json(folder / PASSWORD_FILE) or {}
    try:
        return bytes.fromhex(note["salt"]), bytes.fromhex(note["hash"])
    except (KeyError, TypeError, ValueError):
        return None
