"""Every query of every emulated instrument: answered in one line or refused, numbers in SCPI's form, the queue read."""

import contextlib
import re

import pytest

from drivers.scpi.parsing import parse_error
from tests.rig.emulation.in_process import DRIVERS, SPEAKING_LINES, in_process

SPEAKING_SCPI = [name for name in SPEAKING_LINES if DRIVERS[name].ERROR_QUERY]
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(E[+-]?\d+)?", re.IGNORECASE)
MOST_ERRORS = 40
AS_A_WHOLE = ("zes_lmg600",)
"""These answer their queue as a whole, and have another language beside the driver's: -113 there is no mistake."""


def queries(engine):
    """Every header that can be asked, in its short form, its suffixes at their lowest; common ones as they are."""
    found = [name for name, command in engine._common.items() if command.read is not None]

    def walk(node, path):
        if node.command is not None and node.command.read is not None:
            found.append(path)
        seen = set()
        for name, child in sorted(node.children.items(), key=lambda item: len(item[0])):
            if id(child) not in seen:
                seen.add(id(child))
                number = "" if child.suffix_limits is None else str(max(child.suffix_limits[0], 1))
                walk(child, f"{path}:{name}{number}")

    walk(engine._tree._root, "")
    return found


def in_full(engine, header):
    """The same header with every mnemonic in its long form."""
    node, words = engine._tree._root, []
    for token in header.lstrip(":").split(":"):
        name = token.rstrip("0123456789") if token not in node.children else token
        child = node.children[name]
        long = max((other for other, each in node.children.items() if each is child), key=len)
        words.append(long + token[len(name) :])
        node = child
    return ":" + ":".join(words)


@contextlib.contextmanager
def listening(name, folder):
    """Yield the instrument, in the language that its driver speaks."""
    with in_process(name, folder) as instrument:
        if language := getattr(DRIVERS[name], "LANGUAGE", None):
            instrument.ask(language)
        yield instrument


def number_of(entry):
    return abs(parse_error(entry)[0])


def emptied(instrument, error_query):
    """Read the queue until it says that nothing is left; returns the entries before that."""
    entries = []
    while (entry := instrument.ask(error_query).decode("ascii")) and parse_error(entry)[0] != 0:
        entries.append(entry)
        assert len(entries) < MOST_ERRORS
    return entries, entry


@pytest.mark.parametrize("name", SPEAKING_SCPI)
def test_the_error_queue_has_one_entry_for_each_header_that_is_not_known(name, tmp_path):
    error_query = DRIVERS[name].ERROR_QUERY
    with listening(name, tmp_path) as instrument:
        instrument.ask("*CLS")
        for line in ("NONSENSE 1", ":VOLT:NONSENSE?", "*NON", "NONSENSE;:MORE:NONSENSE"):
            assert instrument.ask(line) is None
            entries, last = emptied(instrument, error_query)
            count = 1 if name in AS_A_WHOLE else line.count(";") + 1
            assert [number_of(entry) // 100 for entry in entries] == [1] * count
            assert re.fullmatch(r'\+?0,\s?"[^"]*"', last), last


@pytest.mark.parametrize("name", SPEAKING_SCPI)
def test_every_query_is_answered_in_short_and_long_form_with_scpi_numbers(name, tmp_path):
    error_query = DRIVERS[name].ERROR_QUERY
    with listening(name, tmp_path) as instrument:
        asked = queries(instrument.engine)
        assert len(asked) > 10
        for header in asked:
            for form in {header, header if header.startswith("*") else in_full(instrument.engine, header)}:
                answer = instrument.ask(f"{form}?")
                entries, _ = emptied(instrument, error_query)
                if answer is None:
                    codes = [number_of(entry) for entry in entries]
                    assert codes, f"{form}? has no answer and no error"
                    unknown = 113 if name not in AS_A_WHOLE else 0
                    assert all(code // 100 in (1, 2) and code != unknown for code in codes), f"{form}?: {entries}"
                    continue
                text = answer.decode("ascii")
                assert text.isprintable()
                for field in re.split(r"[,;]", text):
                    if NUMBER.fullmatch(field.strip()) and float(field) == 0.0:
                        assert not field.strip().startswith("-"), f"{form}? answers {text}"
