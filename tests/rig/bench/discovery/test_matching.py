"""Which drivers fit an instrument: by each driver's own identity check, and nothing is sent to find out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.instrument import Identity
from drivers.scpi import session as scpi_session
from rig.bench.discovery import matching
from rig.bench.discovery.matching import FAMILIES, Fit, fitting_drivers

ANSWERS = {
    "FLUKE,6105A,637793173,2.02": ("source", "fluke_6105a"),
    "FLUKE,6100B,1,2.02": ("source", "fluke_6105a"),
    "YOKOGAWA,WT3003E-2A0-30A3,0,F6.01": ("analyzer", "yokogawa_wt"),
    "YOKOGAWA,760304-04-SV,91K225903,F2.11": ("analyzer", "yokogawa_wt"),
    "Rigol Technologies,DG5254 Pro,DG5P1,00.02.07": ("source", "rigol_dg5000"),
    "Agilent Technologies,34972A,MY1,1.16-1.12-02-02": ("switch", "keysight_34970a"),
    "Agilent Technologies,33522B,MY1,2.09-1.19-2.00-52-00": ("generator", "keysight_33500b"),
    "Keysight Technologies,53230A,MY1,02.05": ("counter", "keysight_53220a"),
    "Chroma ATE 61600,61604000,1.00,1.01,1.02": ("source", "chroma_61600"),
    "CALIFORNIA INSTRUMENTS,4500LX,12345,REV 1.10": ("source", "ametek_ci"),
    "Keysight Technologies,AC6801B,MY1,B.01.00": ("source", "keysight_ac6800b"),
    "ITECH Ltd.,IT7809-350-90,1,1.08": ("source", "itech_it7800"),
    "PPSC,UPC-32,v5.22,133826": ("source", "pacific_upc"),
    "ZES ZIMMER Electronic Systems GmbH,LMG671,01930726,3.081": ("analyzer", "zes_lmg600"),
    "FLUKE,NORMA 5000,1,2": ("analyzer", "fluke_norma"),
    "FLUKE,1620A,1,1.0": ("climate_probe", "fluke_1620a"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_instrument_that_a_driver_was_written_for_is_matched_to_it(answer):
    assert Fit(*ANSWERS[answer]) in fitting_drivers(answer)


def test_every_driver_of_an_identifying_instrument_is_in_the_table_above():
    """A driver whose identity check cannot be asked without an instrument would never be proposed to anybody."""
    drivers = {name: driver for family in FAMILIES.values() for name, driver in family.items()}
    assert {name for name, driver in drivers.items() if not hasattr(driver, "open_link")} == {
        driver for _, driver in ANSWERS.values()
    }


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
        return Identity.from_idn(self._session.identify())


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
