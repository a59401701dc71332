"""The rounds whose instructions are counted are what they say, and a missing tool is said to be missing."""

import pytest

from benchmarks import stack_cost
from benchmarks.stack_cost import ROUNDS, feed, figures, tool_missing


@pytest.mark.parametrize("name", sorted(ROUNDS))
def test_every_round_takes_the_token_once_and_passes_it_on_without_loss(name):
    each, joined, found = ROUNDS[name], feed(name, 0), feed(name, 30)
    counted = found.since(joined)
    assert counted.tokens_received == counted.tokens_sent == 30
    assert counted.data_frames_sent == (30 if each.request else 0)
    assert counted.frames_received == (60 if each.request else 30)
    assert counted.frames_for_others == (30 if each.for_others else 0)
    assert (counted.reply_timeouts, counted.data_crc_errors, counted.header_crc_errors, counted.tokens_lost) == (0,) * 4


def test_figures_are_what_remains_of_a_round_after_its_other_parts():
    def cost(name):
        each = ROUNDS[name]
        received = (3 if each.slice_octets == stack_cost.SLICE_OCTETS else 2) * each.answer
        return 1000.0 + 5.0 * each.request + received + each.for_others

    found = figures(cost)
    assert found["an idle token rotation (8 octets received, 8 sent)"] == 1000.0
    assert found["each further octet sent"] == pytest.approx(5.0)
    assert found["each further octet received, in slices of 4"] == pytest.approx(3.0)
    assert found["each further octet received, in a whole frame"] == pytest.approx(2.0)
    assert found["each further octet for others, in slices of 4"] == pytest.approx(1.0)


def test_a_tool_that_is_not_there_is_said_to_be_missing(monkeypatch, capsys):
    monkeypatch.setattr(stack_cost.shutil, "which", lambda tool: None)
    assert tool_missing("perf") == "perf is not installed"
    monkeypatch.setattr("sys.argv", ["stack_cost"])
    stack_cost.main()
    printed = capsys.readouterr().out.splitlines()
    assert printed == [f"not counted with perf or valgrind: {tool} is not installed" for tool in stack_cost.TOOLS]
