"""Each data set is judged in every phase: energising, applying, settling, measuring, and without a reader."""

import itertools
from dataclasses import replace

import pytest

from drivers.errors import InstrumentLost
from drivers.source.base import Range
from rig.errors import UsageRefused
from rig.load_point import LoadPoint
from rig.safety.errors import EndAsked, OutputWrong
from rig.safety.signals import StopRequested
from rig.safety.watch import watching as _watching
from tests.rig.safety.recorded_bench import CAPABILITIES, POINT, UPDATE_S, RecordedBench, energised_bench, refused, turn

FLUKE_LOW = (Range(0.05, 0.25, "V"), Range(0.15, 1.5, "V"), Range(1.0, 10.0, "V"))


def over(name, place=1):
    def spoil(reading):
        elements = list(reading.elements)
        elements[place] = replace(elements[place], **{name: None, {"u_v": "u_over", "i": "i_over"}[name]: True})
        return replace(reading, elements=tuple(elements))

    return spoil


def missing(name, place=1):
    def spoil(reading):
        elements = list(reading.elements)
        elements[place] = replace(elements[place], **{name: None})
        return replace(reading, elements=tuple(elements))

    return spoil


def spoil(bench, how):
    """Spoil each data set while the output is on; what confirms that it is off is right."""
    bench.analyzer.spoilt = lambda reading: reading if bench.is_off else how(reading)


def every(number, spoil):
    """Spoil each data set with that number: isolated ones."""
    count = itertools.count(1)
    return lambda reading: spoil(reading) if next(count) % number == 0 else reading


@pytest.fixture(autouse=True)
def wall_time_is_bench_time(monkeypatch):
    """The recorded bench has no wall time; a look is due by its own clock."""
    benches = []
    init = RecordedBench.__init__

    def remembered(bench, *arguments, **options):
        init(bench, *arguments, **options)
        benches.append(bench)

    monkeypatch.setattr(RecordedBench, "__init__", remembered)
    monkeypatch.setattr(_watching, "_wall_s", lambda: benches[-1].clock.s if benches else 0.0)


PHASES = {
    "applying": lambda b: b.supervisor.apply(LoadPoint(270.0, 40.0, 30.0)),
    "settling": lambda b: b.supervisor.settle(),
    "measuring": lambda b: b.supervisor.analyzer.read(),
    "holding": lambda b: b.supervisor.observe(),
    "nothing is read": lambda b: [b.clock.sleep(0.1) for _ in range(30)],
    "the integrator was stopped": lambda b: (
        b.supervisor.analyzer.start_integration(),
        [b.clock.sleep(0.5) for _ in range(6)],
    ),
}


@pytest.mark.parametrize("name", ["u_v", "i"])
@pytest.mark.parametrize("phase", PHASES)
def test_over_range_switches_off_at_the_first_data_set_in_every_phase(phase, name):
    bench = energised_bench()
    before_s = bench.clock.s
    spoil(bench, over(name))
    with pytest.raises(OutputWrong, match="over the analyzer's range") as caught:
        PHASES[phase](bench)
    assert bench.is_off
    assert bench.clock.s - before_s <= 1.0 + 1e-9
    assert caught.value.seen is not None


@pytest.mark.parametrize("name", ["u_v", "i"])
@pytest.mark.parametrize("phase", PHASES)
def test_missing_data_switch_off_after_a_repeat_within_1_s_in_each_phase(phase, name):
    bench = energised_bench()
    before_s = bench.clock.s
    spoil(bench, missing(name))
    with pytest.raises(OutputWrong, match="no valid data, twice in a row"):
        PHASES[phase](bench)
    assert bench.is_off
    # A new data set each 0.25 s, looked at every 0.4 s without a reader.
    assert bench.clock.s - before_s <= 1.25


@pytest.mark.parametrize("name", ["u_v", "i"])
def test_on_the_way_up_over_range_and_missing_data_are_wrong_too(name):
    for how, words in ((over(name), "over the analyzer's range"), (missing(name), "no valid data")):
        bench = RecordedBench()
        spoil(bench, how)
        assert words in str(refused(bench, OutputWrong))
        assert bench.is_off


