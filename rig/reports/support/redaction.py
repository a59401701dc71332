"""Remove secrets and names of people and machines from text; remove in doubt."""

from __future__ import annotations

import getpass
import ipaddress
import re
import socket
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from rig.reports.support.secrets import Secrets

_QUOTED = r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\'|["\'][^\n]*'
"""A text in quotation marks, or one of which the end is missing."""

_PERSON = re.compile(
    rf"(?P<key>[\"']?\b(?:user|user_?name|operator|author|checked_by|reviewed_by)\b[\"']?[ \t]*:[ \t]*)"
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
        self._secrets = Secrets()
        words = {"[user]": {_user()}, "[host]": _host_names(), "[name]": set(names)}
        self._words = [
            (re.compile(rf"(?<![\w]){re.escape(word)}(?![\w])", re.IGNORECASE), sign)
            for sign, found in words.items()
            for word in sorted(found, key=len, reverse=True)
            if len(word) >= _SHORTEST_NAME and word.lower() not in _NO_NAMES
        ]

    def learn(self, text: str) -> None:
        """Take note of secrets in a file, so that they are taken out of other texts too."""
        self._secrets.learn(text)

    def text(self, text: str) -> str:
        """Return ``text`` without its secrets."""
        text = self._secrets.take_out(self._secrets.json(text))
        self.counts["secrets"] = self._secrets.count
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
