"""Several meters looked at under one load: whose fault a wrong wire is, and when a position is locked."""

from types import SimpleNamespace

import pytest

from drivers.meter.errors import MeterTimeout
from rig.bench import load_bench
from rig.errors import BenchFault
from rig.events import Event, Events
from rig.golden.state import note_proven, position_state
from rig.procedures.units import Unit
from rig.procedures.wiring_check.diagnosis import diagnose
from rig.procedures.wiring_check.of_units import failure_class_of, picture_text, wiring_of_units
from rig.products.failure_classes import FailureClass
from rig.records.data import RunHeader
from rig.records.store import RunStore
from tests.rig.procedures.wiring_check.test_check import Supervisor, _at_full_current
from tests.rig.procedures.wiring_check.wired import Leads, configuration, picture


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))


class Room:
    """A bench of several positions whose meters are behind leads of their own; None is a meter that does not answer."""

    def __init__(self, tmp_path, *leads, serials=()):
        self.file = load_bench("emulated-eol-8")
        self.supervisor = Supervisor()
        self.events, self.said = Events(), []
        self.events.subscribe(Event, lambda event: self.said.append(str(event)))
        self.bench = SimpleNamespace(
            name="b", file=self.file, supervisor=self.supervisor, analyzer=object(),
            wiring=SimpleNamespace(stimulus=_at_full_current), clock=SimpleNamespace(sleep=lambda _: None),
        )  # fmt: skip
        bus = SimpleNamespace()
        self.units = [
            Unit(number, self._position(number, one, bus, (serials or "ABCDEFGH")[number - 1]), {}, configuration(40))
            for number, one in enumerate(leads, 1)
        ]
        self.store = RunStore.open(tmp_path / "records.sqlite")
        self.record = self.store.begin_run(
            RunHeader(kind="eol", bench_name="b", bench_file_sha256="", software_version="0")
        )

    def _position(self, number, leads, bus, serial_number):
        def read_load_point():
            if leads is None:
                raise MeterTimeout(1, "ReadPropertyMultiple", 6.0)
            return SimpleNamespace(values=picture(40, leads, phases=self.supervisor.points[-1].phases).read)

        identity = SimpleNamespace(serial_number=serial_number)
        meter = SimpleNamespace(read_load_point=read_load_point)
        return SimpleNamespace(name=str(number), meter=meter, bus=bus, identity=identity)

    def at(self, number):
        import contextlib

        return contextlib.nullcontext(self.units[number - 1])

    def look(self):
        return wiring_of_units(self.bench, self.units, self.record, self.events, self.at)


@pytest.fixture
def room(tmp_path):
    made = []

    def make(*leads, **more):
        made.append(Room(tmp_path, *leads, **more))
        return made[-1]

    yield make
    for each in made:
        each.store.close()


def test_at_a_proven_position_a_wrong_wire_is_the_units_own(room):
    bench = room(Leads(), Leads(reversed_at="B"), Leads(ct={"A": "C", "C": "A"}))
    for position in ("1", "2"):
        note_proven(bench.file, position, "GOLD", "run")
    found = bench.look()
    assert [(each.state, each.failure_class) for each in found.values()] == [
        ("right", None),
        ("unit", FailureClass.REVERSED),
        ("bench", FailureClass.WIRING),
    ]
    assert "wiring (meter): the lead of CT input B looks reversed" in found[2].text
    assert "no known good meter has proven this wiring" in found[3].text
    assert len(bench.supervisor.points) == 1, "one load for all"


def test_a_second_unit_with_the_same_picture_gets_no_verdict_and_locks(room):
    for serial, state in (("A", "unit"), ("B", "bench"), ("C", "bench")):
        bench = room(Leads(reversed_at="B"), serials=(serial,))
        if serial == "A":
            note_proven(bench.file, "1", "GOLD", "run")
        found = bench.look()[1]
        assert found.state == state
    assert any("units A and B" in line for line in bench.said)
    assert position_state(bench.file, "1").locked_why


def test_a_meter_that_does_not_answer_stops_no_other(room):
    bench = room(Leads(), None, Leads())
    assert list(bench.look()) == [1, 3]
    assert bench.units[1].dead


def test_where_no_meter_answers_the_bench_has_failed(room):
    with pytest.raises(BenchFault, match="no meter on this bench answers any more"):
        room(None, None).look()


@pytest.mark.parametrize(
    ("leads", "kind", "said"),
    [
        (Leads(reversed_at="C"), FailureClass.REVERSED, "ct_reversed C"),
        (Leads(ct={"A": "B", "B": "A"}), FailureClass.EXCHANGED, "ct_exchanged AB"),
        (Leads(voltage={"B": ""}), FailureClass.MISSING_PHASE, "voltage_missing B"),
        (Leads(ct_factor={"A": 3.0, "B": 3.0, "C": 3.0}), FailureClass.CT_MODE, "ct_ratio"),
        (Leads(ct_factor={"B": 0.6}), FailureClass.GAIN, "ct_ratio B"),
        (Leads(voltage_factor=0.8), FailureClass.VOLTAGE, "voltage_ratio"),
    ],
)
def test_each_picture_has_a_class_and_a_text_without_figures(leads, kind, said):
    diagnosis = diagnose([picture(40, leads)], configuration(40).system)
    assert failure_class_of(diagnosis) is kind
    assert picture_text(diagnosis) == said