@pytest.mark.parametrize("number", [3, 4, 7])
def test_isolated_missing_data_sets_never_trip_in_any_phase(number):
    bench = RecordedBench()
    spoilt = every(number, lambda reading: missing("u_v", 0)(missing("i", 2)(reading)))
    # What confirms "off" is asked again by itself; here it is the judging that is tried.
    bench.analyzer.spoilt = lambda reading: reading if bench.is_off else spoilt(reading)
    bench.supervisor.energise(POINT)
    for phase in PHASES.values():
        phase(bench)
    for current in (100.0, 5.0, 60.0, 0.0, 120.0):
        bench.supervisor.apply(LoadPoint(277.0, current, 60.0))
        bench.supervisor.settle()
    assert bench.supervisor.de_energise().confirmed


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda b: turn(b.source, gains=[1.0, 1.2, 1.0]), "voltage B is 332.4 V"),
        (lambda b: turn(b.source, gains=[1.0, 0.5, 1.0]), "voltage B is 138.5 V"),
        (lambda b: turn(b.analyzer, ct_gain=[1.0, 1.0, 1.2]), "CT input C"),
        (lambda b: turn(b.analyzer, ct_gain=[3.0] * 3), "CT input A"),
        (lambda b: turn(b.analyzer, ct_gain=[1.0, 0.1, 1.0]), "nothing arrives|CT input B"),
        (lambda b: turn(b.analyzer, wires=[(0, 1), (2, 1), (1, 1)]), "CT inputs B and C look exchanged"),
        (lambda b: turn(b.analyzer, wires=[(0, 1), (1, -1), (2, 1)]), "the lead of CT input B looks reversed"),
    ],
)
@pytest.mark.parametrize("phase", ["settling", "measuring", "holding", "nothing is read"])
def test_what_was_settled_is_watched_at_every_input_in_volts_and_angle(phase, spoil, words):
    bench = energised_bench()
    spoil(bench)
    with pytest.raises(OutputWrong, match=words):
        PHASES[phase](bench)
    assert bench.is_off


def test_an_analyzer_that_is_gone_is_noticed_though_nobody_reads_it():
    bench = energised_bench()
    bench.analyzer.latest = lambda: (_ for _ in ()).throw(InstrumentLost("ANALYZER", "no answer"))
    with pytest.raises(InstrumentLost):
        PHASES["nothing is read"](bench)
    assert bench.is_off


def test_nothing_is_judged_while_everything_is_off():
    bench = energised_bench()
    assert bench.supervisor.de_energise().confirmed
    bench.analyzer.spoilt = over("u_v")
    bench.supervisor.analyzer.read()
    bench.clock.sleep(5.0)
    assert bench.calls[-1] == "analyzer read", "and nobody looks"


def test_the_ranges_are_not_for_a_procedure_to_change():
    bench = energised_bench()
    with pytest.raises(UsageRefused, match="apply a load point"):
        bench.supervisor.analyzer.select_ranges(277.0, (1.0, 1.0, 1.0))
    with pytest.raises(UsageRefused, match="is not configured again"):
        bench.supervisor.analyzer.configure()


# --- from point to point


def levels(bench):
    """The CT volts of each set-point in its order, and "ranges" where the analyzer's change."""
    seen = []
    set_point, select = bench.source.set_point, bench.analyzer.select_ranges

    def noted(setting):
        seen.append([round(sum(t.rms for t in channel) / 8.0, 6) for channel in setting.current])
        set_point(setting)

    def changed(*arguments):
        seen.append("ranges")
        return select(*arguments)

    bench.source.set_point, bench.analyzer.select_ranges = noted, changed
    return seen


