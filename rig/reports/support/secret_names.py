"""Which names stand for secrets: keys of files, columns, options, environment variables."""

from __future__ import annotations

import re

_ALWAYS = frozenset(
    {
        "apikey", "apikeys", "auth", "authentication", "authorization", "bearer", "community", "cookie", "cookies",
        "credential", "credentials", "jwt", "kennwort", "login", "logins", "netrc", "oauth", "otp", "passcode",
        "passphrase", "passwd", "password", "passwords", "passwort", "pin", "pins", "psk", "pw", "pwd", "pwds",
        "secret", "secrets", "totp", "wpa",
    }
)  # fmt: skip
_AT_THE_END = frozenset({"key", "keys", "pass", "passes", "token", "tokens"})
_HARMLESS_BEFORE_KEY = frozenset({"foreign", "host", "known", "lookup", "primary", "public", "sort", "unique"})
_WITHIN = re.compile(
    r"passw(?:or)?d|passphrase|passcode|secret|credential|api_?key|private_?key|access_?key|authorization|authtoken",
    re.IGNORECASE,
)
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def is_secret_name(name: str) -> bool:
    """Whether what stands under ``name`` is a secret, or may be one; ``tokens_lost`` and ``public_key`` are none."""
    if _WITHIN.search(name.replace("-", "_")):
        return True
    parts = [part.lower() for part in _PARTS.findall(name)]
    if not parts:
        return False
    if _ALWAYS.intersection(parts):
        return True
    is_harmless = parts[-1] in ("key", "keys") and len(parts) > 1 and parts[-2] in _HARMLESS_BEFORE_KEY
    return parts[-1] in _AT_THE_END and not is_harmless
