"""What a calibration record is worth on a day, for the instrument that is there."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.instrument import Identity
from rig.metrology.calibration import CalibrationRecord, CalibrationRefused, CalibrationStatus, calibration_state

DATE, DUE = dt.date(2026, 8, 15), dt.date(2027, 8, 15)
WT = Identity("YOKOGAWA", "WT3003E", "91M812345", "F6.01")
RECORD = CalibrationRecord(serial="91M812345", certificate="CAL-2026-0815", date=DATE, due=DUE)


@given(st.dates(dt.date(2026, 1, 1), dt.date(2028, 12, 31)))
def test_it_holds_from_its_date_to_its_due_date_and_on_both(today):
    state = calibration_state(RECORD, WT, today)
    expected = (
        CalibrationStatus.NOT_YET_VALID
        if today < DATE
        else CalibrationStatus.EXPIRED
        if today > DUE
        else CalibrationStatus.VALID
    )
    assert state.status is expected
    assert state.is_valid == (expected is CalibrationStatus.VALID)
    assert state.days_left == (DUE - today).days
    assert "CAL-2026-0815 of 2026-08-15, due 2027-08-15" in state.text


@pytest.mark.parametrize("today", [DATE, DUE + dt.timedelta(1), DATE - dt.timedelta(1)])
def test_calibration_of_another_instrument_is_invalid_on_any_day(today):
    other = Identity("YOKOGAWA", "WT3003E", "91M999999", "F6.01")
    state = calibration_state(RECORD, other, today)
    assert state.status is CalibrationStatus.OTHER_INSTRUMENT
    assert "is of serial number 91M812345, and the instrument says it is 91M999999" in state.text


def test_unasked_instrument_is_trusted_and_blanks_around_a_number_ignored():
    assert calibration_state(RECORD, None, DATE).is_valid
    assert calibration_state(RECORD, Identity("Y", "WT", " 91M812345 ", ""), DATE).is_valid


@pytest.mark.parametrize("silent", ["0", "", " 0 "])
def test_instrument_without_serial_number_is_trusted_and_that_is_said(silent):
    state = calibration_state(RECORD, Identity("YOKOGAWA", "WT3003E", silent, "F6.01"), DATE)
    assert state.is_valid
    assert state.text.endswith("(that it is 91M812345 is on trust: the instrument does not say)")
    assert not calibration_state(RECORD, WT, DATE).text.endswith(")")


def test_no_record_is_not_recorded():
    state = calibration_state(None, WT, DATE)
    assert (state.status, state.text, state.days_left) == (CalibrationStatus.NOT_RECORDED, "not recorded", None)


def test_a_refusal_says_which_instrument_and_what_to_do_in_one_sentence():
    states = {
        "analyzer": calibration_state(RECORD, WT, DUE + dt.timedelta(3)),
        "climate_probe": calibration_state(None, None, DATE),
    }
    refusal = CalibrationRefused(states)
    assert refusal.states == states
    said = str(refusal)
    assert "analyzer: calibration CAL-2026-0815 of 2026-08-15, due 2027-08-15, has expired (3 days ago)" in said
    assert "climate probe: calibration not recorded" in said
    assert "correct the calibration record" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "change",
    [{"due": dt.date(2026, 8, 14)}, {"serial": ""}, {"certificate": ""}, {"date": "yesterday"}, {"lab": "x"}],
)
def test_a_record_that_cannot_be_one_is_refused(change):
    with pytest.raises(ValidationError):
        CalibrationRecord.model_validate(RECORD.model_dump(by_alias=True) | change)
