"""Taking secrets and names of people and machines out of text; what is in doubt goes."""

from __future__ import annotations

import getpass
import ipaddress
import re
import socket
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

_NAMES_OF_SECRETS = (
    r"(?:password|passwd|passphrase|passcode|pwd|secret|credential|private[_-]?key|api[_-]?key|access[_-]?key|"
    r"(?:api|auth|access|bearer|refresh)[_-]?token|authorization|cookie)"
)
_WORD = rf"[\w.-]{{0,40}}{_NAMES_OF_SECRETS}[\w.-]{{0,40}}[\"']?"
_KEY = rf"(?<![\w.-]){_WORD}"
_QUOTED = r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'|["\'][^\n]*'
"""A text in quotation marks, or one of which the end is missing."""

_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}KEY-----|\Z)", re.DOTALL)
_URL_USER = re.compile(r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]{0,20}://)[^\s\"'<>]*@")
_BLOCK = re.compile(
    r"^(?P<indent>[ \t]*)(?P<key>(?:- )?[\"']?" + _KEY + r"[ \t]*:)[ \t]*(?:[|>\[{#][^\n]*)?\n"
    r"(?:(?:(?P=indent)(?:[ \t]+|-[ \t]|[\]}])[^\n]*|[ \t]*)(?:\n|\Z))+",
    re.IGNORECASE | re.MULTILINE,
)
"""A key whose value stands in the lines below it."""

_PAIR = re.compile(rf"(?P<key>{_KEY}[ \t]*[:=][ \t]*)(?P<value>{_QUOTED}|[^\s][^\n]*)", re.IGNORECASE)
_OPTION = re.compile(
    rf"(?P<key>(?<![\w-])--?(?=\w){_WORD}(?:[ \t]*,[ \t]*|[ \t]+|=))"
    rf"(?P<value>{_QUOTED}|[^\s,\]]+)",
    re.IGNORECASE,
)
_PERSON = re.compile(
    rf"(?P<key>[\"']?\b(?:user|user_?name|login|operator|author|checked_by|reviewed_by)\b[\"']?[ \t]*:[ \t]*)"
    rf"(?P<value>{_QUOTED}|[^\s\"'\n][^\n,}}]*)",
    re.IGNORECASE,
)
_HOME = re.compile(r"(?P<root>/home/|/Users/|[A-Za-z]:\\{1,2}Users\\{1,2})(?P<user>[^/\\\s\"':]+)")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+")
_HOST = re.compile(
    r"(?P<before>\bTCPIP\d*::|\bVICP\d*::|//)(?P<host>[A-Za-z0-9_.-]+)(?=::|[:/\s\"',\]}]|$)", re.IGNORECASE
)
_KNOWN_HOSTS = ("localhost",)
_NO_NAMES = ("root", "localhost")
_SHORTEST_NAME = 3


class Redactor:
    """Takes out of texts what must not leave the house; the same host is the same ``host-1`` in all of them.

    Passwords, keys and tokens by the name they stand under, user names and passwords in URLs, private keys, this
    user's and this machine's name, home folders, mail addresses, and hosts that are named (private and local addresses
    stay). ``names``: further words to take out. ``counts``: how much of which kind was taken out.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.counts: Counter[str] = Counter()
        self._hosts: dict[str, str] = {}
        words = {"[user]": {_user()}, "[host]": _host_names(), "[name]": set(names)}
        self._words = [
            (re.compile(rf"(?<![\w]){re.escape(word)}(?![\w])", re.IGNORECASE), sign)
            for sign, found in words.items()
            for word in sorted(found, key=len, reverse=True)
            if len(word) >= _SHORTEST_NAME and word.lower() not in _NO_NAMES
        ]

    def text(self, text: str) -> str:
        """Return ``text`` without its secrets."""
        text = self._sub(_PRIVATE_KEY, "[redacted private key]", text, "secrets")
        text = self._sub(_URL_USER, r"\g<scheme>[redacted]@", text, "secrets")
        text = self._sub(_BLOCK, r"\g<indent>\g<key> [redacted]\n", text, "secrets")
        text = self._sub(_OPTION, r"\g<key>[redacted]", text, "secrets")
        text = self._sub(_PAIR, self._secret, text, "secrets")
        text = self._sub(_PERSON, r'\g<key>"[redacted]"', text, "names of people")
        text = self._sub(_MAIL, "[mail address]", text, "names of people")
        home = str(Path.home())
        if home not in ("/", "/root"):
            text = self._sub(re.compile(re.escape(home)), "~", text, "names of people")
        text = self._sub(_HOME, r"\g<root>[user]", text, "names of people")
        text = _HOST.sub(self._host, text)
        for pattern, sign in self._words:
            text = self._sub(pattern, sign, text, "hosts" if sign == "[host]" else "names of people")
        return text

    def _sub(self, pattern: re.Pattern[str], by: str | Callable[[re.Match[str]], str], text: str, kind: str) -> str:
        done, count = pattern.subn(by, text)
        self.counts[kind] += count
        return done

    @staticmethod
    def _secret(match: re.Match[str]) -> str:
        """Keep what is quoted quoted, so that JSON stays JSON; an unquoted value goes to the end of its line."""
        value = match["value"]
        if value in ("null", "[redacted]", '"[redacted]"'):
            return match[0]
        return f'{match["key"]}"[redacted]"' if value[0] in "\"'" else f"{match['key']}[redacted]"

    def _host(self, match: re.Match[str]) -> str:
        host = match["host"]
        if host.lower() in _KNOWN_HOSTS or not any(c.isalnum() for c in host):
            return match[0]
        try:
            if not ipaddress.ip_address(host).is_global:
                return match[0]
        except ValueError:
            if host.isdigit():
                return match[0]
        self.counts["hosts"] += 1
        return match["before"] + self._hosts.setdefault(host.lower(), f"host-{len(self._hosts) + 1}")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _host_names() -> set[str]:
    name = socket.gethostname()
    return {name, name.partition(".")[0]}