def test_currents_start_at_a_tenth_and_go_up_once_they_are_seen_right():
    bench = RecordedBench()
    seen = levels(bench)
    bench.supervisor.energise(POINT)
    assert seen == ["ranges", [0.0] * 3, [0.1] * 3, [1.0] * 3]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (100.0, 96.0, [[0.96] * 3]),
        (20.0, 100.0, [[0.0] * 3, "ranges", [0.1] * 3, [1.0] * 3]),
        (100.0, 5.0, [[0.0] * 3, "ranges", [0.005] * 3, [0.05] * 3]),
        (100.0, 0.0, [[0.0] * 3]),
        (0.0, 100.0, [[0.1] * 3, [1.0] * 3]),
    ],
)
def test_ranges_change_with_currents_off_and_large_ones_start_at_a_tenth(before, after, expected):
    bench = RecordedBench()
    bench.supervisor.energise(LoadPoint(277.0, 100.0, 0.0))
    bench.supervisor.apply(LoadPoint(277.0, before, 0.0))
    seen = levels(bench)
    bench.supervisor.apply(LoadPoint(277.0, after, 0.0))
    assert seen == expected


def test_a_current_that_appears_on_another_phase_comes_from_a_tenth():
    bench = energised_bench()
    bench.supervisor.apply(LoadPoint(277.0, 100.0, 0.0, "A"))
    seen = levels(bench)
    bench.supervisor.apply(LoadPoint(277.0, 100.0, 0.0, "B"))
    assert seen == [[0.0] * 3, [0.0, 0.1, 0.0], [0.0, 1.0, 0.0]]


@pytest.mark.parametrize("phases", ["B", "C"])
def test_data_set_from_before_a_current_changed_phase_is_no_fault(phases):
    bench = RecordedBench()
    bench.supervisor.energise(replace(POINT, phases="A"))
    before = bench.analyzer.measured()
    read = bench.analyzer.read

    def late():
        bench.analyzer.on_passing(before)
        bench.analyzer.read = read
        return read()

    bench.analyzer.read = late
    bench.supervisor.apply(replace(POINT, phases=phases))
    assert [element.i > 0.5 for element in bench.analyzer.measured().elements] == [phase == phases for phase in "ABC"]


def test_a_current_that_stays_on_the_phase_it_came_from_is_a_fault():
    bench = RecordedBench()
    bench.supervisor.energise(replace(POINT, phases="A"))
    stays = bench.analyzer.measured().elements[0]

    def spoil_a(reading):
        return replace(reading, elements=(stays, *reading.elements[1:]))

    spoil(bench, spoil_a)
    with pytest.raises(OutputWrong, match="CT input A"):
        bench.supervisor.apply(replace(POINT, phases="B"))
    assert bench.is_off


def test_a_source_that_cannot_give_so_little_starts_as_low_as_it_can(monkeypatch):
    bench = RecordedBench()
    monkeypatch.setattr(bench.source, "capabilities", replace(CAPABILITIES, low_level_ranges=FLUKE_LOW))
    seen = levels(bench)
    bench.supervisor.energise(LoadPoint(277.0, 1.0, 0.0))
    assert seen[-2:] == [[0.00625] * 3, [0.01] * 3]
    seen.clear()
    bench.supervisor.apply(LoadPoint(277.0, 100.0, 0.0))  # 0.8 V to start with: another range than that of 8 V
    assert seen[-2:] == [[0.1] * 3, [1.0] * 3]


def test_leads_that_come_off_the_divider_are_found_at_a_tenth():
    bench = energised_bench()
    bench.supervisor.apply(LoadPoint(277.0, 0.0, 0.0))
    bench.analyzer.ct_gain = [8.0] * 3
    bench.highest_ct_v = 0.0
    with pytest.raises(OutputWrong, match=r"CT input A is 0\.8 V") as caught:
        bench.supervisor.apply(LoadPoint(277.0, 100.0, 0.0))
    assert "every CT input has 8 times what was meant" in str(caught.value)
    assert bench.highest_ct_v == pytest.approx(0.8)
    assert bench.is_off


