"""What holds for every registered driver: documented in units and ranges, safe, and honest about what it can do."""

import inspect
import itertools
import re
from typing import Any

import pytest

from drivers.analyzer import ANALYZERS
from drivers.analyzer.base import ReferenceAnalyzer
from drivers.climate import CHAMBERS, PROBES
from drivers.climate.base import ClimateChamber, ClimateProbe
from drivers.counter import COUNTERS
from drivers.counter.base import WidthCounter
from drivers.errors import DriverError
from drivers.generator import GENERATORS
from drivers.generator.base import PulseGenerator
from drivers.source import SOURCES
from drivers.source.base import AcSource, SafeOff
from drivers.switch import SWITCHES
from drivers.switch.base import SwitchUnit
from drivers.testing import scripted_session

FAMILIES = {
    AcSource: SOURCES,
    ReferenceAnalyzer: ANALYZERS,
    SwitchUnit: SWITCHES,
    PulseGenerator: GENERATORS,
    WidthCounter: COUNTERS,
    ClimateProbe: PROBES,
    ClimateChamber: CHAMBERS,
}
DRIVERS: dict[str, Any] = {name: driver for family in FAMILIES.values() for name, driver in family.items()}
MEASURING = (ReferenceAnalyzer, ClimateProbe)
DRIVING: dict[str, Any] = {name: base for base, family in FAMILIES.items() if base not in MEASURING for name in family}
ANSWERS_EVERY_COMMAND = {"espec_p300"}
"""Has no error queue, since it answers every command with what became of it."""
SAYS_UNIT = re.compile(r"\b(V|A|W|Hz|s|volts|hertz|degrees|seconds|watt hours|percent)\b")
NUMERIC_IN = ("float", "SourceSetting", "PulseTrain", "CounterInput")
"""Annotations of parameters that carry quantities."""
NUMERIC_OUT = ("float", "Protection", "AnalyzerRanges", "Reading")


OPTIONAL = {"arm_watchdog": "watchdog_s", "disarm_watchdog": "watchdog_s", "protection": "current_limit_a"}
"""Methods that a source has of its own where its capabilities say so."""


def public_methods(driver):
    methods = [(name, method) for name, method in inspect.getmembers(driver, inspect.isfunction) if name[0] != "_"]
    can = getattr(driver, "capabilities", None)
    lacks = {name for name, field in OPTIONAL.items() if getattr(can, field, None) is None}
    return [(name, method) for name, method in methods if name not in lacks]


def annotated(driver, words, *, returned):
    """Public methods with a numeric parameter, or a numeric return, and what the driver says of them.

    A method that families share says what the quantity is; a family's own docstring says how much of it there is.
    """
    for method_name, method in public_methods(driver):
        signature = inspect.signature(method)
        given = [str(parameter.annotation) for parameter in signature.parameters.values()]
        annotations = [str(signature.return_annotation)] if returned else given
        if any(word in annotation for annotation in annotations for word in words):
            yield method_name, f"{inspect.getdoc(method)}\n{driver.__doc__}"


@pytest.mark.parametrize("name", DRIVERS)
def test_every_public_method_has_a_docstring(name):
    for method_name, method in public_methods(DRIVERS[name]):
        assert inspect.getdoc(method), f"{name}.{method_name} has no docstring"


@pytest.mark.parametrize("name", DRIVERS)
def test_numeric_parameters_and_returns_state_their_unit(name):
    for returned, words in ((False, NUMERIC_IN), (True, NUMERIC_OUT)):
        for method_name, text in annotated(DRIVERS[name], words, returned=returned):
            assert SAYS_UNIT.search(text), f"{name}.{method_name} says no unit"


@pytest.mark.parametrize("name", DRIVERS)
def test_numeric_parameters_state_their_limits(name):
    for method_name, text in annotated(DRIVERS[name], NUMERIC_IN, returned=False):
        assert re.search(r"\d+(\.\d+)? to \d+", text), f"{name}.{method_name} names no range"


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_names_the_limits_that_its_capabilities_have(name):
    driver = DRIVERS[name]
    text = " ".join(f"{driver.__doc__} {driver.set_point.__doc__} {driver.set_output.__doc__}".split())
    low_s, high_s = driver.capabilities.ramp_s
    assert "{:g} to {:g} Hz".format(*driver.capabilities.frequency_hz) in text
    assert high_s == 0.0 or re.search(rf"{low_s:g}( is none, else 0.001)? to {high_s:g}\b", text)
    if driver.capabilities.voltage_ranges and not driver.capabilities.low_level_ranges:
        assert any(f"0 to {each.high:g}" in text for each in driver.capabilities.voltage_ranges)


