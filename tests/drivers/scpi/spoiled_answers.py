"""A driver on its emulated instrument, in this process, with one answer on the way spoiled; what drivers are for."""

import contextlib
import dataclasses
import math
import random
import re
import string

from drivers.analyzer.base import ReferenceAnalyzer
from drivers.climate.base import ClimateChamber, ClimateProbe
from drivers.counter.base import CounterInput, WidthCounter
from drivers.errors import DriverError, InstrumentLost
from drivers.generator.base import PulseGenerator, PulseTrain
from drivers.scpi.session import ScpiSession
from drivers.source.base import AcSource, SourceSetting, Tone
from drivers.switch.base import RelayRole, SenseRole, SwitchRoles, SwitchUnit

OFF = ()
GARBAGE = "abcdefghijklmnopqrstuvwxyz~!@$%^&_=<>?|"
ROLES = SwitchRoles(RelayRole(201, "open"), RelayRole(211), SenseRole(101))


class EngineTransport:
    """Asks the instrument directly; answer number ``spoiled`` (0 is the first) goes through ``spoil``."""

    def __init__(self, instrument):
        self._instrument = instrument
        self.spoiled, self.spoil = None, None
        self.count = 0
        self.what = ""

    def write(self, message, deadline_s):
        self._instrument.ask(message)

    def query(self, message, deadline_s):
        answer = self._instrument.ask(message)
        if answer is None:
            raise InstrumentLost("IN-PROCESS", f"no answer to {message!r}")
        text = answer.strip().decode("latin-1")
        self.count += 1
        if self.count - 1 != self.spoiled:
            return text
        spoilt = self.spoil(text)
        self.what = f"{message!r} answered {spoilt[:200]!r} for {text[:200]!r}"
        return spoilt

    def close(self):
        pass


def connected(driver_class, instrument):
    """Return the driver on ``instrument``, and the transport under it."""
    transport = EngineTransport(instrument)
    session = ScpiSession("IN-PROCESS", open_transport=lambda: transport)
    if issubclass(driver_class, ReferenceAnalyzer):
        return driver_class(session, instrument.world.spend), transport
    if issubclass(driver_class, SwitchUnit):
        return driver_class(session, ROLES), transport
    return driver_class(session), transport


def uses(driver, setting):
    """Everything the rig does with a driver of this family, in order, as (name, function); ``setting``: of a source."""
    if isinstance(driver, AcSource):
        return [("identify", driver.identify), *_source(driver, setting)]
    for family, listed in (
        (ReferenceAnalyzer, _analyzer),
        (SwitchUnit, _switch),
        (PulseGenerator, _generator),
        (WidthCounter, _counter),
        (ClimateProbe, _probe),
        (ClimateChamber, _chamber),
    ):
        if isinstance(driver, family):
            return [("identify", driver.identify), *listed(driver)]
    raise AssertionError(f"{type(driver).__name__} belongs to no family")


def setting_for(driver_class, instrument):
    """A set-point that the source can give: 60 Hz, 100 V where it has voltages, 0.4 V where it has low levels.

    On all three phases where it has three; None for what is no source.
    """
    if not issubclass(driver_class, AcSource):
        return None
    can = driver_class.capabilities

    def three(volts, ranges, phases):
        angles = (0.0, -120.0, 120.0) if ranges else ()
        return tuple((Tone(1, volts, shift),) for shift in angles[:phases]) + (OFF,) * (3 - len(angles[:phases]))

    for phases in (3, 1):
        setting = SourceSetting(
            60.0, three(100.0, can.voltage_ranges, phases), three(0.4, can.low_level_ranges, phases)
        )
        with contextlib.suppress(DriverError):
            connected(driver_class, instrument)[0].select_ranges(setting)
            return setting
    raise AssertionError(f"{driver_class.__name__} takes neither three phases nor one")


def _source(source, setting):
    return [
        ("select_ranges", lambda: source.select_ranges(setting)),
        ("set_point", lambda: source.set_point(setting)),
        ("set_output on", lambda: source.set_output(True)),
        ("output_is_on", source.output_is_on),
        ("set_output off", lambda: source.set_output(False)),
        ("make_safe", source.make_safe),
    ]


