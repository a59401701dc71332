"""A session whose instrument answers what a test says, and what may be made of such answers: only what was said."""

import math
import random

from hypothesis import strategies as st

from drivers.errors import AnswerInvalid, InstrumentLost
from drivers.scpi.session import ScpiSession
from drivers.testing import SCRIPTED_RESOURCE, ScriptedTransport

NOT_VALID = ("NAN", "9.91E+37", "INF", "-INF", "", "----")
GARBAGE = ("what", "1,2", "1;2", "1E400", "--1", "0x10", "nan(1)", "1e", "+", "\xb5", "1.0.0", "OVER")
NUMBER = st.floats(-1e4, 1e4).map(repr)


@st.composite
def fields(draw):
    """Something that draws fields of an answer one after another: numbers, no valid ones, and in some answers rubbish.

    All from one seed, so that long answers cost no more than short ones.
    """
    pool = [*draw(st.lists(NUMBER, min_size=3, max_size=8)), *NOT_VALID]
    if draw(st.booleans()):
        pool += [*GARBAGE, draw(st.text(st.characters(codec="latin-1", exclude_characters="\n"), max_size=8))]
    generator = random.Random(draw(st.integers(0, 2**32)))
    return lambda: generator.choice(pool)


class AnsweringTransport(ScriptedTransport):
    """Plays a script, and from its end on answers each question by ``answer(message)``."""

    def __init__(self, script, answer):
        super().__init__(script)
        self._left = len(script)
        self._answer = answer

    def write(self, message, deadline_s):
        if self._left:
            self._left -= 1
            super().write(message, deadline_s)

    def query(self, message, deadline_s):
        if self._left:
            self._left -= 1
            return super().query(message, deadline_s)
        return self._answer(message)


def answering_session(script, answer):
    return ScpiSession(SCRIPTED_RESOURCE, open_transport=lambda: AnsweringTransport(script, answer))


def reading_or_refusal(read):
    """The reading, or ``None`` where the answer was refused as one must be."""
    try:
        return read()
    except (AnswerInvalid, InstrumentLost):
        return None


def numbers_said(text):
    """Every number that stands in an answer, as a set of magnitudes."""
    said = set()
    for field in text.replace(";", ",").split(","):
        try:
            value = float(field.strip().strip('"').strip())
        except ValueError:
            continue
        if math.isfinite(value):
            said.add(abs(value))
    return said


def plain_values(reading):
    """Magnitudes of everything in a reading that is no angle."""
    found = [
        value
        for element in reading.elements
        for value in (element.u_v, element.i, element.p, element.q, element.s, element.frequency_hz)
    ]
    return {abs(value) for value in found if value is not None}
