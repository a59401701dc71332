"""Points beyond the accuracy envelope: only where it is asked for, for a time that has an end, and off around it."""

import pytest

from rig.bench import load_bench
from rig.errors import BenchFault, LimitExceeded, UsageRefused
from rig.load_point import LoadPoint

SLOW = LoadPoint(277.0, 5.0, 0.0, frequency_hz=44.0)
HIGH = LoadPoint(416.4, 5.0, 0.0)

bench_test = pytest.mark.realtime


@bench_test
@pytest.mark.parametrize("point", [SLOW, HIGH])
def test_point_that_the_meter_only_reports_is_refused_unless_asked_for(good_bench, good_control, point):
    with pytest.raises(LimitExceeded):
        good_bench.supervisor.apply(point)
    with good_bench.supervisor.beyond("alarming"):
        good_bench.supervisor.apply(point)
        assert good_control.status["output_on"] is True
        assert good_control.status["frequency_hz"] == pytest.approx(point.frequency_hz, rel=1e-4)
    assert good_control.status["output_on"] is False
    with pytest.raises(LimitExceeded):
        good_bench.supervisor.apply(point)


@bench_test
def test_energised_point_goes_off_first_and_an_error_inside_switches_off(good_bench, good_control):
    good_bench.supervisor.apply(LoadPoint(277.0, 5.0, 0.0))

    def asking():
        with good_bench.supervisor.beyond("alarming"):
            seen.append(good_control.status["output_on"])
            good_bench.supervisor.apply(SLOW)
            raise ZeroDivisionError

    seen = []
    with pytest.raises(ZeroDivisionError):
        asking()
    assert seen == [False]
    assert good_control.status["output_on"] is False
    assert good_bench.supervisor.load_point is None


@bench_test
@pytest.mark.parametrize("go_on", ["check_time", "apply"])
def test_the_time_for_it_ends_whatever_is_done_next(good_bench, good_control, go_on):
    supervisor = good_bench.supervisor
    longest_s = supervisor.rating.envelope("alarming").longest_s
    with supervisor.beyond("alarming"):
        supervisor.apply(SLOW)
        good_bench.clock.sleep(longest_s / 2)
        supervisor.check_time()
        good_bench.clock.sleep(longest_s / 2)
        with pytest.raises(BenchFault, match=f"for more than {longest_s:g} s"):
            supervisor.check_time() if go_on == "check_time" else supervisor.apply(HIGH)
        assert good_control.status["output_on"] is False
    good_bench.supervisor.check_time()


@bench_test
def test_an_envelope_without_a_longest_time_is_not_offered(good_bench):
    with (
        pytest.raises(UsageRefused, match="does not say how far and for how long"),
        good_bench.supervisor.beyond("damage"),
    ):
        pass


@pytest.mark.parametrize("name", ["UL", "CE"])
def test_reported_only_point_has_no_more_voltage_or_current_than_measured(name):
    bench = load_bench("emulated")
    rating = bench.meter_types[bench.parts.positions[0].meter_type].ratings[name]
    assert rating.alarming.voltage_ln_v == rating.measuring.voltage_ln_v
    assert rating.alarming.voltage_ll_v == rating.measuring.voltage_ll_v
    assert rating.alarming.ct_input_pct == rating.measuring.ct_input_pct
    assert rating.alarming.longest_s is not None
