"""Yokogawa WT1800 / WT3000 / WT5000 power analyzer as the reference: three elements, external sensor current inputs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from drivers.analyzer import yokogawa_wt_data as data
from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading, ElementReading, IntegratorReading
from drivers.analyzer.checks import magnitude, wrapped
from drivers.analyzer.ranged import RANGE_TOLERANCE, RangedAnalyzer
from drivers.errors import AnswerInvalid, SettingNotTaken
from drivers.instrument import Identity
from drivers.scpi.parsing import says_over_range
from drivers.scpi.session import ScpiSession

_VALUES = ":NUM:NORM:VAL?"


class YokogawaWT(RangedAnalyzer):
    """A WT measuring at the meter's terminals (not yet tried on one).

    ``sleep`` is the bench clock's: waiting for data is time spent. ``update_s``: data update period in seconds, one
    of 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20. ``wiring``: how the model spells three-phase four-wire.

    The current inputs are external sensor inputs, 0 to 10 V in ranges from 0.05 V on, whose ratio makes a volt read as
    a volt; the voltage inputs take 0 to 1000 V in ranges from 15 V on. So every "current" here is
    in volts and every power in volts times volts. Signs: reactive power and PHI are positive for a lagging current
    [IM WT3001E-17EN p. 6-97: lead negative, lag positive]; angles given out follow the rig, negative = lag. That
    PHI_U1U2 is negative where element 2 lags is what the manuals say of harmonic angles, and has not been tried: the
    rotation must be verified before judging anything.

    A message holds one query at most and 1000 octets: what the instrument's parser takes.
    """

    ERROR_QUERY = ":STAT:ERR?"
    KNOWN_BY_RANGES = False
    capabilities = data.CAPABILITIES

    def __init__(
        self,
        session: ScpiSession,
        sleep: Callable[[float], None],
        *,
        update_s: float = 0.5,
        wiring: str = "P3W4",
    ) -> None:
        super().__init__(session, sleep, update_s=update_s)
        self._wiring = wiring
        self._items: tuple[str, ...] = ()
        self._angles_from_own_voltage = False

    def _has_period(self, update_s: float) -> bool:
        return update_s in data.UPDATE_S

    def _check_identity(self, identity: Identity) -> None:
        family = data.family_of(identity.model) if "YOKOGAWA" in identity.manufacturer.upper() else None
        if family is None:
            text = f"{identity.manufacturer} {identity.model} is no WT1800, WT3000 or WT5000: choose another driver"
            raise self._error(text)
        if family.emulation_mark and family.emulation_mark in f"{identity.model},{identity.firmware}".upper():
            text = f"{identity.model} understands the commands of another model: set its command type to its own"
            raise self._error(text)
        self._items = data.items(family)
        self._angles_from_own_voltage = family.angles_from_own_voltage

    def configure(self) -> None:
        """Reset the instrument and set what the rig needs: wiring, inputs in volts, items, update period in seconds.

        Crest factor 3, ranges fixed, scaling off, everything synchronised to the voltage of element 1 (the currents
        may be zero), the angle of PHI from -180 to 180 degrees. Reads back what would falsify results if not taken.
        The names of the items follow the model, which is asked for where ``identify`` was not called before.
        """
        ratio = data.SENSOR_RATIO_MV_PER_A
        with self._session.transaction():
            self._generation = None
            if not self._items:
                self.identify()
            self._session.write("*RST", "*CLS", deadline_s=data.SETTLE_DEADLINE_S)
            self._session.write(":COMM:REM ON", ":COMM:HEAD OFF", ":COMM:VERB OFF")
            self._session.write(f":INP:WIR {self._wiring}", deadline_s=data.SETTLE_DEADLINE_S)
            self._session.write(
                f":INP:CFAC {data.CREST_FACTOR}",
                ":INP:VOLT:AUTO OFF",
                ":INP:CURR:AUTO OFF",
                f":INP:CURR:SRAT:ALL {ratio:g}",
                ":INP:SCAL OFF",
                ":INP:SYNC:ALL U1",
                ":MEAS:PHAS 180",
                f":RATE {data.with_unit(self.update_s, 'S')}",
                ":STAT:FILT1 FALL",
                ":NUM:FORM ASC",
            )
            numbered = [f":NUM:NORM:ITEM{number} {item}" for number, item in enumerate(self._items, start=1)]
            of_elements = data.FUNCTIONS_PER_ELEMENT * len(data.ELEMENTS)
            self._session.write(*numbered[:of_elements])
            self._session.write(*numbered[of_elements:], f":NUM:NORM:NUMB {len(self._items)}")
            wiring = self._session.query(":INP:WIR?")
            if not wiring.upper().startswith(self._wiring.upper()):
                raise SettingNotTaken(self._session.resource, ":INP:WIR", self._wiring, wiring)
            self._verify_part(":RATE?", self.update_s)
            self._verify_part(":NUM:NORM:NUMB?", len(self._items))
            for element in data.ELEMENTS:
                self._verify_part(f":INP:CURR:SRAT:ELEM{element}?", ratio)
            self._wanted = None
            self._generation = self._session.generation

    def read(self) -> AnalyzerReading:
        """Return a data set that was begun after this call, in volts, hertz and degrees; takes two update periods.

        In the first period the data set that was being measured at the call comes to its end; the one that follows is
        waited for and read. A value over range or without data is ``None``, never a number.
        """
        return self._reading(self._fresh_fields())

    def latest(self) -> AnalyzerReading:
        """Return the newest complete data set, whenever it was begun, in volts, hertz and degrees; does not wait."""
        self._check_configured()
        return self._reading(self._fields())

    def start_integration(self) -> None:
        """Reset and start the energy integrator (watt hours; here volts times volts times hours); it has no end."""
        self._check_configured()
        with self._session.transaction():
            if self._integration_state() == "STAR":
                self._session.write(":INTEG:STOP")
            self._session.write(":INTEG:MODE NORM", ":INTEG:RES", ":INTEG:STAR")
            self._require_integrating("it did not start")

    def stop_integration(self) -> IntegratorReading:
        """Stop the energy integrator and read it: V x V x h, import and export apart, both 0 or more; s elapsed.

        The elapsed time has the instrument's resolution of 1 s. Raises InstrumentError when the integrator was not
        running any more: a gate of unknown length is no measurement.
        """
        with self._session.transaction():
            self._require_integrating("it stopped by itself or was never started")
            self._session.write(":INTEG:STOP")
            values = self._numbers(self._fresh_fields())
        count = len(data.ELEMENTS)
        elapsed_s, *energies = values[-1 - count * len(data.ENERGY_FUNCTIONS) :]
        if elapsed_s is None:
            raise self._error("the integrator gives no elapsed time; measure again")
        positive, negative = energies[:count], energies[count:]
        return IntegratorReading(
            elapsed_s=elapsed_s,
            import_wh=(positive[0], positive[1], positive[2]),
            export_wh=(magnitude(negative[0]), magnitude(negative[1]), magnitude(negative[2])),
        )

    def _fresh_fields(self) -> list[str]:
        self._check_configured()
        with self._session.transaction():
            self._sleep(self.update_s)
            self._session.query(":STAT:EESR?")
            if self.on_passing is not None:
                self.on_passing(self._reading(self._fields()))
            self._sleep(self.update_s)
            self._session.write(":COMM:WAIT 1", deadline_s=self._session.deadline_s + 2 * self.update_s)
            return self._fields()

    def _fields(self) -> list[str]:
        answer = self._session.query(_VALUES)
        fields = answer.split(",")
        if len(fields) != len(self._items):
            raise AnswerInvalid(self._session.resource, _VALUES, answer)
        return fields

    def _numbers(self, fields: Sequence[str]) -> list[float | None]:
        return [self._session.as_float(_VALUES, field) for field in fields]

    def _reading(self, fields: Sequence[str]) -> AnalyzerReading:
        arrived_s = time.monotonic()
        values = self._numbers(fields)
        per_element = data.FUNCTIONS_PER_ELEMENT
        angles = values[per_element * len(data.ELEMENTS) :]
        lags = (0.0, *angles[: len(data.PHASE_FUNCTIONS)])
        currents = angles[len(data.PHASE_FUNCTIONS) :][: len(data.ELEMENTS)]
        if self._angles_from_own_voltage:
            currents = [_sum(*pair) for pair in zip(currents, lags, strict=True)]
        first, second, third = (
            _element(
                values[per_element * index :][:per_element],
                lags[index],
                currents[index],
                u_over=says_over_range(fields[per_element * index]),
                i_over=says_over_range(fields[per_element * index + 1]),
            )
            for index in range(len(data.ELEMENTS))
        )
        return AnalyzerReading(monotonic_s=arrived_s, elements=(first, second, third))

    def _integration_state(self) -> str:
        return self._session.query(":INTEG:STAT?").strip().upper()[:4]

    def _require_integrating(self, otherwise: str) -> None:
        state = self._integration_state()
        if state != "STAR":
            raise self._error(f"the energy integrator is in state {state}: {otherwise}")

    def _set_ranges(self, wanted: AnalyzerRanges) -> AnalyzerRanges:
        ranges = list(zip(data.ELEMENTS, wanted.voltage, wanted.current, strict=True))
        self._session.write(
            *(f":INP:VOLT:RANG:ELEM{element} {volts:g}V" for element, volts, _ in ranges),
            *(f":INP:CURR:RANG:ELEM{element} EXT,{data.with_unit(sensor_v, 'V')}" for element, _, sensor_v in ranges),
            deadline_s=data.SETTLE_DEADLINE_S,
        )
        for element, volts, sensor_v in ranges:
            self._verify_part(f":INP:VOLT:RANG:ELEM{element}?", volts)
            self._verify_sensor(f":INP:CURR:RANG:ELEM{element}?", sensor_v)
        return wanted

    def _verify_sensor(self, query: str, wanted: float) -> None:
        answer = self._session.query(query)
        kind, _, number = answer.strip("()").rpartition(",")
        found = self._session.as_float(query, number)
        off = found is None or abs(found - wanted) > RANGE_TOLERANCE * wanted
        if off or not kind.upper().startswith("EXT"):
            raise SettingNotTaken(self._session.resource, query.rstrip("?"), f"EXT,{wanted:g}", answer)


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second


def _element(
    values: Sequence[float | None],
    u_phase_deg: float | None,
    i_phase_deg: float | None = None,
    *,
    u_over: bool = False,
    i_over: bool = False,
) -> ElementReading:
    """``i_phase_deg`` is that of the fundamental; without it PHI is taken, the arc cosine of P/S."""
    u, i, p, s, q, _, phi_deg, frequency_hz = values[:8]
    u_thd_pct, i_thd_pct = values[8:] or (None, None)
    if i_phase_deg is None and u_phase_deg is not None and phi_deg is not None:
        i_phase_deg = u_phase_deg - phi_deg
    if q is not None and phi_deg is not None:
        # The sign is what PHI says, whichever way the model signs Q and whether PHI runs to 180 or to 360 degrees.
        q = math.copysign(abs(q), math.sin(math.radians(phi_deg)))
    return ElementReading(
        u_v=u,
        i=i,
        p=p,
        q=q,
        s=s,
        frequency_hz=frequency_hz,
        u_phase_deg=None if u_phase_deg is None else wrapped(u_phase_deg),
        i_phase_deg=None if i_phase_deg is None else wrapped(i_phase_deg),
        u_over=u_over,
        i_over=i_over,
        u_thd_pct=u_thd_pct,
        i_thd_pct=i_thd_pct,
    )
