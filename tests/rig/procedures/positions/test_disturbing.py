"""A unit that disturbs the stimulus of all: found with all outputs off, left out, and what it spoiled is repeated."""

import contextlib
from dataclasses import replace
from types import SimpleNamespace

import pytest

from meter_model.configuration import Configuration
from rig.bench import load_bench
from rig.bench.wiring import Wiring
from rig.errors import UsageRefused
from rig.events import Event, Events
from rig.load_point import LoadPoint
from rig.operator import Answer
from rig.procedures.positions.disturbing import Isolation, OperatorDisconnector
from rig.procedures.units import Unit, measure_all
from rig.records.data import RunHeader, UnitRecord
from rig.records.store import RunStore
from rig.safety.conditions import IEC_REFERENCE
from rig.safety.errors import OutputWrong
from tests.rig.procedures.test_several_meters import RANGES, WIRING

POINT = LoadPoint(277.0, 100.0, 0.0)


class Line:
    """A run of units at one source; what ``disturbs`` loads it while it is in: "hard" keeps it from energising."""

    def __init__(self, store, count=3, disturbs=None, how="soft"):
        self.is_in = dict.fromkeys(range(1, count + 1), True)
        self.is_on, self.disturbs, self.how, self.moves = False, disturbs, how, []
        self.bench_file = load_bench("emulated-eol-8")
        self.events, self.said = Events(), []
        self.events.subscribe(Event, lambda event: self.said.append(str(event)))
        header = RunHeader(kind="eol", bench_name="b", bench_file_sha256="", software_version="0")
        self.record = store.begin_run(header)
        self.units = [self._unit(number) for number in self.is_in]
        for number in self.is_in:
            self.record.unit(UnitRecord(serial_number=f"S{number}", device_instance=number, position=f"{number}"))
        self.bench = SimpleNamespace(
            name="b", supervisor=self, wiring=Wiring.from_part(self.bench_file.parts.wiring), accuracy=None,
            climate_probe=None, events=self.events, analyzer=SimpleNamespace(read=self._reading), file=self.bench_file,
            clock=SimpleNamespace(sleep=lambda _: None, now_s=lambda: 0.0),
        )  # fmt: skip
        self.bench.wiring = SimpleNamespace(
            stimulus=lambda _: self._seen(), powers_off=lambda *_: ((0.0,) * 3, (0.0,) * 3), terminals=WIRING.terminals
        )
        self.analyzer_ranges, self.can_go_on = RANGES, False

    def _unit(self, number):
        meter = SimpleNamespace(
            read_load_point=lambda: SimpleNamespace(values={11: 1.0}, requested_at_s=0.0, answered_at_s=0.1)
        )
        identity = SimpleNamespace(serial_number=f"S{number}")
        position = SimpleNamespace(name=f"{number}", meter=meter, bus=self, identity=identity, path=None)
        return Unit(number, position, {}, Configuration())

    @property
    def is_disturbed(self):
        return self.is_in.get(self.disturbs, False)

    def _reading(self):
        silent = SimpleNamespace(u_thd_pct=None, i_thd_pct=None)
        return SimpleNamespace(monotonic_s=1.0, elements=(silent,) * 3, raw={})

    def _seen(self):
        seen = WIRING.terminals(POINT)
        factor = 0.97 if self.is_disturbed and self.how == "soft" else 1.0
        volts = tuple(tuple(replace(part, rms=part.rms * factor) for part in each) for each in seen.voltages)
        return replace(seen, voltages=volts)

    # --- the supervisor ---
    def apply(self, _point):
        if self.is_disturbed and self.how == "hard":
            self.is_on = False
            raise OutputWrong("CT input A", "0 V", "0.06 V", "check the leads", "current channels")
        self.is_on = True

    def settle(self):
        return [self._reading()]

    def de_energise(self, *, softly):
        assert softly
        self.is_on = False
        return SimpleNamespace(raise_if_not_confirmed=lambda: None)

    # --- the run ---
    def at(self, number):
        self.record.present_unit = number
        return contextlib.nullcontext(self.units[number - 1])

    def go_on(self):
        self.can_go_on = True

    # --- the disconnector ---
    def take_out(self, unit):
        assert not self.is_on
        self.is_in[unit.number] = False
        self.moves.append(-unit.number)

    def put_back(self, unit):
        assert not self.is_on
        self.is_in[unit.number] = True
        self.moves.append(unit.number)

    def measure(self, isolation=None):
        def once():
            record = self.record.begin_point(POINT)
            return measure_all(self.bench, self.units, POINT, record, IEC_REFERENCE, 2, disturbed=True)

        return (isolation or Isolation(self)).measured(self, POINT, IEC_REFERENCE, once)


