"""Delays out of the hub's stamps: what counts as whose, how histograms add up, and a bus that recovers under load."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.bus_delays import ANSWER, POLL, POLL_REPLY, POSTPONED, REQUEST, TOKEN, BusDelays, lines
from benchmarks.bus_timing_under_load import measure, real_time_is_permitted, report
from rig.emulation.bus.process import StampedFrame

LENGTH_S = 0.001


def frame(kind, source, destination, first_s, late_s=0.0, **named):
    end_s = first_s + LENGTH_S
    fields = {"valid": True, "garbled": False, **named}
    return StampedFrame(0, source, kind, source, destination, 8, first_s, end_s, end_s + late_s, **fields)


def taken(*frames):
    delays = BusDelays()
    delays.take(frames)
    return delays


def test_delay_is_the_addressees_and_counts_from_the_hubs_last_octet():
    found = taken(frame(TOKEN, 0, 1, 1.0, late_s=0.004), frame(TOKEN, 1, 0, 1.007))
    assert set(found.usage) == {1}
    assert found.usage[1].worst_s == pytest.approx(0.002)
    assert (found.usage[1].total, found.usage[1].above, found.troubles) == (1, 0, 0)
    assert found.hub_late_worst_s == pytest.approx(0.004)


def test_a_token_used_late_is_counted_with_the_time_until_the_next_token():
    found = taken(
        frame(TOKEN, 0, 1, 1.0), frame(REQUEST, 1, 2, 1.017), frame(ANSWER, 2, 1, 1.020), frame(TOKEN, 1, 2, 1.025)
    )
    assert (found.usage[1].above, found.usage[1].missed, found.troubles) == (1, 0, 1)
    assert found.slowest_recovery_s == pytest.approx(0.024)
    assert found.reply[2].worst_s == pytest.approx(0.002)


def test_unused_token_is_missed_and_the_repeated_one_ends_the_trouble():
    found = taken(frame(TOKEN, 0, 1, 1.0), frame(TOKEN, 0, 1, 1.031), frame(TOKEN, 1, 0, 1.034))
    assert (found.usage[1].total, found.usage[1].missed, found.troubles) == (1, 1, 1)
    assert found.open_trouble_s is None
    assert found.slowest_recovery_s == pytest.approx(0.030)


def test_a_bus_that_stays_silent_has_not_recovered():
    found = taken(frame(REQUEST, 0, 1, 1.0), frame(REQUEST, 0, 1, 1.3))
    assert found.open_trouble_s == pytest.approx(1.001)
    assert found.longest_silence_s == pytest.approx(0.299)


def test_unanswered_poll_is_no_stations_delay_and_an_answered_one_is():
    found = taken(
        frame(POLL, 0, 5, 1.0), frame(TOKEN, 0, 1, 1.03), frame(POLL, 1, 2, 1.04), frame(POLL_REPLY, 2, 1, 1.05)
    )
    assert set(found.usage) == {1, 2}
    assert found.troubles == 0


def test_postponing_is_an_answer_and_another_station_s_frame_is_none():
    found = taken(
        frame(REQUEST, 0, 1, 1.0), frame(POSTPONED, 1, 0, 1.241), frame(REQUEST, 0, 1, 1.3), frame(ANSWER, 2, 0, 1.4)
    )
    assert (found.reply[1].total, found.reply[1].missed) == (1, 1)


def test_damaged_frames_and_broadcasts_are_nobody_s_delay():
    found = taken(
        frame(TOKEN, 0, 1, 1.0, valid=False), frame(REQUEST, 0, 255, 1.1), frame(TOKEN, 0, 1, 1.2, garbled=True),
        frame(TOKEN, 0, 1, 1.3),
    )  # fmt: skip
    assert not found.usage
    assert not found.reply


frames = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 2), st.integers(0, 2), st.floats(0.0, 0.4), st.floats(0.0, 0.002)),
    max_size=60,
)


@given(frames, st.integers(0, 60), st.integers(0, 60))
def test_every_token_and_request_is_counted_once_for_any_order_of_frames(steps, one, other):
    seen, now_s = [], 0.0
    for kind, source, destination, silence_s, late_s in steps:
        now_s += silence_s + LENGTH_S + late_s
        seen.append(frame(kind, source, destination, now_s, late_s))
    whole, parts = taken(*seen), BusDelays()
    low, high = sorted((one, other))
    for part in (seen[:low], seen[low:high], seen[high:]):
        parts.take(part)
    assert parts == whole
    counted = {"usage": 0, "reply": 0}
    for name, histograms in (("usage", whole.usage), ("reply", whole.reply)):
        for histogram in histograms.values():
            assert histogram.above <= histogram.total
            counted[name] += histogram.total + histogram.missed
    asked = [entry.kind for entry in seen[:-1]]
    assert asked.count(TOKEN) <= counted["usage"] <= asked.count(TOKEN) + asked.count(POLL)
    assert counted["reply"] == asked.count(REQUEST) + asked.count(3)


def test_table_has_a_column_for_each_station_or_says_that_there_is_none():
    found = taken(frame(TOKEN, 0, 1, 1.0), frame(TOKEN, 1, 0, 1.0025), frame(TOKEN, 0, 1, 1.020))
    head, *rows = lines(found.usage, "Tusage_delay")
    assert head.split() == ["Tusage_delay", "MAC", "0", "MAC", "1"]
    assert [row.split()[-2:] for row in rows if row.startswith(("all", "above"))] == [["1", "1"], ["1", "0"]]
    assert lines(found.reply, "Treply_delay") == ["Treply_delay: none"]


class Recording(BusDelays):
    """Keeps all frames that it takes."""

    seen: list[Any]

    def take(self, frames):
        self.__dict__.setdefault("seen", []).extend(frames)
        super().take(frames)


@pytest.mark.realtime
def test_under_load_the_histograms_add_up_and_the_bus_works_afterwards():
    delays = Recording()
    outcome = measure(1.5, 76800, 1, delays)
    kinds = [frame.kind for frame in delays.seen[:-1] if frame.valid and not frame.garbled]
    usage = sum(each.total + each.missed for each in delays.usage.values())
    assert kinds.count(TOKEN) <= usage <= kinds.count(TOKEN) + kinds.count(POLL)
    assert sum(each.total + each.missed for each in delays.reply.values()) == kinds.count(REQUEST)
    assert delays.frames == len(delays.seen) - 1
    assert outcome.reads > 0
    assert outcome.works_after
    text = "\n".join(report(outcome, 1.5, real_time_is_permitted()))
    assert "the bus works afterwards: yes" in text
