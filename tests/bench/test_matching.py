"""Which drivers fit an instrument: by each driver's own identity check, and nothing is sent to find out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.scpi import session as scpi_session
from rig.bench import matching
from rig.bench.matching import FAMILIES, Fit, fitting_drivers

ANSWERS = {
    "FLUKE,6105A,637793173,2.02": ("source", "fluke_6105a"),
    "FLUKE,6100B,1,2.02": ("source", "fluke_6105a"),
    "YOKOGAWA,WT3003E-2A0-30A3,0,F6.01": ("analyzer", "yokogawa_wt"),
    "YOKOGAWA,760304-04-SV,91K225903,F2.11": ("analyzer", "yokogawa_wt"),
    "Rigol Technologies,DG5254 Pro,DG5P1,00.02.07": ("source", "rigol_dg5000"),
    "Agilent Technologies,34972A,MY1,1.16-1.12-02-02": ("switch", "keysight_34970a"),
    "Agilent Technologies,33522B,MY1,2.09-1.19-2.00-52-00": ("generator", "keysight_33500b"),
    "Keysight Technologies,53230A,MY1,02.05": ("counter", "keysight_53220a"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_instrument_that_a_driver_was_written_for_is_matched_to_it(answer):
    assert Fit(*ANSWERS[answer]) in fitting_drivers(answer)


@pytest.mark.parametrize("answer", ["ACME,WT3000,1,2", "HEWLETT-PACKARD,34401A,0,10-5-2", "", ",,,", "6105A"])
def test_an_instrument_of_nobodys_fits_nothing(answer):
    assert fitting_drivers(answer) == ()


@settings(max_examples=25)
@given(st.text(max_size=40))
def test_whatever_an_instrument_says_of_itself_no_driver_breaks_over_it(answer):
    assert all(fit.driver in FAMILIES[fit.role] for fit in fitting_drivers(answer))


def test_finding_out_opens_no_connection(monkeypatch):
    opened = []
    monkeypatch.setattr(scpi_session, "VisaTransport", lambda *given, **options: opened.append(given))
    assert fitting_drivers("FLUKE,6105A,637793173,2.02")
    assert opened == []


class Hasty:
    """A driver that talks before it asks who is there."""

    def __init__(self, session):
        self._session = session

    def identify(self):
        self._session.write("*RST")
        return self._session.identify()


class Lenient(Hasty):
    """A driver that asks, accepts, and then wants to know more."""

    def identify(self):
        self._session.identify()
        self._session.write("SYST:REM")


class OwnLink(Lenient):
    """A driver of an instrument that speaks no SCPI."""

    open_link = None


@pytest.mark.parametrize(("driver", "fits"), [(Hasty, False), (Lenient, True), (OwnLink, False)])
def test_only_a_driver_that_has_asked_and_accepted_fits(monkeypatch, driver, fits):
    monkeypatch.setattr(matching, "FAMILIES", {"switch": {"any": driver}})
    assert bool(fitting_drivers("A,B,C,D")) is fits
