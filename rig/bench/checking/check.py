"""Check every part of a bench separately: its identity, what is missing, what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from typing import Any

from drivers.analyzer.base import ReferenceAnalyzer
from drivers.errors import InstrumentLost, RigError
from drivers.instrument import Identity
from drivers.source import SOURCES
from drivers.source.base import AcSource
from drivers.switch.base import SwitchUnit
from rig.bench.auxiliary.switching import safety_inputs
from rig.bench.checking.bus import check_bus
from rig.bench.checking.findings import CheckedPart, Level, PartFinding
from rig.bench.config.files import BenchFile
from rig.bench.discovery.instruments_found import ask
from rig.bench.discovery.matching import fitting_drivers
from rig.bench.drivers import DRIVERS, make_driver
from rig.bench.launch import launched, refuse_foreign_launch
from rig.bench.lock import hold_bench
from rig.bench.protection import has_contactor, is_protected
from rig.errors import BenchBusy
from rig.metrology.calibration import CalibrationRecord, CalibrationStatus, calibration_state
from rig.safety.guardian.link import GuardianLink
from rig.safety.state import Opening
from rig.safety.switching_off.terminals import OFF_BELOW_V

_Report = Callable[[CheckedPart], None]
WhatStarts = Callable[[BenchFile, Mapping[str, Identity], dt.date, Collection[str]], Mapping[str, str | None]]


def check_bench(
    file: BenchFile,
    command: str,
    report: _Report = lambda _part: None,
    today: dt.date | None = None,
    *,
    what_starts: WhatStarts = lambda _file, _identities, _today, _faulty: {},
    may_launch: bool = False,
) -> tuple[CheckedPart, ...]:
    """Look at every part of a bench; the others are looked at where one is missing or dead.

    Sources are identified and asked whether they are on; an analyzer is set up as for a run and read once; relays,
    generators and counters are identified. Nothing is switched on or off. ``report`` gets each part as
    it is done, ``today`` is the day on which calibrations are looked at. ``what_starts`` returns, by command, why it
    would be refused on this bench (None: it would start); its last argument is the parts with which something is wrong.

    Raises UsageRefused for a bench file that starts a program of its own, unless ``may_launch``; the emulated bench,
    which is part of the rig, is none. Raises BenchBusy, and BenchFault where that process does not start.
    """
    if not may_launch:
        refuse_foreign_launch(file)
    done: list[CheckedPart] = []

    def note(part: CheckedPart) -> None:
        done.append(part)
        report(part)

    with ExitStack() as stack:
        hold = stack.enter_context(hold_bench(file, command))
        if file.parts.launch is not None:
            file, _ = stack.enter_context(launched(file, hold))
        day = today or dt.datetime.now().astimezone().date()
        parts = file.parts
        looks: dict[str, Callable[[Any], list[PartFinding]]] = {
            "source": _look_at_source,
            "low_level_source": _look_at_source,
            "analyzer": _look_at_analyzer,
            "switch": lambda switch: _look_at_safety_contacts(file, switch),
        }
        for role in DRIVERS:
            if (part := getattr(parts, role)) is not None:
                note(_instrument(file, role, part, looks.get(role), day, hold.identities))
        if parts.source is not None:
            note(_protection(file, hold.opening))
            note(_safety_circuit(file))
        if parts.buses:
            for checked in check_bus(file):
                note(checked)
        note(_abilities(what_starts(file, hold.identities, day, _faulty(done))))
    return tuple(done)


def _instrument(
    file: BenchFile,
    role: str,
    part: Any,  # Any: the models of instruments have no common base
    look: Callable[[Any], list[PartFinding]] | None,
    today: dt.date,
    identities: dict[str, Identity],
) -> CheckedPart:
    """Identify an instrument through its driver, and ``look`` at its state."""
    label = role.replace("_", " ")
    identity: Identity | None = None
    findings: list[PartFinding] = []
    try:
        driver = make_driver(file.parts, role)
        try:
            identity = identities[role] = driver.identify()
            findings.append(PartFinding(Level.OK, f"driver {part.driver} fits"))
            if look is not None:
                findings += look(driver)
        finally:
            driver.close()
    except BenchBusy:
        raise
    except InstrumentLost as error:
        findings.append(_dead(file, role, _bare(error, part)))
    except RigError as error:
        findings.append(PartFinding(Level.FAULT, _bare(error, part), _other_driver(file, role, part)))
    if hasattr(part, "calibration"):
        findings.append(_calibration(role, part.calibration, identity, today))
    said = f"{identity.manufacturer} {identity.model} {identity.serial_number}".strip() if identity else ""
    return CheckedPart(label, part.resource, said, tuple(findings))


def _bare(error: RigError, part: Any) -> str:
    return str(error).removeprefix(f"{part.resource}: ")


def _dead(file: BenchFile, role: str, what: str) -> PartFinding:
    advice = f"switch it on and check its cable, or correct '{role}: resource' in {file.path.name}"
    return PartFinding(Level.FAULT, what, advice)


def _other_driver(file: BenchFile, role: str, part: Any) -> str:
    """Say which driver would fit what answers there."""
    answer = ask(part.resource, [part.visa_library]).identity
    if answer is None:
        return f"look at the instrument, or correct '{role}' in {file.path.name}"
    fits = [fit for fit in fitting_drivers(answer) if fit.driver != part.driver]
    if not fits:
        return f"it says it is {answer!r}; look at the instrument, or correct '{role}: resource' in {file.path.name}"
    named = ", ".join(f"{fit.role}: {{driver: {fit.driver}}}" for fit in fits)
    return f"it says it is {answer!r}, which fits {named}; correct {file.path.name}"


def _look_at_source(source: AcSource) -> list[PartFinding]:
    if source.output_is_on():
        what = "THE OUTPUT IS ON, though no run uses this bench"
        return [PartFinding(Level.DANGER, what, "treat its terminals as live, and switch it off with 'rig off'")]
    return [PartFinding(Level.OK, "output off")]


def _look_at_analyzer(analyzer: ReferenceAnalyzer) -> list[PartFinding]:
    analyzer.configure()
    seen = [element.u_v for element in analyzer.read().elements]
    volts = [value for value in seen if value is not None]
    if len(volts) < len(seen):
        what = "it gives no valid voltage on every phase"
        return [PartFinding(Level.WARNING, what, "check its leads at the meter's terminals, and its range")]
    if max(volts) >= OFF_BELOW_V:
        what = f"it sees {' / '.join(f'{value:.4g}' for value in volts)} V at the meter's terminals"
        return [PartFinding(Level.DANGER, what, "treat them as live, and find out what feeds them")]
    return [PartFinding(Level.OK, f"set up; it sees less than {OFF_BELOW_V:g} V at the meter's terminals")]


def _look_at_safety_contacts(file: BenchFile, switch: SwitchUnit) -> list[PartFinding]:
    """Read interlock and emergency stop, where they are wired to the switch unit; no relay of a role is moved."""
    inputs = safety_inputs(file.parts.safety_inputs, switch)
    if not inputs.are_wired:
        return []
    reading = inputs.read()
    if reading.is_safe:
        return [PartFinding(Level.OK, f"{reading.found}: safe to energise")]
    what = f"{reading.found}, so nothing can be energised now"
    return [
        PartFinding(Level.WARNING, what, f"it has to be: {reading.wanted}; close the enclosure, or check the wires")
    ]


def _calibration(
    role: str, calibration: CalibrationRecord | None, identity: Identity | None, today: dt.date
) -> PartFinding:
    state = calibration_state(calibration, identity, today)
    what = f"calibration {state.text}"
    if state.is_valid:
        return PartFinding(Level.OK, what)
    level, advice = {
        CalibrationStatus.NOT_RECORDED: (Level.NOTE, f"add '{role}: calibration' from its certificate"),
        CalibrationStatus.OTHER_INSTRUMENT: (
            Level.FAULT,
            f"correct '{role}: calibration', or connect the instrument it is of",
        ),
        CalibrationStatus.EXPIRED: (Level.WARNING, "have it calibrated; a certification refuses it"),
        CalibrationStatus.NOT_YET_VALID: (Level.WARNING, f"correct '{role}: calibration'; a certification refuses it"),
    }[state.status]
    return PartFinding(level, what, advice)


def _protection(file: BenchFile, opening: Opening) -> CheckedPart:
    """What switches off when the rig dies, and when its guardian does too."""
    findings: list[PartFinding] = []
    try:
        GuardianLink.start(opening).close()
    except RigError as error:
        advice = "wait for it, then look at the source; 'rig off' switches off without it"
        findings.append(PartFinding(Level.FAULT, str(error), advice))
    else:
        findings.append(PartFinding(Level.OK, "the guardian process starts"))
    for role in ("source", "low_level_source"):
        part = getattr(file.parts, role)
        if part is not None and SOURCES[part.driver].capabilities.watchdog_s is not None:
            name = role.replace("_", " ")
            findings.append(PartFinding(Level.OK, f"the {name}'s own watchdog is armed while its output is on"))
    if has_contactor(file.parts):
        what = "a contactor is held by the guardian; that it opens is proven when the bench is first energised"
        findings.append(PartFinding(Level.OK, what))
    if not is_protected(file.parts):
        what = (
            "not protected: if rig and guardian are both gone, nothing switches the source off (it has no watchdog, "
            "the bench has no contactor)"
        )
        advice = "fit a contactor (switch: contactor), or have the source's own switch within reach"
        findings.append(PartFinding(Level.NOTE, what, advice))
    return CheckedPart("protection", "", "", tuple(findings))


def _safety_circuit(file: BenchFile) -> CheckedPart:
    """Whether the rig can read interlock and emergency stop; both act in hardware, with or without the rig."""
    inputs = file.parts.safety_inputs
    findings = []
    advised = False
    for role, name in (("interlock", "interlock"), ("emergency_stop", "emergency stop")):
        if getattr(inputs, role, None) is not None:
            findings.append(PartFinding(Level.OK, f"{name}: wired to the switch unit and read before each point"))
        else:
            what = f"{name}: not wired to the rig, so it is neither read nor recorded"
            advice = "it must act in hardware in any case, on a contactor or the source's remote inhibit"
            findings.append(PartFinding(Level.NOTE, what, advice if not advised else ""))
            advised = True
    return CheckedPart("safety circuit", "", "", tuple(findings))


def _abilities(found: Mapping[str, str | None]) -> CheckedPart:
    """What can be done on this bench, and why not the rest: partial benches are legal."""
    able = [command for command, refusal in found.items() if refusal is None]
    findings = [PartFinding(Level.OK, f"this bench can: {', '.join(able) or 'be checked'}")]
    findings += [
        PartFinding(Level.NOTE, f"it cannot: {command} ({refusal})")
        for command, refusal in found.items()
        if refusal is not None
    ]
    return CheckedPart("abilities", "", "", tuple(findings))


def _faulty(done: Iterable[CheckedPart]) -> frozenset[str]:
    """The parts with which something is wrong, by role; the meters together as ``meter``."""
    bad = (part for part in done if part.level in (Level.DANGER, Level.FAULT))
    return frozenset(part.role or part.part.replace(" ", "_") for part in bad)