@pytest.mark.parametrize("name", DRIVERS)
def test_every_driver_says_that_it_belongs_to_its_family(name):
    assert [base for base, family in FAMILIES.items() if issubclass(DRIVERS[name], base)] == [
        base for base, family in FAMILIES.items() if name in family
    ]
    if name in ANSWERS_EVERY_COMMAND:
        assert DRIVERS[name].ERROR_QUERY is None
    elif not hasattr(DRIVERS[name], "open_link"):  # a link of its own speaks no SCPI
        assert DRIVERS[name].ERROR_QUERY.endswith("?")


@pytest.mark.parametrize("name", ANALYZERS)
def test_every_analyzer_says_what_it_can_measure_and_why_not_the_rest(name):
    can = ANALYZERS[name].capabilities
    assert can.phases in (1, 3)
    assert can.voltage_v > 0
    assert 0 < can.update_s[0] < can.update_s[1]
    assert can.ct_input_v is None or 0 < can.ct_input_v[0] < can.ct_input_v[1]
    is_whole = can.ct_input_v is not None and can.angles_between_voltages and can.integrates and can.phases == 3
    assert is_whole == (not can.why_not)


def test_no_name_stands_for_two_drivers():
    assert len(DRIVERS) == sum(len(family) for family in FAMILIES.values())


@pytest.mark.parametrize("name", DRIVING)
def test_everything_that_drives_something_can_be_made_safe(name):
    assert DRIVERS[name].make_safe is not DRIVING[name].make_safe
    assert "verif" in DRIVERS[name].make_safe.__doc__ or name in COUNTERS


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_can_be_made_safe_and_says_how(name):
    driver = DRIVERS[name]
    assert driver.make_safe is not AcSource.make_safe
    with scripted_session() as session:
        (off,) = driver(session).safe_off()
    assert isinstance(off, SafeOff)
    assert off.commands
    assert off.verify_query.endswith("?")
    assert off.off_answers
    assert off.resource == session.resource


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_declares_ranges_in_rising_order_and_sane_limits(name):
    with scripted_session() as session:
        can = SOURCES[name](session).capabilities
    for ranges in (can.voltage_ranges, can.low_level_ranges):
        assert all(0 <= each.low < each.high and each.unit == "V" for each in ranges)
        assert [each.high for each in ranges] == sorted({each.high for each in ranges})
        assert all(upper.low <= lower.high for lower, upper in itertools.pairwise(ranges)), "a gap"
    assert can.voltage_ranges or can.low_level_ranges
    assert can.watchdog_s is None or 0 < can.watchdog_s[0] < can.watchdog_s[1]
    assert 0 < can.frequency_hz[0] < 45.0
    assert can.frequency_hz[1] > 65.0
    assert can.max_order >= 1
    assert 0 <= can.ramp_s[0] <= can.ramp_s[1]


@pytest.mark.parametrize("name", [name for name, driver in SOURCES.items() if driver.capabilities.watchdog_s is None])
def test_a_source_without_a_watchdog_says_so_when_it_is_to_be_armed(name):
    with scripted_session() as session:
        for act in (lambda: SOURCES[name](session).arm_watchdog(5.0), SOURCES[name](session).disarm_watchdog):
            with pytest.raises(DriverError, match="no watchdog"):
                act()


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_with_a_current_limit_to_set_tells_which_one_is_in_force(name):
    can, tells = DRIVERS[name].capabilities, DRIVERS[name].protection is not AcSource.protection
    assert tells is (can.current_limit_a is not None)
    assert can.current_limit_a is None or 0 < can.current_limit_a[0] < can.current_limit_a[1]


@pytest.mark.parametrize("name", DRIVERS)
def test_making_a_driver_sends_nothing(name):
    arguments = (lambda _: None,) if name in ANALYZERS else ()
    with scripted_session() as session:
        DRIVERS[name](session, *arguments)
    assert session.generation == 0


@pytest.mark.parametrize("name", DRIVERS)
def test_an_error_query_given_to_the_session_is_kept(name):
    arguments = (lambda _: None,) if name in ANALYZERS else ()
    with scripted_session(error_query="MY:ERR?") as session:
        DRIVERS[name](session, *arguments)
        assert session.error_query == "MY:ERR?"


@pytest.mark.parametrize("name", SOURCES)
def test_what_a_source_can_do_is_known_without_an_instrument(name):
    with scripted_session() as session:
        assert SOURCES[name].capabilities == SOURCES[name](session).capabilities