def _analyzer(analyzer):
    ct_v = 0.0 if analyzer.capabilities.ct_input_v is None else 0.4
    integration = [
        ("start_integration", analyzer.start_integration),
        ("stop_integration", analyzer.stop_integration),
    ]
    return [
        ("configure", analyzer.configure),
        ("select_ranges", lambda: analyzer.select_ranges(100.0, (ct_v, ct_v, ct_v))),
        ("read", analyzer.read),
        *(integration if analyzer.capabilities.integrates else ()),
    ]


def _switch(switch):
    return [
        ("set_control_power", lambda: switch.set_control_power(False)),
        ("control_power_is_on", switch.control_power_is_on),
        ("set_pulse_contact", lambda: switch.set_pulse_contact(True)),
        ("alarm_contact_is_closed", switch.alarm_contact_is_closed),
        ("make_safe", switch.make_safe),
    ]


def _generator(generator):
    return [
        ("arm", lambda: generator.arm(1, PulseTrain(3, 0.02, 0.05), 5.0)),
        ("trigger", lambda: generator.trigger(1)),
        ("make_safe", generator.make_safe),
    ]


def _probe(probe):
    return [("configure", probe.configure), ("read", probe.read)]


def _chamber(chamber):
    return [
        ("set_temperature", lambda: chamber.set_temperature(30.0)),
        ("read", chamber.read),
        ("make_safe", chamber.make_safe),
    ]


def _counter(counter):
    return [
        ("arm", lambda: counter.arm(CounterInput(1), 2, 5.0)),
        ("widths_s", counter.widths_s),
        ("make_safe", counter.make_safe),
    ]


def spoilers(chosen):
    """Ways to make an answer one that cannot be understood, by name; ``chosen`` is a random.Random."""

    def junk(count=6):
        return "".join(chosen.choices(GARBAGE, k=count))

    def digits(text):
        """The same answer with every digit another, so that a parser that reads past the junk gets a wrong number."""
        return "".join(str((int(each) + 3) % 10) if each in string.digits else each for each in text)

    def inside(text, extra):
        at = chosen.randrange(len(text) + 1)
        return digits(text[:at]) + extra + digits(text[at:])

    def fewer(text):
        for separator in (";", ","):
            if separator in text:
                return text.rpartition(separator)[0]
        return junk()

    return {
        "garbage": lambda text: junk(chosen.randrange(1, 40)),
        "trailing text": lambda text: digits(text) + junk(),
        "leading text": lambda text: junk() + digits(text),
        "text inside": lambda text: inside(text, junk(3)),
        "not ASCII": lambda text: inside(text, chosen.choice("é²µΩ\xa0\x80\x00٣")),
        "cut after an exponent": lambda text: digits(text) + "E",
        "cut after a comma": lambda text: digits(text) + ",",
        "one number more": lambda text: digits(text) + f",{chosen.randrange(10**6)}",
        "one answer more": lambda text: digits(text) + f";{chosen.randrange(10**6)}",
        "one number less": fewer,
        "a quote that stays open": lambda text: '"' + digits(text.replace('"', "")),
        "an underscore": lambda text: (
            re.sub(r"(\d)", r"\1_1", digits(text), count=1) + ("" if re.search(r"\d", text) else junk())
        ),
        "a huge line": lambda text: junk(1) * 200_000,
        "a huge number": lambda text: "7" * 200_000 + "x",
    }


def agrees(found, expected):
    """Whether a result says nothing that the unspoiled one does not say: equal, nearly the same number, or None."""
    if found is None or expected is None:
        return found is None
    if dataclasses.is_dataclass(expected):
        names = [field.name for field in dataclasses.fields(expected) if field.name not in UNRELATED]
        return all(agrees(getattr(found, name), getattr(expected, name)) for name in names)
    if isinstance(expected, tuple | list):
        return len(found) == len(expected) and all(map(agrees, found, expected))
    if isinstance(expected, bool | str):
        return found == expected
    return math.isclose(found, expected, rel_tol=0.05, abs_tol=0.05)


UNRELATED = ("monotonic_s", "manufacturer", "model", "firmware", "serial_number")
"""Answers that are spoiled in a way that cannot be recognised."""


def seeded(*parts):
    """Return a generator that draws the same for the same parts, in any process."""
    return random.Random(" ".join(map(str, parts)))
