"""The Fluke 6105A in amperes, with and without a 52120A amplifier; and that no other driver takes amperes for volts."""

import inspect

import pytest

from drivers.errors import InstrumentError, SettingNotTaken, SettingOutOfRange
from drivers.source import SOURCES
from drivers.source.base import SourceSetting, Tone
from drivers.source.fluke_6105a import Fluke6105A
from drivers.testing import expected_protocol, scripted_session

OK = '0,"No error"'
OFF = ((), (), ())
OPENED = [("SYST:ERR?", OK)]


def wrote(*commands):
    return [(";:".join(commands), None), ("SYST:ERR?", OK)]


TAKEN_OVER = [
    *OPENED,
    *wrote("OUTP:STAT OFF"),
    ("*RST;*CLS", None),
    ("SYST:ERR?", OK),
    *wrote("OUTP:SENS 0", "UNIT:MHAR:VOLT ABS", "UNIT:MHAR:CURR ABS"),
    ("OUTP:SENS?;:UNIT:MHAR:VOLT?;:UNIT:MHAR:CURR?", "0;ABS;ABS"),
]
CHANNEL_OFF = [*wrote("SOUR:PHAS2:CURR:STAT OFF"), ("SOUR:PHAS2:CURR:STAT?", "0")]


def amperes(rms):
    return SourceSetting(60.0, OFF, ((), (Tone(1, rms, -150.0),), ()), "A")


def with_amplifier(session):
    return Fluke6105A(session, amplifier=True)


def test_current_in_amperes_selects_its_own_range_and_verifies_the_unit():
    selected = [*wrote("SOUR:PHAS2:CURR:RANG 0.5,5"), ("SOUR:PHAS2:CURR:RANG? HIGH", "5.0E0")]
    unit = ("SOUR:PHAS2:CURR:RANG:UNIT?", "CURR")
    with expected_protocol(Fluke6105A, [*TAKEN_OVER, *CHANNEL_OFF, *selected, unit]) as source:
        source.select_ranges(amperes(3.0))


def test_a_channel_that_goes_on_giving_volts_is_not_taken_for_amperes():
    selected = [*wrote("SOUR:PHAS2:CURR:RANG 0.5,5"), ("SOUR:PHAS2:CURR:RANG? HIGH", "5.0E0")]
    unit = ("SOUR:PHAS2:CURR:RANG:UNIT?", "VOLT")
    with (
        expected_protocol(Fluke6105A, [*TAKEN_OVER, *CHANNEL_OFF, *selected, unit]) as source,
        pytest.raises(SettingNotTaken, match="CURR"),
    ):
        source.select_ranges(amperes(3.0))


def test_an_amplifier_gets_its_terminals_and_its_range():
    mode, limits = "SOUR:PHAS2:CURR:EAMP:TERM:MODE", "SOUR:PHAS2:CURR:EAMP:RANG"
    selected = [*wrote(f"{mode} AUTO", f"{limits} 12,120"), (f"{mode}?;:{limits}? HIGH", "AUTO;1.2E2")]
    unit = ("SOUR:PHAS2:CURR:RANG:UNIT?", "CURR")
    with expected_protocol(with_amplifier, [*TAKEN_OVER, *CHANNEL_OFF, *selected, unit]) as source:
        source.select_ranges(amperes(100.0))


def test_an_amplifier_that_is_not_there_is_named_by_its_phase():
    def fitted(header, *answers):
        return (";:".join(f"SOUR:PHAS{phase}:{header}?" for phase in (1, 2, 3)), ";".join(answers))

    said = [fitted("FITT", "1", "1", "1"), fitted("CURR:EAMP:FITT", "1", "1", "0")]
    with (
        expected_protocol(with_amplifier, [*OPENED, ("*IDN?", "FLUKE,6105A,12345,1.02"), *said]) as source,
        pytest.raises(InstrumentError, match="phase 3 has no 52120A amplifier"),
    ):
        source.identify()


@pytest.mark.parametrize(
    ("make", "rms", "limits"), [(Fluke6105A, 22.0, "0.05 to 21 A"), (with_amplifier, 0.1, "0.2 to 120 A")]
)
def test_amperes_that_no_range_holds_are_refused_before_anything_is_sent(make, rms, limits):
    with expected_protocol(make) as source, pytest.raises(SettingOutOfRange, match=limits):
        source.select_ranges(amperes(rms))


def test_a_range_in_volts_holds_no_amperes():
    selected = [*wrote("SOUR:PHAS2:CURR:RANG:VOLT 1,10"), ("SOUR:PHAS2:CURR:RANG:VOLT? HIGH", "1.0E1")]
    unit = ("SOUR:PHAS2:CURR:RANG:UNIT?", "VOLT")
    with expected_protocol(Fluke6105A, [*TAKEN_OVER, *CHANNEL_OFF, *selected, unit]) as source:
        source.select_ranges(SourceSetting(60.0, OFF, amperes(5.0).current))
        with pytest.raises(InstrumentError, match="no range is selected for current channel 2"):
            source.set_point(amperes(5.0))


@pytest.mark.parametrize("name", sorted(name for name, make in SOURCES.items() if not make.capabilities.current_ranges))
def test_source_without_ranges_in_amperes_refuses_them_before_any_io(name):
    make = SOURCES[name]
    required = [
        parameter
        for parameter in list(inspect.signature(make).parameters.values())[1:]
        if parameter.default is inspect.Parameter.empty
    ]
    assert not required, "a source is made from its session alone"
    with scripted_session() as session:
        source = make(session)
        for call in (source.select_ranges, source.set_point):
            with pytest.raises(SettingOutOfRange, match=r"A$"):
                call(amperes(1.0))
