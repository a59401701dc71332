"""Remove secrets from texts: by the names they stand under, by their form, and by values learnt from other texts."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from rig.files.yaml_file import parse_yaml
from rig.reports.support.secret_names import is_secret_name

MARK = "[redacted]"
_SHORTEST_LEARNT = 4
_QUOTED = r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\n]|\'\')*\''
_LINE_END = re.compile(r"[\r\n]")
_KEY = re.compile(r"(?<![\w.-])(?P<quote>[\"']?)(?P<name>[A-Za-z_][\w.-]{0,80})(?P=quote)[ \t]*(?:=>|:=|[:=])[ \t]*")
_OPTION = re.compile(
    r"(?<![\w-])(?P<quote>[\"']?)--?(?P<name>[A-Za-z][\w.-]{0,80})(?P<between>(?P=quote)[ \t]*,[ \t]*|[ \t]+|=)"
)
_VALUE = re.compile(rf"{_QUOTED}|[\"'][^\n]*|[^\s][^\n]*")
_OPTION_VALUE = re.compile(rf"{_QUOTED}|[\"'][^\n]*|[^\s,\]-][^\s,\]]*")
_LINE_KEY = re.compile(
    r"(?P<indent>[ \t]*)(?P<key>(?:- +)*[\"']?(?P<name>[A-Za-z_][\w .-]{0,80})[\"']?[ \t]*:)(?:[ \t]|$)"
)
_SHAPES = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"-----BEGIN [A-Z0-9 ]{0,60}-----.*?(?:-----END [A-Z0-9 ]{0,60}-----|\Z)", re.DOTALL),
        (r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?", 0),
        (r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", 0),
        (r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk-|hf_)[\w-]{12,}", 0),
        (
            r"(?<=\bBearer )[\w.~+/=-]{6,}|(?<=\bBasic )(?=\S*[0-9=+/])[\w+/=-]{6,}|(?<=\bDigest )\S+=\S+[^\n]*",
            re.IGNORECASE,
        ),
    )
)
_URL_USER = re.compile(r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]{0,20}://)[^\s\"'<>]*@")
_URL_QUERY = re.compile(r"(?P<url>\b[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s\"'<>?]*\?)(?!\[redacted\])[^\s\"'<>]+")
_USER_AND_PASSWORD = re.compile(r"(?<![\w./-])(?P<user>[\w.-]{1,64}):(?!/)[^\s:@/\"'\[\]]{1,128}@(?=[\w.-]+)")
_SAID = re.compile(
    r"\b(?P<word>passw(?:or)?ds?|passwort|kennwort|passphrases?|passcodes?|pwd|secrets?|credentials?|api[ _-]?keys?|"
    r"community)(?P<end>\b(?!-)[\"']?[ \t]+(?![:=\[]))[^\s\"'][^\n\"']*",
    re.IGNORECASE,
)
"""A secret in plain words, as in a comment: "the password of the gateway is ..."; the rest of the line goes."""

_PIN = re.compile(
    r"\b(?P<word>pins?(?:[ -]?(?:code|number|no\.?))?)\b(?P<between>[ \t]*(?:is|:|=)?[ \t]*)[0-9][0-9 -]{2,}",
    re.IGNORECASE,
)


class Secrets:
    """Takes secrets out of texts. ``count`` is how many; values that were learnt are taken out of every later text."""

    def __init__(self) -> None:
        self.count = 0
        self._learnt: dict[str, re.Pattern[str]] = {}

    def learn(self, text: str) -> None:
        """Take note of the values that stand under names of secrets in ``text``, where it is YAML or JSON."""
        try:
            data, _ = parse_yaml("text", text)
        except Exception:  # noqa: BLE001 - any text is offered; one that is no YAML teaches nothing
            return
        for value in _values_under_secret_names(data):
            if len(value) >= _SHORTEST_LEARNT and value not in self._learnt:
                self._learnt[value] = re.compile(rf"(?<!\w){re.escape(value)}(?!\w)")

    def take_out(self, text: str) -> str:
        """Return ``text`` without its secrets."""
        for pattern in _SHAPES:
            text = self._sub(pattern, MARK, text)
        text = self._sub(_URL_USER, rf"\g<scheme>{MARK}@", text)
        text = self._sub(_URL_QUERY, rf"\g<url>{MARK}", text)
        text = self._sub(_USER_AND_PASSWORD, rf"\g<user>:{MARK}@", text)
        text = self._columns(text)
        text = self._blocks(text)
        text = self._scan(text, _OPTION, _OPTION_VALUE)
        text = self._scan(text, _KEY, _VALUE)
        text = self._sub(_SAID, rf"\g<word>\g<end>{MARK}", text)
        text = self._sub(_PIN, rf"\g<word>\g<between>{MARK}", text)
        for pattern in self._learnt.values():
            text = self._sub(pattern, MARK, text)
        return text

    def json(self, text: str) -> str:
        """Return JSON, or lines of JSON, without what stands under names of secrets; another text as it is."""
        try:
            return self._dumped(json.loads(text), text)
        except (ValueError, RecursionError):
            pass
        lines = text.split("\n")
        for index, line in enumerate(lines):
            if line.lstrip().startswith("{"):
                try:
                    lines[index] = self._dumped(json.loads(line), line)
                except (ValueError, RecursionError):
                    continue
        return "\n".join(lines)

    def _dumped(self, data: Any, text: str) -> str:  # Any: what JSON can hold
        before = self.count
        cleaned = self._cleaned(data)
        return text if self.count == before else json.dumps(cleaned, indent=1 if "\n" in text.strip() else None)

    def _cleaned(self, data: Any) -> Any:
        if isinstance(data, list):
            return [self._cleaned(item) for item in data]
        if not isinstance(data, dict):
            return data
        result = {}
        for key, value in data.items():
            if is_secret_name(key) and not _is_count(key, str(value)) and value not in (None, MARK):
                self.count += 1
                result[key] = MARK
            else:
                result[key] = self._cleaned(value)
        return result

    def _columns(self, text: str) -> str:
        """Empty the columns of a table (CSV) whose headings are names of secrets."""
        heading = _LINE_END.split(text, maxsplit=1)[0]
        delimiter = next((one for one in (",", ";", "\t") if heading.count(one)), None)
        if delimiter is None or any(sign in heading for sign in "{}[]:="):
            return text
        csv.field_size_limit(max(csv.field_size_limit(), len(text)))
        names = next(csv.reader([heading], delimiter=delimiter), [])
        secret = [index for index, name in enumerate(names) if is_secret_name(name.strip())]
        if not secret or any(len(name) > 60 for name in names):
            return text
        out = io.StringIO()
        writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)):
            for index in secret if number else ():
                if index < len(row) and row[index] not in ("", MARK):
                    self.count += 1
                    row[index] = MARK
            writer.writerow(row)
        return out.getvalue() if text.endswith("\n") else out.getvalue().rstrip("\n")

    def _blocks(self, text: str) -> str:
        """Take out values that stand in the lines below their key: block scalars, lists, mappings."""
        lines = text.split("\n")
        kept: list[str] = []
        index = 0
        while index < len(lines):
            line = lines[index]
            index += 1
            match = _LINE_KEY.match(line)
            if match is None or not is_secret_name(match["name"]):
                kept.append(line)
                continue
            end = _end_of_block(lines, index, len(match["indent"].expandtabs()))
            if end == index:
                kept.append(line)
                continue
            self.count += 1
            kept.append(f"{match['indent']}{match['key']} {MARK}")
            index = end
        return "\n".join(kept)

    def _scan(self, text: str, key: re.Pattern[str], value: re.Pattern[str]) -> str:
        """Take out the value after each key that is the name of a secret."""
        parts: list[str] = []
        position = 0
        for match in key.finditer(text):
            if match.start() < position or not is_secret_name(match["name"]):
                continue
            found = value.match(text, match.end())
            if found is None or _stays(match["name"], found[0]):
                continue
            parts += [text[position : match.end()], f'"{MARK}"' if found[0][0] in "\"'" else MARK]
            position = found.end()
            self.count += 1
        return "".join([*parts, text[position:]])

    def _sub(self, pattern: re.Pattern[str], by: str | Callable[[re.Match[str]], str], text: str) -> str:
        done, count = pattern.subn(by, text)
        if done != text:
            self.count += count
        return done


def _stays(name: str, value: str) -> bool:
    return value.strip("\"', }]") in ("null", "", MARK.strip("]")) or value.startswith(MARK) or _is_count(name, value)


def _is_count(name: str, value: str) -> bool:
    """Whether this is how often an outcome came: ``"PASS": 83``."""
    return name == "PASS" and re.match(r"[0-9]+\s*(?:[,}]|$)", value) is not None


def _end_of_block(lines: list[str], start: int, indent: int) -> int:
    """Return the index behind the last line that belongs to a key of this indent which stands before ``start``."""
    end = start
    for index in range(start, len(lines)):
        line = lines[index]
        bare = line.strip()
        if not bare:
            continue
        here = len(line.expandtabs()) - len(line.expandtabs().lstrip())
        if not (here > indent or (here == indent and (bare.startswith("- ") or bare[0] in "]}"))):
            break
        end = index + 1
    return end


def _values_under_secret_names(data: Any, is_secret: bool = False) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _values_under_secret_names(value, is_secret or is_secret_name(key))
    elif isinstance(data, list):
        for item in data:
            yield from _values_under_secret_names(item, is_secret)
    elif is_secret and isinstance(data, str | int) and not isinstance(data, bool):
        for line in str(data).splitlines():
            yield line.strip()
