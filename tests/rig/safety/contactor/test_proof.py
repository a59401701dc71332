"""The contactor on the way up, on a bench of stand-ins: its opening is proven once, and a stuck one is refused."""

import math

import pytest

from drivers.source.base import Range
from rig.safety.contactor.proof import CONTACTOR, HIGHEST_PROOF_V, PROOF_V, BenchContactor
from rig.safety.energise import STEPS
from rig.safety.errors import StepFailed
from tests.rig.safety.recorded_bench import POINT, TOUCHING, RecordedBench, refused


class StandInContactor:
    """Cuts what the stand-in analyzer sees; ``is_stuck`` never opens, ``is_dead`` never closes."""

    hold_s = 3.0

    def __init__(self):
        self.bench = None
        self.is_closed = self.is_stuck = self.is_dead = False
        self.problem = None

    def close(self):
        self.bench.note("contactor closes")
        self.is_closed = not self.is_dead
        return self.problem

    def open(self):
        self.bench.note("contactor opens")
        self.is_closed = self.is_closed and self.is_stuck
        return


def bench_behind(contactor, **options):
    hand = BenchContactor(contactor, now_s=lambda: bench.clock.s)
    bench = RecordedBench(contactor=hand, **options)
    contactor.bench = bench
    real = bench.source.part
    bench.source.part = lambda: real() if contactor.is_closed else 0.0
    return bench


@pytest.fixture
def contactor():
    return StandInContactor()


def test_the_opening_is_proven_once_at_a_low_voltage_and_told(contactor):
    bench = bench_behind(contactor)
    settings = []
    real = bench.source.set_point
    bench.source.set_point = lambda setting: (settings.append((setting, contactor.is_closed)), real(setting))
    bench.supervisor.energise(POINT)
    assert bench.steps_done == STEPS
    (told,) = [text for kind, text in bench.events if kind == "energise" and f", {CONTACTOR}:" in text]
    assert f"opening proven: {PROOF_V:g} V seen with it closed, less than 2 V with it open" in told
    first = settings[0][0]
    assert [tone.rms for channel in first.voltage for tone in channel] == [PROOF_V] * 3
    assert first.current == ((), (), ())
    assert contactor.is_closed
    bench.supervisor.de_energise().raise_if_not_confirmed()
    assert not contactor.is_closed
    bench.calls.clear()
    bench.supervisor.energise(POINT)
    assert bench.calls.count("contactor closes") == 1, "proven before"
    assert bench.calls.index("contactor closes") < bench.calls.index("switch on")


def test_a_contactor_that_is_stuck_closed_is_refused_before_the_point(contactor):
    contactor.is_stuck = True
    bench = bench_behind(contactor)
    error = refused(bench, StepFailed)
    assert error.step == CONTACTOR
    assert "it is stuck closed" in error.found
    assert "do not use this bench" in error.advice
    assert bench.highest_v < 2.0 * PROOF_V
    assert bench.is_off
    assert error.step == refused(bench, StepFailed).step, "it is proven again, not taken for good"


def test_a_contactor_that_does_not_close_is_refused(contactor):
    contactor.is_dead = True
    bench = bench_behind(contactor)
    error = refused(bench, StepFailed)
    assert (error.step, bench.is_off) == (CONTACTOR, True)
    assert "0 V / 0 V / 0 V with it closed" in error.found


def test_a_switch_unit_that_does_not_answer_is_refused(contactor):
    contactor.problem = "the contactor's switch unit does not answer"
    bench = bench_behind(contactor)
    assert "does not answer" in refused(bench, StepFailed).found
    assert "switch on" not in bench.calls


def test_missing_data_proves_nothing(contactor):
    bench = bench_behind(contactor)
    bench.source.gains = [1.0, math.nan, 1.0]
    error = refused(bench)
    assert bench.is_off
    assert "not energised" in str(error)


def test_volts_behind_a_closed_contactor_with_the_source_off_are_refused(contactor):
    bench = bench_behind(contactor)
    bench.supervisor.energise(POINT)
    bench.supervisor.de_energise().raise_if_not_confirmed()
    real = bench.source.part
    bench.source.part = lambda: 1.0 if contactor.is_closed else real()  # the source's relay is stuck
    error = refused(bench, StepFailed)
    assert "behind the closed contactor" in error.found
    assert not contactor.is_closed
    bench.source.part = real


def test_a_source_that_gives_no_low_voltage_cannot_prove(contactor):
    bench = bench_behind(contactor)
    capabilities = bench.source.capabilities
    object.__setattr__(bench.source, "capabilities", _with_range(capabilities, 2.0 * HIGHEST_PROOF_V))
    error = refused(bench, StepFailed)
    assert "cannot be proven" in error.advice
    assert not TOUCHING & set(bench.calls)


def _with_range(capabilities, low_v):
    from dataclasses import replace

    return replace(capabilities, voltage_ranges=(Range(low_v, 1008.0, "V"),))


def test_stuck_source_behind_the_contactor_is_off_by_the_analyzer(contactor):
    bench = bench_behind(contactor)
    bench.supervisor.energise(POINT)
    bench.source.make_safe = lambda: None  # it believes that it is off
    bench.source.set_output = lambda on, ramp_s=0.0: None
    report = bench.supervisor.de_energise()
    assert report.confirmed
    assert "analyzer" in report.by
    assert "THE SOURCE'S OUTPUT STAYED ON" in report.trouble
    assert not contactor.is_closed


@pytest.mark.parametrize("number", range(1, 30))
def test_whichever_call_fails_on_the_way_the_contactor_is_open(contactor, number):
    bench = bench_behind(contactor)
    bench.fail_at = number
    try:
        bench.supervisor.energise(POINT)
    except Exception:
        assert bench.is_off
        assert not contactor.is_closed
        assert not bench.guardian.armed
    else:
        assert bench.fail_at >= len(bench.calls)


def test_without_an_analyzer_nothing_is_proven_and_that_is_said(contactor):
    bench = bench_behind(contactor, with_analyzer=False)
    bench.supervisor.energise(POINT)
    (told,) = [text for kind, text in bench.events if kind == "energise" and f", {CONTACTOR}:" in text]
    assert "not proven, since there is no analyzer" in told
