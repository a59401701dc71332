"""No line brings an emulated instrument down: each is answered, or is an error in its queue.

Every registered instrument (rig.emulation.instruments) and the switching ones are asked. A failure names the seed, the
number of the line and the line; the same seed sends the same lines again.
"""

import itertools

import pytest

from drivers.scpi.parsing import parse_error
from tests.rig.emulation.in_process import DRIVERS, SPEAKING_LINES, in_process
from tests.rig.emulation.scpi_lines import Lines

SEED = 1
SHORT, LONG = 400, 100_000
LOOK_EVERY = 100
STEP_S = 0.3
MOST_ERRORS = 64


def check(instrument, lines, seed):
    error_query = DRIVERS[instrument.name].ERROR_QUERY
    identity = instrument.ask("*IDN?")
    for number, line in enumerate(itertools.islice(Lines(instrument.engine, seed), lines)):
        said = f"{instrument.name}, seed {seed}, line {number}: {line[:500]!r}"
        try:
            answer = instrument.ask(line)
            assert answer is None or (answer.isascii() and b"\n" not in answer), answer
            if number % LOOK_EVERY == 0:
                # With any settings time goes on, its errors can be read, and its identity is the same.
                instrument.world.spend(STEP_S)
                errors = itertools.takewhile(lambda entry: entry[0] != 0, queue_of(instrument, error_query))
                assert len(list(errors)) < MOST_ERRORS
                assert instrument.ask("*IDN?") == identity
        except Exception as error:
            raise AssertionError(said) from error


def queue_of(instrument, error_query):
    """The errors that wait; none where it has no queue, or speaks a language now in which it has another name."""
    for _ in range(MOST_ERRORS if error_query else 0):
        if (answer := instrument.ask(error_query)) is None:
            return
        yield parse_error(answer.decode("ascii"))


@pytest.mark.parametrize("name", SPEAKING_LINES)
def test_no_line_brings_an_instrument_down(name, tmp_path):
    with in_process(name, tmp_path) as instrument:
        check(instrument, SHORT, SEED)


@pytest.mark.soak
@pytest.mark.parametrize("name", SPEAKING_LINES)
def test_a_hundred_thousand_lines_bring_no_instrument_down(name, tmp_path):
    with in_process(name, tmp_path) as instrument:
        check(instrument, LONG, SEED + 1)


@pytest.mark.parametrize("name", SPEAKING_LINES)
def test_the_same_seed_sends_the_same_lines(name, tmp_path):
    with in_process(name, tmp_path) as instrument:
        first, second = (list(itertools.islice(Lines(instrument.engine, 7), 50)) for _ in range(2))
        assert first == second
        assert first != list(itertools.islice(Lines(instrument.engine, 8), 50))
