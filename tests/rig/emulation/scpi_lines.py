"""Program messages that no driver sends, from a seed: misspelt, cut, joined wrongly, with numbers beyond all bounds."""

import random
import string

from rig.emulation.scpi.engine import ScpiEngine

SOUP = string.printable + "°Ω\x00\xff\x80é²"
NUMBERS = (
    *("0", "1", "-1", "2", "3.5", "60", "120", "1e3", "-0", "+.5", "1e-400", "1e400", "-1e400", "9.9E37", "9.91E37"),
    *("NAN", "INF", "-INF", "1e", "1.2.3", "--1", "0x10", "#HFF", "#B12", "#Q", "#H" + "F" * 400, "#0", "#15hello"),
    *(
        "9" * 200,
        "9" * 5000,
        "1e" + "9" * 5000,
        "0." + "0" * 300 + "1",
        "1e308",
        "5e-324",
        "1_0",
        "²",
        "1,5",
    ),
)
HUGE = ("9" * 60_000 + "x", '"' + "a;" * 30_000, "(" * 60_000, "A" * 60_000)
WORDS = (
    *("ON", "OFF", "MIN", "MAX", "DEF", "AUTO", "INF", "ALL", "NONE", "EACH", "THREE", "maybe", "U,1", "(@101)", "(@"),
    *('"text"', "'text'", '"', "'", '""', '"a""b"', "(EXT,1V)", "()", "((", ")", "(@101:" + "9" * 30 + ")", "(@0)"),
    *("1V", "1 V", "500MV", "1KV", "1MHZ", "1GHZ", "1furlong", "(@101,101,101)", "(@,)", "SIN", "EXT,1", "A" * 300),
)
JOINTS = (";", ";:", ";;", " ; ", ":", ",", "?;", "\t", " ", ";*", "\n")
COMMON = ("*IDN?", "*RST", "*CLS", "*ESE", "*ESR?", "*SRE", "*STB?", "*OPC", "*OPC?", "*WAI", "*TST?", "*TRG", "*FOO")


class Lines:
    """An endless supply of lines made from the headers of an instrument's own table, and from nothing."""

    def __init__(self, engine, seed):
        self._random = random.Random(seed)
        self._headers = list(_headers(engine._tree._root)) if isinstance(engine, ScpiEngine) else []

    def __iter__(self):
        return self

    def __next__(self):
        kinds = (self._soup, self._misspelt, self._unit, self._joined, self._cut, self._opened, self._long)
        return self._random.choices(kinds, (1, 3, 6, 3, 2, 1, 0.05))[0]()

    def _soup(self):
        return "".join(self._random.choices(SOUP, k=self._random.randrange(60))).replace("\n", " ")

    def _header(self):
        """A header that the instrument has, spelt in any way, or one with its suffixes beyond their limits."""
        if not self._headers or self._random.random() < 0.1:
            return self._random.choice(COMMON)
        words = []
        for spellings, limits in self._random.choice(self._headers):
            word = self._random.choice(spellings)
            if limits is not None and self._random.random() < 0.9:
                word += str(self._random.choice((*limits, limits[1] + 1, 0, 10**9, "9" * 20, "9" * 5000)))
            words.append(self._random.choice((word, word.lower())))
        return self._random.choice(("", ":")) + ":".join(words)

    def _unit(self):
        header = self._header()
        if self._random.random() < 0.3 and not header.endswith("?"):
            header += "?"
        count = self._random.choices((0, 1, 2, 3, 12), (4, 8, 4, 1, 0.2))[0]
        kinds = self._random.choices((NUMBERS, WORDS, HUGE), (1, 1, 0.001), k=count)
        values = [self._random.choice(kind) for kind in kinds]
        return f"{header} {','.join(values)}" if values else header

    def _misspelt(self):
        unit = list(self._unit())
        for _ in range(self._random.randrange(1, 4)):
            at = self._random.randrange(len(unit) + 1)
            unit[at : at + self._random.randrange(2)] = self._random.choices(SOUP, k=self._random.randrange(2))
        return "".join(unit).replace("\n", " ")

    def _joined(self):
        units = [self._unit() for _ in range(self._random.randrange(2, 6))]
        return "".join(unit + self._random.choice(JOINTS) for unit in units).replace("\n", " ")

    def _cut(self):
        unit = self._unit()
        return unit[: self._random.randrange(len(unit) + 1)]

    def _opened(self):
        return self._random.choice("\"'(") + self._unit() + self._random.choice(("", ";", '"', ")"))

    def _long(self):
        return (self._unit() + self._random.choice(JOINTS)) * self._random.randrange(1, 400)


def _headers(node, path=()):
    """Every header of a command tree: for each node its spellings and the limits of its suffix."""
    if node.command is not None:
        yield path
    children = {id(child): child for child in node.children.values()}
    for child in children.values():
        spellings = [word for word, other in node.children.items() if other is child]
        yield from _headers(child, (*path, (spellings, child.suffix_limits)))
