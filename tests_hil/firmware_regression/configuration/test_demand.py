"""Is demand the mean power of its interval, block, rolling and synchronised, and does maximum demand hold and reset?"""

from __future__ import annotations

from itertools import pairwise

import allure
import pytest

from rig.procedures import Inquiry
from rig.procedures.behaviour.same_values import same
from rig.procedures.behaviour.time_bounds import Moment

pytestmark = [allure.epic("Firmware regression"), allure.feature("Demand"), pytest.mark.bench_time(180)]

_NEW_SUBINTERVAL, _RESET_MAXIMUM = 21211, 21212
_LENGTH_S = 10.0
_SHORTEST_CS = 1000.0


def _demand(asked: Inquiry) -> float:
    return asked.input(19)


def test_block_demand_is_the_mean_of_its_interval_and_renewed_at_its_end(clearing: Inquiry, loaded: Inquiry) -> None:
    """One sub-interval of 10 s (manual pages 17 and 24); AI19 to AI21 hold until the interval ends. Clears logs."""
    with clearing.configured({10: 1.0, 11: _SHORTEST_CS}):
        loaded.load(-30.0, 100.0)
        loaded.updates(2.2 * _LENGTH_S)
        read = loaded.inputs((11, 12, 13, 19, 20, 21))
        for power, demand in ((11, 19), (12, 20), (13, 21)):
            found, expected = read[demand], read[power]
            loaded.check(f"AI{demand} under AI{power}", f"{expected:.5g}", f"{found:.5g}", same(found, expected, 5e-3))
        _, off = loaded.timed(lambda: loaded.load(-30.0, 0.0))
        seen = _over(loaded, 2.2 * _LENGTH_S, off)
        loaded.check("AI19 once the load is off", "0 after two intervals at most", seen, abs(seen[-1]) < 0.01)
        loaded.check("values on the way", "three at most: old, mixed, none", seen, len(seen) <= 3)


def test_rolling_demand_takes_as_many_subintervals_as_are_set(clearing: Inquiry, loaded: Inquiry) -> None:
    """Three sub-intervals of 10 s (manual pages 17 and 24): after a step it takes three more to arrive. Clears logs."""
    with clearing.configured({10: 3.0, 11: _SHORTEST_CS}):
        loaded.load(0.0, 100.0)
        loaded.updates(4.2 * _LENGTH_S)
        full = _demand(loaded)
        loaded.check("AI19 at steady load", "AI11", f"{full:.5g}", same(full, loaded.input(11), 5e-3))
        _, off = loaded.timed(lambda: loaded.load(0.0, 0.0))
        seen = _over(loaded, 4.2 * _LENGTH_S, off)
        falling = all(later < earlier for earlier, later in pairwise(seen))
        steps = f"three or four falling steps from {full:.4g} to 0"
        loaded.check(
            "AI19 after the load is off", steps, seen, falling and len(seen) in (4, 5) and abs(seen[-1]) < 0.01
        )


def test_synchronised_demand_ends_with_the_command_only(clearing: Inquiry, loaded: Inquiry) -> None:
    """AV11 = 0: 21211 ends the sub-interval at the end of the next second (manual page 23); AV10 is ignored."""
    with clearing.configured({10: 6.0, 11: 0.0}):
        loaded.load(0.0, 100.0)
        loaded.meter.command(_NEW_SUBINTERVAL)
        loaded.updates(_LENGTH_S + 1.0)
        loaded.meter.command(_NEW_SUBINTERVAL)
        loaded.updates(2)
        full = loaded.input(11)
        found = _demand(loaded)
        loaded.check("AI19 after two commands", f"{full:.5g}", f"{found:.5g}", same(found, full, 5e-3))
        loaded.load(0.0, 0.0)
        loaded.updates(3.0 * _LENGTH_S)
        loaded.check("AI19 without a command", f"{found:.5g}", f"{_demand(loaded):.5g}", _demand(loaded) == found)
        loaded.meter.command(_NEW_SUBINTERVAL)
        loaded.updates(2)
        mixed = _demand(loaded)
        loaded.check("AI19 over full and no load", f"between 0 and {full:.5g}", f"{mixed:.5g}", 0 < mixed < 0.5 * full)


def test_maximum_demand_holds_and_resets_to_present_demand(clearing: Inquiry, loaded: Inquiry) -> None:
    """21212 resets maximum demand to present demand (manual page 23); import and export apart (page 26)."""
    with clearing.configured({10: 1.0, 11: _SHORTEST_CS}):
        loaded.load(0.0, 100.0)
        loaded.updates(2.2 * _LENGTH_S)
        high = _demand(loaded)
        loaded.load(0.0, 20.0)
        loaded.updates(2.2 * _LENGTH_S)
        low, held = _demand(loaded), loaded.input(22)
        loaded.check("AI22 after the peak", f"at least {high:.5g}", f"{held:.5g}", held >= high * (1 - 1e-6) > low)
        clearing.meter.command(_RESET_MAXIMUM)
        loaded.updates(2)
        low, found, export = _demand(loaded), loaded.input(22), loaded.input(25)
        loaded.check("AI22 after the reset", f"{low:.5g}", f"{found:.5g}", same(found, low, 5e-3))
        loaded.check("AI25 after the reset under import", 0.0, export)
        loaded.load(180.0, 50.0)
        loaded.updates(2.2 * _LENGTH_S)
        demand, export = _demand(loaded), loaded.input(25)
        loaded.check("AI25 under export", f"{-demand:.5g}", f"{export:.5g}", same(export, -demand, 5e-3))


def test_present_demand_starts_anew_when_its_length_is_written(clearing: Inquiry, loaded: Inquiry) -> None:
    """Writing AV11 resets AI19 to AI21 (manual page 21). Clears logs."""
    with clearing.configured({10: 1.0, 11: _SHORTEST_CS}):
        loaded.load(0.0, 100.0)
        loaded.updates(2.2 * _LENGTH_S)
        loaded.check("AI19 before", "not 0", f"{_demand(loaded):.5g}", _demand(loaded) > 1.0)
        clearing.set_value(11, 90000.0)
        loaded.updates(2)
        loaded.check("AI19 to AI21 after AV11 was written", [0.0] * 3, list(loaded.inputs((19, 20, 21)).values()))


def _over(asked: Inquiry, duration_s: float, changed: Moment) -> list[float]:
    """The different values of AI19 in ``duration_s``, in order; changes below half a percent are none.

    Read at least once in each sub-interval from when the load ``changed``, or not judged.
    """
    seen: list[float] = []
    last = changed
    for _ in range(round(duration_s)):
        asked.updates(1)
        found, read = asked.timed(lambda: _demand(asked))
        asked.in_time("AI19 in each sub-interval", read.since(last), _LENGTH_S)
        last = read
        if not seen or abs(found - seen[-1]) > max(5e-3 * abs(seen[-1]), 0.01):
            seen.append(found)
    return [float(f"{value:.4g}") for value in seen]
