"""Fluke Norma 4000/5000 power analyzer as the reference: three phases, inputs for external shunts for the CT inputs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from drivers.analyzer import fluke_norma_data as data
from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading, ElementReading, IntegratorReading
from drivers.analyzer.checks import NOTHING_VALID, between, magnitude, signed_q
from drivers.analyzer.ranged import RANGE_TOLERANCE, RangedAnalyzer
from drivers.errors import AnswerInvalid, SettingNotTaken
from drivers.instrument import Identity
from drivers.scpi.session import ScpiSession


@dataclass(frozen=True, slots=True)
class _DataSet:
    """One averaging interval: values by function, ``None`` for what its status says is no valid value.

    ``over``: the functions whose status says that they are over range.
    """

    values: Mapping[str, float | None]
    over: frozenset[str]

    @property
    def ended_s(self) -> float | None:
        """When the interval ended, on the instrument's own timer."""
        return self.values["TIME:REL"]


class FlukeNorma(RangedAnalyzer):
    """A Norma measuring at the meter's terminals (Remote Control Users Guide; not yet tried on one).

    ``sleep`` is the bench clock's. ``update_s``: nominal averaging interval, 0.015 to 3600 s; the instrument extends it
    to whole periods of the voltage of phase 1. The CT inputs go to the inputs for external shunts, with a shunt factor
    of 1, so that a volt reads as a volt; they take 0 to 10 V in ranges from 0.03 V on, the voltage inputs 0 to 1000 V
    in ranges from 0.3 V on. Over TCP its port is 23, and it takes plain lines there.

    ``DATA:STATus?`` does not wait: it answers the last interval that is complete. A reading is taken once the
    instrument's own stamp of it (``TIME:REL``) has changed twice since the call. Every value comes with a status, and
    one that is over range, undefined or not available is read as no number. Signs: PHASe is taken as
    positive for lead (the guide does not say); reactive power gets its sign from the angles. The rotation must be
    verified before judging anything.
    """

    PERIOD_NAME = "averaging interval"
    capabilities = data.CAPABILITIES

    def __init__(self, session: ScpiSession, sleep: Callable[[float], None], *, update_s: float = 0.5) -> None:
        super().__init__(session, sleep, update_s=update_s)
        self._functions = data.functions()
        self._integrating_from_s: float | None = None

    def _check_identity(self, identity: Identity) -> None:
        if not identity.model.upper().replace(" ", "").startswith(("NORMA4", "NORMA5")):
            text = f"{identity.manufacturer} {identity.model} is no Norma 4000 or 5000: choose another driver"
            raise self._error(text)

    def configure(self) -> None:
        """Reset the instrument and set what the rig needs: three wattmeters, external shunts in volts, interval in s.

        Synchronised to the voltage of phase 1, ranges fixed, the largest at first (1000 V, 10 V), the integrals of the
        three powers prepared. Reads back what would falsify results if not taken.
        """
        write = self._session.write
        with self._session.transaction():
            self._generation, self._integrating_from_s = None, None
            # Settings of one line take effect together, in no order that could be relied on: one line for each step.
            write("*RST", deadline_s=data.SETTLE_DEADLINE_S)
            write("*CLS")
            write('ROUT:SYST "3W"', "SYNC:STAT ON", "SYNC:SOUR VOLT1", f"FORM ASC,{data.DIGITS}")
            write(*(f"INP{channel}:SHUN EXT" for channel in data.CURRENT_CHANNELS))
            write(*(f"INP{channel}:GAIN 1.0" for channel in data.CURRENT_CHANNELS))
            write(f"APER {self.update_s:g}")
            write(f"CALC:INT:FUNC {data.quoted(tuple(f'POW{phase}' for phase in data.PHASES))}")
            write("CALC:INT ON")
            write(f"FUNC {data.quoted(self._functions)}")
            write("INIT:CONT ON")
            write("TIM:RES")
            self._verify_text("ROUT:SYST?", "3W")
            self._verify_text("SYNC:SOUR?", "VOLT1")
            self._verify_part("APER?", self.update_s)
            self._verify_part("FUNC:COUN?", len(self._functions))
            for channel in data.CURRENT_CHANNELS:
                self._verify_text(f"INP{channel}:SHUN?", "EXT")
                self._verify_part(f"INP{channel}:GAIN?", 1.0)
            self._select_largest()
            self._generation = self._session.generation

    @property
    def set_s(self) -> float:
        """Longest time in seconds from one data set to the next: an interval is extended to whole periods."""
        return self.update_s + data.LONGEST_PERIOD_S

    def read(self) -> AnalyzerReading:
        """Return a data set that was begun after this call, in volts, hertz and degrees; takes two intervals.

        A value over range or without data is ``None``, never a number; so is everything where no new data set comes.
        """
        found = self._fresh_set()
        if found is None:
            return AnalyzerReading(time.monotonic(), (NOTHING_VALID, NOTHING_VALID, NOTHING_VALID))
        return _reading(found)

    def latest(self) -> AnalyzerReading:
        """Return the last interval that is complete, whenever it was begun, in volts, hertz and degrees."""
        self._check_configured()
        return _reading(self._data_set())

    def start_integration(self) -> None:
        """Reset and start the energy integrator (watt hours; here volts times volts times hours); it has no end."""
        self._check_configured()
        with self._session.transaction():
            self._integrating_from_s = None
            for command in ("CALC:INT:STOP", "CALC:INT:CLE", "CALC:INT:STAR"):
                self._session.write(command)
            self._integrating_from_s = self._data_set().ended_s

    def stop_integration(self) -> IntegratorReading:
        """Stop the energy integrator and read it: V x V x h, import and export apart, both 0 or more; s elapsed.

        The elapsed time is that between averaging intervals on the instrument's timer: right to one of them. Raises
        InstrumentError when none was started, or its begin is not known: a gate of unknown length is no measurement.
        """
        begun_s = self._integrating_from_s
        if begun_s is None:
            text = "the energy integrator was not started, or not while there were data; start it again"
            raise self._error(text)
        with self._session.transaction():
            self._check_configured()
            self._session.write("CALC:INT:STOP")
            ended_s = self._data_set().ended_s
            # Still "integrating": the timer must not be set back before its last stamp has been read.
            found = self._fresh_set()
            self._integrating_from_s = None
        if ended_s is None or found is None:
            raise self._error("the integrator gives no elapsed time; measure again")
        imported, exported = (
            [found.values[each.format(phase)] for phase in data.PHASES] for each in data.INTEGRAL_FUNCTIONS
        )
        return IntegratorReading(
            elapsed_s=ended_s - begun_s,
            import_wh=(magnitude(imported[0]), magnitude(imported[1]), magnitude(imported[2])),
            export_wh=(magnitude(exported[0]), magnitude(exported[1]), magnitude(exported[2])),
        )

    def _set_ranges(self, wanted: AnalyzerRanges) -> AnalyzerRanges:
        """Set the ranges; where the inputs have other steps the instrument takes the next larger."""
        settings = {f"VOLT{phase}:RANG": volts for phase, volts in zip(data.PHASES, wanted.voltage, strict=True)}
        settings |= {f"CURR{phase}:RANG": volts for phase, volts in zip(data.PHASES, wanted.current, strict=True)}
        commands = [f"{header} {volts:g}" for header, volts in settings.items()]
        self._session.write(*commands, deadline_s=data.SETTLE_DEADLINE_S)
        a, b, c, *inputs = (self._range(f"{header}?", volts) for header, volts in settings.items())
        return AnalyzerRanges((a, b, c), (inputs[0], inputs[1], inputs[2]))

    def _range(self, query: str, wanted: float) -> float:
        answer = self._session.query(query)
        found = self._session.as_float(query, answer)
        if found is None or found < (1.0 - RANGE_TOLERANCE) * wanted:
            raise SettingNotTaken(self._session.resource, query.rstrip("?"), f"{wanted:g}", answer)
        return found

    def _fresh_set(self) -> _DataSet | None:
        """Return a data set begun after this call; None where the instrument's stamp does not move on."""
        self._check_configured()
        with self._session.transaction():
            last_s = self._data_set().ended_s
            if last_s is not None and last_s > data.RESET_TIMER_FROM_S and self._integrating_from_s is None:
                self._session.write("TIM:RES")
                last_s = self._data_set().ended_s
            changes = 0
            for _ in range(data.POLLS):
                self._sleep(self.update_s)
                found = self._data_set()
                if found.ended_s is not None and found.ended_s != last_s:
                    # The first to change was being measured at the call; the second was begun when that had ended.
                    changes, last_s = changes + 1, found.ended_s
                    if changes == 1 and self.on_passing is not None:
                        self.on_passing(_reading(found))
                if changes == 2:
                    return found
        return None

    def _data_set(self) -> _DataSet:
        """Ask for the last interval that is complete; it may be one that was answered before."""
        command = "DATA:STAT?"
        answer = self._session.query(command)
        fields = answer.split(",")
        count = len(self._functions)
        if len(fields) != 2 * count:
            raise AnswerInvalid(self._session.resource, command, answer)
        values = [self._session.as_float(command, field) for field in fields[:count]]
        try:
            statuses = [int(field) for field in fields[count:]]
        except ValueError as error:
            raise AnswerInvalid(self._session.resource, command, answer) from error
        return _DataSet(
            {
                name: None if status & data.INVALID_STATUS else value
                for name, value, status in zip(self._functions, values, statuses, strict=True)
            },
            frozenset(
                name for name, status in zip(self._functions, statuses, strict=True) if status & data.OVER_RANGE_STATUS
            ),
        )

    def _verify_text(self, query: str, wanted: str) -> None:
        answer = self._session.query(query)
        if answer.strip().strip('"').upper() != wanted:
            raise SettingNotTaken(self._session.resource, query.rstrip("?"), wanted, answer)


def _reading(found: _DataSet) -> AnalyzerReading:
    one, two, three = (_element(found, phase) for phase in data.PHASES)
    return AnalyzerReading(time.monotonic(), (one, two, three))


def _element(found: _DataSet, phase: int) -> ElementReading:
    values = found.values
    u, i, p, s, q, u_deg, i_deg = (values[each.format(phase)] for each in data.PHASE_FUNCTIONS)
    reference_deg = values["VOLT1:PHAS"]
    u_phase_deg, i_phase_deg = between(u_deg, reference_deg), between(i_deg, reference_deg)
    return ElementReading(
        u_v=u,
        i=i,
        p=p,
        q=signed_q(q, u_phase_deg, i_phase_deg),
        s=s,
        frequency_hz=values["FREQ"],
        u_phase_deg=u_phase_deg,
        i_phase_deg=i_phase_deg,
        u_over=f"VOLT{phase}" in found.over,
        i_over=f"CURR{phase}" in found.over,
    )