@pytest.mark.parametrize(
    "after",
    [LoadPoint(300.0, 100.0, -60.0), LoadPoint(240.0, 100.0, -60.0), LoadPoint(277.0, 100.0, -60.0,
     voltage_shift_deg=(0.0, 0.0, 15.0))],
)  # fmt: skip
def test_voltages_change_no_faster_than_on_the_way_up(after):
    bench = energised_bench(ramp_s=5.0)
    trace = []
    set_point = bench.source.set_point

    def noted(setting):
        trace.append((bench.clock.s, [complex(0) + sum(_phasor(t) for t in ch) for ch in setting.voltage]))
        set_point(setting)

    begun_s, first = bench.clock.s, [sum(_phasor(t) for t in ch) for ch in bench.source.setting.voltage]
    trace.append((begun_s, first))
    bench.source.set_point = noted
    bench.supervisor.apply(after)
    assert bench.supervisor.load_point == after
    fastest = 300.0 / 5.0
    steps = [
        (abs(new - old), later - earlier)
        for (earlier, before), (later, now) in itertools.pairwise(trace)
        for old, new in zip(before, now, strict=True)
    ]
    assert max(volts for volts, _ in steps) <= fastest * 0.05 + 1e-6
    reached_s = next(at_s for at_s, voltages in trace if voltages == trace[-1][1])
    changed = max(abs(new - old) for old, new in zip(first, trace[-1][1], strict=True))
    assert changed / (reached_s - begun_s) <= fastest * 1.001


def _phasor(tone):
    import cmath
    import math

    return cmath.rect(tone.rms, math.radians(tone.phase_deg))


# --- ends


def test_requested_end_interrupts_a_wait_and_leaves_the_outputs_on():
    bench = energised_bench()

    def end(goes_down):
        if not goes_down:
            raise EndAsked("stop")

    bench.on_time = end
    with pytest.raises(EndAsked):
        bench.clock.sleep(1.0)
    with pytest.raises(EndAsked):
        bench.supervisor.observe()
    assert not bench.is_off
    report = bench.supervisor.de_energise()
    assert report.confirmed
    assert report.details[0] == "currents off, voltage ramped down"


def test_a_second_stop_on_the_way_down_switches_off_at_once():
    bench = energised_bench(ramp_s=30.0)
    before_s = bench.clock.s

    def hurry(goes_down):
        if goes_down:
            raise StopRequested("SIGINT")

    bench.on_time = hurry
    with pytest.raises(StopRequested):
        bench.supervisor.de_energise()
    assert bench.is_off
    assert not bench.guardian.armed
    assert bench.clock.s - before_s <= 10.0 + 2 * UPDATE_S, "one of three steps"


def test_a_short_way_down_is_as_short_as_it_is_said_to_be():
    bench = energised_bench(ramp_s=30.0)
    bench.supervisor.ramp_down_s = 0.9
    before_s = bench.clock.s
    assert bench.supervisor.de_energise().confirmed
    assert bench.clock.s - before_s <= 0.9 + 2 * UPDATE_S + 1e-9


@pytest.mark.soak
def test_a_long_run_with_one_data_set_in_a_thousand_missing_never_trips():
    programme_with_missing_sets(points=2000)


def test_a_run_with_one_data_set_in_a_thousand_missing_never_trips():
    programme_with_missing_sets(points=100)


def programme_with_missing_sets(points):
    """A programme of as many points, each applied, settled and measured, on a bench that misses data at times."""
    bench = RecordedBench()
    count, lost = itertools.count(1), []

    def lose(reading):
        number = next(count)
        if bench.is_off or number % 1000 != 500:
            return reading
        lost.append(number)
        place, name = number // 1000 % 3, ("u_v", "i")[number // 3000 % 2]
        return missing(name, place)(reading)

    bench.analyzer.spoilt = lose
    levels = itertools.cycle([1.0, 5.0, 10.0, 20.0, 50.0, 100.0, 120.0, 0.0])
    angles = itertools.cycle([0.0, -60.0, 36.9, 180.0, 120.0])
    phases = itertools.cycle(["ABC", "A", "BC"])
    for _ in range(points):
        level, angle, loaded = next(levels), next(angles), next(phases)
        bench.supervisor.apply(LoadPoint(277.0, level, angle, loaded))
        bench.supervisor.settle()
        for _ in range(6):
            bench.clock.sleep(1.0)
            bench.supervisor.analyzer.read()
    assert bench.supervisor.de_energise().confirmed
    assert len(lost) >= points // 100, "some were lost"
