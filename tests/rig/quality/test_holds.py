"""Units in doubt are those since the last good check; they are on hold until a later test passes, and only that."""

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import insert

from rig.products.failure_classes import FailureClass
from rig.products.product import RetestPart
from rig.quality.at_the_line import refuse_units
from rig.quality.holds.affected import Cause, Suspect, affected, holds_of
from rig.quality.holds.open_holds import open_holds
from rig.quality.retest import RetestRefused
from rig.records import tables
from rig.records.errors import RecordNotWritten
from tests.rig.quality.production import START, MadeTest, enter

GOOD = [0.1, 0.1, 0.1, 0.1]


class Variant:
    """As much of a product as admission asks for."""

    name = "S4100"
    retest = RetestPart(most_attempts=2, after=(FailureClass.COMMUNICATION,))


def golden(minutes: float, *, errors=GOOD, outcome: str = "PASS", position: str = "1", **more) -> MadeTest:
    classes = ("gain",) if outcome == "FAIL" else ()
    return MadeTest("G1", outcome, classes, errors, kind="golden", minutes=minutes, position=position, **more)


def unit(serial: str, minutes: float, outcome: str = "PASS", **more) -> MadeTest:
    return MadeTest(serial, outcome, ("gain",) if outcome == "FAIL" else (), GOOD, minutes=minutes, **more)


def at(minutes: float) -> dt.datetime:
    return START + dt.timedelta(minutes=minutes)


LINE = [
    golden(0), golden(1, position="2"), unit("01", 5), unit("02", 6, position="2"), golden(10), unit("03", 12),
    unit("04", 13, position="2"), golden(20, errors=[0.4] * 4), unit("05", 25, station="line 2"),
]  # fmt: skip


def serials(found) -> list[str]:
    return [each.test.serial_number for each in found]


@pytest.mark.parametrize(
    ("suspect", "expected"),
    [
        (Suspect(Cause.POSITION, "1", "line 1"), ["03"]),
        (Suspect(Cause.POSITION, "2", "line 1"), ["02", "04"]),
        (Suspect(Cause.GOLDEN, "G1"), ["02", "03", "04"]),
        (Suspect(Cause.POSITION, "1", "line 2"), ["05"]),
        (Suspect(Cause.GOLDEN, "G9"), []),
    ],
)
def test_units_since_the_last_good_check_are_in_doubt(tmp_path: Path, suspect, expected):
    with enter(tmp_path / "r.db", LINE) as store:
        assert serials(affected(store, suspect)) == expected


def test_without_any_good_check_all_units_are_in_doubt(tmp_path: Path):
    with enter(tmp_path / "r.db", [unit("01", 0), unit("02", 5)]) as store:
        found = affected(store, Suspect(Cause.POSITION, "1"))
    assert serials(found) == ["01", "02"]
    assert {each.since_utc for each in found} == {None}


def test_a_time_that_is_named_takes_the_place_of_the_last_good_check(tmp_path: Path):
    with enter(tmp_path / "r.db", LINE) as store:
        assert serials(affected(store, Suspect(Cause.POSITION, "1", "line 1"), since=at(4))) == ["01", "03"]


def test_a_unit_that_was_tested_again_elsewhere_is_not_in_doubt(tmp_path: Path):
    with enter(tmp_path / "r.db", [*LINE, unit("03", 30, station="line 2")]) as store:
        assert serials(affected(store, Suspect(Cause.POSITION, "1", "line 1"))) == []


def test_units_measured_with_a_reference_are_in_doubt(tmp_path: Path):
    with enter(tmp_path / "r.db", LINE) as store:
        with store._database.writing() as connection:
            runs = connection.exec_driver_sql("SELECT id, started_utc FROM run ORDER BY started_utc").all()
            rows = [
                {"run_id": run_id, "role": "analyzer", "identity": "WT5000",
                 "serial_number": "A1" if place < 6 else "A2",
                 "calibration_certificate": "C-7", "calibration_date": None, "calibration_due": None,
                 "calibration_status": None}
                for place, (run_id, _) in enumerate(runs)
            ]  # fmt: skip
            connection.execute(insert(tables.INSTRUMENT_USE), rows)
        assert serials(affected(store, Suspect(Cause.REFERENCE, "A1"))) == ["03"]
        assert serials(affected(store, Suspect(Cause.REFERENCE, "A2"))) == ["05"]  # a new history begins
        assert serials(affected(store, Suspect(Cause.REFERENCE, "A"))) == []


def hold_all(store, minutes: float = 40.0) -> None:
    suspect = Suspect(Cause.POSITION, "1", "line 1")
    store.enter_holds(holds_of(affected(store, suspect), suspect, "loose wire", "Q. Engineer", at(minutes)))


def test_a_hold_stands_until_a_later_test_passes(tmp_path: Path):
    path = tmp_path / "r.db"
    with enter(path, LINE) as store:
        hold_all(store)
        (hold,) = open_holds(store)
        assert (hold.serial_number, hold.cause, hold.placed_by) == ("03", "position", "Q. Engineer")
        assert hold.since_utc == at(10)
    for spoiled in (unit("03", 41, "ERROR"), unit("03", 42, "FAIL"), unit("3", 43), unit("03", 39)):
        with enter(path, [spoiled]) as store:
            assert len(open_holds(store)) == 1
    with enter(path, [unit("03", 50)]) as store:
        assert open_holds(store) == ()
        assert len(store.holds()) == 1


def test_a_unit_can_be_put_on_hold_once_more(tmp_path: Path):
    with enter(tmp_path / "r.db", LINE) as store:
        hold_all(store)
    with enter(tmp_path / "r.db", [unit("03", 50)]) as store:
        hold_all(store, 60.0)
        assert [hold.placed_utc for hold in open_holds(store)] == [at(60)]


def test_holds_are_append_only(tmp_path: Path):
    with enter(tmp_path / "r.db", LINE) as store:
        hold_all(store)
        for statement in ("DELETE FROM hold", "UPDATE hold SET reason = ''"):
            with pytest.raises(Exception, match="append-only"), store._database.writing() as connection:
                connection.exec_driver_sql(statement)


def test_a_hold_of_a_run_that_is_not_there_is_not_written(tmp_path: Path):
    with enter(tmp_path / "r.db", LINE) as store:
        suspect = Suspect(Cause.POSITION, "1", "line 1")
        (hold,) = holds_of(affected(store, suspect), suspect, "", "", at(40))
        object.__setattr__(hold, "run_id", "no such run")
        with pytest.raises(RecordNotWritten):
            store.enter_holds([hold])
        assert store.holds() == ()


# --- before units are tested


def test_a_unit_on_hold_may_be_tested_and_the_operator_is_told(tmp_path: Path):
    with enter(tmp_path / "r.db", [unit("03", 12, "FAIL")]) as store:
        with pytest.raises(RetestRefused, match="unit 03 is not tested again"):
            refuse_units(store, "line 1", {"1": "03"}, Variant, None)
        hold_all(store)
        (told,) = refuse_units(store, "line 1", {"1": "03"}, Variant, None)
        assert refuse_units(store, "line 1", {"1": "04"}, Variant, None) == ()
    assert told.startswith("unit 03 is ON HOLD since")
    assert "loose wire" in told
