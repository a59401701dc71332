"""From a part of a bench file to the driver of its instrument: session, options, roles; opened in order."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from drivers.analyzer import ANALYZERS
from drivers.climate import CHAMBERS, PROBES
from drivers.counter import COUNTERS
from drivers.errors import SettingOutOfRange
from drivers.generator import GENERATORS
from drivers.instrument import Identity
from drivers.scpi.session import ScpiSession
from drivers.source import SOURCES
from drivers.source.base import AcSource, SourceCapabilities
from drivers.switch import SWITCHES
from drivers.switch.base import RelayRole, SenseRole, SwitchRoles
from rig.bench.clock import BenchClock
from rig.bench.schema.bench import AlarmContactPart, AnalyzerPart, BenchPart, LowLevelSourcePart, SwitchPart
from rig.bench.schema.instrument import InstrumentPart
from rig.bench.schema.switch import SafetyInputPart, SafetyInputsPart
from rig.errors import UsageRefused

SCPI_DEADLINE_S = 2.0
"""Longest transaction with an instrument: shorter than the silence after which the guardian assumes a hang."""

DRIVERS: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "source": SOURCES,
    "low_level_source": SOURCES,
    "analyzer": ANALYZERS,
    "switch": SWITCHES,
    "generator": GENERATORS,
    "counter": COUNTERS,
    "climate_probe": PROBES,
    "chamber": CHAMBERS,
}
"""Driver classes by the part of a bench file that names one, in the order in which they are opened."""


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens the instruments of a bench: ``stack`` closes them, in reverse; ``beat`` is called while they work."""

    parts: BenchPart
    identities: dict[str, Identity]
    clock: BenchClock
    stack: ExitStack
    beat: Callable[[], None]

    def open(self, role: str) -> Any:  # Any: the driver of the role
        """Open and identify the instrument of a role; None where the bench has none."""
        if getattr(self.parts, role) is None:
            return None
        return self.take(role, make_driver(self.parts, role, self.beat, self.clock.sleep))

    def take(self, role: str, driver: Any) -> Any:
        """Identify the instrument of a driver that was made, which is closed with the others."""
        self.stack.callback(driver.close)
        self.identities[role] = driver.identify()
        return driver


def make_driver(
    parts: BenchPart,
    role: str,
    beat: Callable[[], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Any:  # Any: the driver of the role
    """Make the driver of the instrument of a role; nothing is sent yet."""
    part = getattr(parts, role)
    if role == "analyzer":
        return ANALYZERS[part.driver](link_to_analyzer(part, beat), sleep, update_s=part.update_s)
    if role in ("source", "low_level_source"):
        return make_source(part, scpi_session(part, beat))
    driver = DRIVERS[role][part.driver]
    session = scpi_session(part, beat, termination=getattr(driver, "TERMINATION", "\n"))
    if role == "switch":
        return driver(session, switch_roles(part, parts.safety_inputs))
    return driver(session, channel=part.channel) if role == "climate_probe" else driver(session)


def scpi_session(
    part: InstrumentPart, beat: Callable[[], None] | None = None, *, termination: str = "\n"
) -> ScpiSession:
    """Make the session of an instrument as the bench file describes it; nothing is sent yet."""
    return ScpiSession(
        part.resource,
        backend=part.visa_library,
        deadline_s=SCPI_DEADLINE_S,
        termination=termination,
        on_progress=beat,
        line=part.serial.line() if part.serial is not None else None,
    )


def link_to_analyzer(part: AnalyzerPart, beat: Callable[[], None] | None = None) -> Any:  # Any: its driver's
    """Make what the analyzer's driver talks through; nothing is sent yet.

    A SCPI session, unless the driver class has ``open_link(resource, *, deadline_s, on_progress)``: an instrument on
    a serial line that speaks frames of octets.
    """
    open_link = getattr(ANALYZERS[part.driver], "open_link", None)
    if open_link is None:
        return scpi_session(part, beat)
    return open_link(part.resource, deadline_s=SCPI_DEADLINE_S, on_progress=beat)


def make_source(part: LowLevelSourcePart, session: ScpiSession) -> AcSource:
    """Make the driver of a source with the options of its part; nothing is sent.

    Raises as ``check_options``, and UsageRefused for a value that the driver does not take.
    """
    options = check_options(part.driver, part.options)
    try:
        return SOURCES[part.driver](session, **options)
    except SettingOutOfRange as error:
        raise UsageRefused(f"{part.driver}: {error}; correct its options") from None


def capabilities_of(part: LowLevelSourcePart) -> SourceCapabilities:
    """Tell what a source can do as it is described; nothing is opened. Raises as ``check_options``."""
    if not part.options:
        return SOURCES[part.driver].capabilities
    return make_source(part, ScpiSession(part.resource)).capabilities


def check_options(driver: str, options: Mapping[str, bool | int | float | str]) -> dict[str, Any]:
    """Return the options as the driver takes them; raises UsageRefused naming one that it does not know, or its type.

    The options of a driver are its keyword-only arguments.
    """
    make = SOURCES[driver]
    hints = get_type_hints(getattr(make, "__init__"))  # noqa: B009 - of the class, whichever it is
    known = {
        name: hints[name]
        for name, parameter in inspect.signature(make).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    taken: dict[str, Any] = {}
    for name, value in options.items():
        if name not in known:
            names = ", ".join(sorted(known)) or "it has none"
            raise UsageRefused(f"{driver} has no option {name!r}; known: {names}")
        try:
            taken[name] = TypeAdapter(known[name]).validate_python(value, strict=True)
        except ValidationError as error:
            said = error.errors()[0]["msg"][:1].lower() + error.errors()[0]["msg"][1:]
            raise UsageRefused(f"{driver}: option {name!r} cannot be {value!r}: {said}") from None
    return taken


def switch_roles(part: SwitchPart, safety: SafetyInputsPart | None) -> SwitchRoles:
    """Tell the switch unit's driver what is wired to it, as the bench file says."""
    power, pulse, contactor = part.control_power, part.pulse_input, part.contactor
    return SwitchRoles(
        control_power=RelayRole(power.channel, power.on_when) if power else None,
        pulse_input=RelayRole(pulse.channel) if pulse else None,
        alarm_contact=_sense(part.alarm_contact),
        contactor=RelayRole(contactor.channel) if contactor else None,
        contactor_pulse=RelayRole(contactor.pulse_channel) if contactor else None,
        interlock=_sense(safety.interlock) if safety else None,
        emergency_stop=_sense(safety.emergency_stop) if safety else None,
    )


def _sense(part: AlarmContactPart | SafetyInputPart | None) -> SenseRole | None:
    return SenseRole(part.channel, part.method, part.bit) if part else None