@pytest.fixture
def store(tmp_path):
    with RunStore.open(tmp_path / "records.sqlite") as made:
        yield made


@pytest.fixture(autouse=True)
def plain_readings(monkeypatch):
    """What the analyzer read is of no interest here; that it is recorded is tested elsewhere."""
    monkeypatch.setattr("rig.records.recorder.PointRecorder.reference_reading", lambda *_: None)
    monkeypatch.setattr("rig.procedures.accuracy.conditions.distortions", lambda *_: ())


@pytest.mark.parametrize("how", ["soft", "hard"])
@pytest.mark.parametrize("disturbs", [1, 2, 3])
def test_the_disturbing_unit_is_found_and_the_point_is_repeated(store, how, disturbs):
    line = Line(store, disturbs=disturbs, how=how)
    measurement = line.measure()
    assert [bool(each.dead) for each in measurement.of_each] == [number == disturbs for number in (1, 2, 3)]
    assert [each.invalid for each in measurement.of_each if not each.dead] == ["", ""]
    assert line.is_in == {number: number != disturbs for number in (1, 2, 3)}
    assert line.moves == [step for number in range(1, disturbs) for step in (-number, number)] + [-disturbs]
    run = store.run("last")
    (finding,) = run.findings
    assert (finding.unit_number, finding.outcome, finding.failure_class) == (disturbs, "FAIL", "other")
    assert f"unit S{disturbs} disturbs the voltage or current of all positions" in finding.found
    (spoiled,) = run.set_aside
    assert (spoiled.point.outcome, spoiled.purpose) == ("INVALID", "superseded")
    assert len(run.points) == 1
    assert len(run.points[0].meter_readings) == 4


def test_a_disturbance_that_no_unit_makes_is_a_fault_of_the_bench(store):
    line = Line(store, disturbs=9, how="hard")
    line.is_in[9] = True
    with pytest.raises(OutputWrong):
        line.measure()
    assert line.moves == [-1, 1, -2, 2, -3, 3]
    soft = Line(store, disturbs=9, how="soft")
    soft.is_in[9] = True
    assert all(each.invalid and not each.dead for each in soft.measure().of_each)
    assert store.run("last").set_aside == ()


def test_one_unit_alone_is_not_taken_out(store):
    line = Line(store, count=1, disturbs=1)
    assert line.measure().invalid
    assert line.moves == []


def test_a_disturbance_that_has_gone_takes_no_unit_out(store):
    line = Line(store, disturbs=2)
    apply, seen = line.apply, []

    def apply_later(point):
        seen.append(point)
        line.disturbs = 2 if len(seen) < 2 else None
        apply(point)

    line.apply = apply_later
    assert line.measure().invalid, "the reading itself stays INVALID"
    assert line.moves == []


def test_what_was_measured_before_the_disturbance_still_counts(store):
    line = Line(store, disturbs=None)
    line.measure()
    line.disturbs, line.how = 2, "hard"

    def once():
        line.apply(POINT)  # as the end of line does: the load is there before its point is begun
        record = line.record.begin_point(POINT)
        return measure_all(line.bench, line.units, POINT, record, IEC_REFERENCE, 2, disturbed=True)

    Isolation(line).repeated(line, POINT, IEC_REFERENCE, once, lambda found: found.invalid)
    run = store.run("last")
    assert (len(run.points), run.set_aside) == (2, ())


class Person:
    def __init__(self, line, says=True):
        self.line, self.says, self.asked = line, says, []

    def ask(self, prompt):
        self.asked.append(prompt)
        number = int(prompt.position)
        if self.says:
            self.line.is_in[number] = prompt.prompt_id.startswith("put-back")
        return Answer(prompt.prompt_id, confirmed=self.says)


def test_an_operator_is_asked_with_position_and_serial_number(store):
    line = Line(store, disturbs=2)
    person = Person(line)
    line.measure(Isolation(OperatorDisconnector(person.ask)))
    assert [prompt.text for prompt in person.asked] == [
        "All outputs are off. Take unit S1 out of position 1, then confirm.",
        "All outputs are off. Put unit S1 back into position 1, then confirm.",
        "All outputs are off. Take unit S2 out of position 2, then confirm.",
    ]
    assert line.units[1].dead
    assert line.can_go_on


def test_an_operator_who_says_no_leaves_the_reading_invalid(store):
    line = Line(store, disturbs=2)
    measurement = line.measure(Isolation(OperatorDisconnector(Person(line, says=False).ask)))
    assert all(each.invalid for each in measurement.of_each)
    assert any("the disturbing unit was not found" in line for line in line.said)
    with pytest.raises(UsageRefused, match="position 1 was not changed"):
        OperatorDisconnector(Person(line, says=False).ask).take_out(line.units[0])
