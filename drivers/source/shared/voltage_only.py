"""Shared by drivers of three-phase sources without current channels: checks, one range, a ramp by slew, off."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.errors import AnswerInvalid, InstrumentRefused, SettingOutOfRange
from drivers.instrument import require_within
from drivers.scpi.parsing import parse_bool, split_answers
from drivers.scpi.session import ScpiSession
from drivers.source.base import Channel, Protection, Range, SourceCapabilities, SourceSetting
from drivers.source.shared.checks import check_ramp, check_setting, check_within, is_off, range_for
from drivers.source.shared.scpi_source import ScpiSource
from drivers.source.shared.steps import Step, number, switch

Three = tuple[float, float, float]

DEFAULT_CURRENT_LIMIT_A = 1.0
"""A meter's voltage inputs take well below a milliampere; this is for cables and inrush."""


@dataclass(frozen=True, slots=True)
class Target:
    """A set-point of such a source: hertz, rms volts (0 is "phase off"), degrees (None where the phase is off)."""

    frequency_hz: float
    volts: Three
    phase_deg: tuple[float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class FamilyLimits:
    """What a family can do beside its capabilities.

    ``slew_v_per_s``: slowest and fastest slew that a ramp may need; ``prompt_slew_v_per_s``: the slew of a set-point
    that changes while the output is on, fast but no jump. ``current_limit_a``: what its current limit may be set to,
    rms amperes a phase. ``frequency_tolerance_hz``: by how much a frequency that is read back may be off.
    """

    slew_v_per_s: tuple[float, float]
    prompt_slew_v_per_s: float
    current_limit_a: tuple[float, float]
    frequency_tolerance_hz: float = 0.006


def target_of(setting: SourceSetting, capabilities: SourceCapabilities) -> Target:
    """Read a setting as one fundamental a phase; raises SettingOutOfRange for everything else it asks for.

    That is: any current, a component that is no fundamental, a frequency or a voltage that is not possible at all.
    """
    check_setting(setting, capabilities)
    for place, channel in enumerate(setting.current, start=1):
        if not is_off(channel):
            range_for(f"current channel {place}", channel, ())
    a, b, c = (_fundamental(f"voltage channel {place}", channel) for place, channel in enumerate(setting.voltage, 1))
    return Target(setting.frequency_hz, (a[0], b[0], c[0]), (a[1], b[1], c[1]))


def common_range(setting: SourceSetting, ranges: Sequence[Range]) -> Range | None:
    """Return the narrowest range that holds all three voltages, None where all are off; raises SettingOutOfRange."""
    found = [
        range_for(f"voltage channel {place}", channel, ranges)
        for place, channel in enumerate(setting.voltage, start=1)
        if not is_off(channel)
    ]
    return max(found, key=lambda each: each.high, default=None)


def check_current_limit(current_limit_a: float, limits: FamilyLimits) -> float:
    """Return the limit, rms amperes; raises SettingOutOfRange where the family cannot be set to it."""
    require_within("current limit", current_limit_a, *limits.current_limit_a, "A")
    return current_limit_a


def ramp_slew(volts: Three, ramp_s: float, limits: FamilyLimits) -> float | None:
    """Return the slew (V/s) with which the largest voltage takes ``ramp_s`` seconds; None where nothing is ramped.

    Raises SettingOutOfRange where the instrument has no such slew: a slew of 0 is "at once" to some.
    """
    highest_v = max(volts)
    if ramp_s == 0.0 or highest_v == 0.0:
        return None
    slew = highest_v / ramp_s
    require_within(f"slew of a ramp to {highest_v:g} V in {ramp_s:g} s", slew, *limits.slew_v_per_s, "V/s")
    return slew


class VoltageOnlySource(ScpiSource):
    """Three voltages and no currents; a family's own docstring states its ranges and what is particular to it.

    A family declares ``capabilities`` and ``limits`` and gives the steps: how a range (and with it the current limit,
    which comes before any output), angles, voltages, a slew are set, and how an instrument in an unknown state becomes
    one whose output is off, all voltages 0 and everything else known. One range is used for all three phases.
    ``FREQUENCY`` and ``OUTPUT`` are its headers.

    The driver remembers the settings that it sent and sends only changes. After any error, and after
    ``make_safe``, nothing is known any more and the ranges must be selected first.
    """

    limits: FamilyLimits
    FREQUENCY = "FREQ"
    OUTPUT = "OUTP"
    frequency_decimals = 3

    def __init__(self, session: ScpiSession, *, current_limit_a: float = DEFAULT_CURRENT_LIMIT_A) -> None:
        self.current_limit_a = check_current_limit(current_limit_a, self.limits)
        super().__init__(session)
        self._forget()

    def _forget(self) -> None:
        super()._forget()
        self._selected: Range | None = None
        self._frequency_hz: float | None = None
        self._angles: Three | None = None
        self._volts: Three | None = None
        self._slew_v_per_s: float | None = None

    # What a family gives

    @abstractmethod
    def _take_over(self) -> None:
        """Bring an instrument in an unknown state to a known one: output off (first of all), all voltages 0."""

    @abstractmethod
    def _range_steps(self, selected: Range) -> Sequence[Step]:
        """Select a range, then set the current limit; the output is off and all voltages are 0."""

    def _frequency_steps(self, frequency_hz: float) -> Sequence[Step]:
        """Set the frequency in hertz."""
        tolerance_hz = self.limits.frequency_tolerance_hz
        return [number(self.FREQUENCY, frequency_hz, tolerance_hz, decimals=self.frequency_decimals)]

    @abstractmethod
    def _angle_steps(self, phase_deg: Three) -> Sequence[Step]:
        """Set the angles of all phases; degrees relative to voltage channel 1's own zero, negative = lag."""

    @abstractmethod
    def _volts_steps(self, volts: Three) -> Sequence[Step]:
        """Set the voltages of all phases, rms."""

    @abstractmethod
    def _slew_steps(self, slew_v_per_s: float) -> Sequence[Step]:
        """Set the slew of all phases in volts a second."""

    def _on_steps(self) -> Sequence[Step]:
        """Switch the output on."""
        return [switch(self.OUTPUT, True)]

    def _check_target(self, target: Target) -> None:
        """Raise SettingOutOfRange for what this family alone cannot do; nothing by default."""

    def _check_first_angle(self, target: Target, tolerance_deg: float = 0.0) -> None:
        """Raise SettingOutOfRange where phase 1 is to have another angle than 0: this family cannot set it."""
        first_deg = target.phase_deg[0] or 0.0
        if abs((first_deg + 180.0) % 360.0 - 180.0) > tolerance_deg:
            raise SettingOutOfRange("angle of voltage channel 1", first_deg, 0.0, 0.0, "deg")

    # Public methods

    def select_ranges(self, envelope: SourceSetting) -> None:
        """Select the narrowest range that holds all voltages (V rms, 0 off), and set the current limit, output off.

        Nothing is sent when the range is selected already. A range is changed with the output off and all voltages
        at 0 V only: InstrumentError otherwise. The first call after a connection was made or lost, after an error and
        after ``make_safe`` switches the output off and brings the instrument to a known state. Raises SettingOutOfRange
        before any I/O, also for any current.
        """
        self._check_target(target_of(envelope, self.capabilities))
        wanted = common_range(envelope, self.capabilities.voltage_ranges)
        with self._session.transaction():
            if not self._is_known:
                with self._unknown_after_error():
                    self._forget()
                    self._take_over()
                    self._volts = (0.0, 0.0, 0.0)
                    self._generation = self._session.generation
            if wanted is None:
                # Nothing to hold, but the current limit comes with a range, and before any output.
                wanted = self._selected or self.capabilities.voltage_ranges[0]
            if wanted == self._selected:
                return
            if self.output_is_on():
                text = "its range cannot be changed while the output is on: switch it off first"
                raise self._error(text)
            with self._unknown_after_error():
                self._give_volts((0.0, 0.0, 0.0))
                self._apply(self._range_steps(wanted))
                self._selected = wanted

    def set_point(self, setting: SourceSetting) -> None:
        """Program frequency (Hz), V rms (0 is "phase off") and degrees within the selected range; read back.

        The output stays as it is; while it is on, voltages go to their new values promptly, also where a ramp was not
        over. Only what differs is sent. Raises SettingOutOfRange before any I/O, InstrumentError where
        ``select_ranges`` comes first, InstrumentRefused and SettingNotTaken.
        """
        target = target_of(setting, self.capabilities)
        self._check_target(target)
        common_range(setting, self.capabilities.voltage_ranges)
        self._require_known()
        if any(target.volts) and self._selected is None:
            raise self._error("no range is selected: select it first")
        for place, channel in enumerate(setting.voltage, start=1):
            if self._selected is not None and not is_off(channel):
                check_within(f"voltage channel {place}", channel, self._selected)
        with self._session.transaction(), self._unknown_after_error():
            if target.frequency_hz != self._frequency_hz:
                self._apply(self._frequency_steps(target.frequency_hz))
                self._frequency_hz = target.frequency_hz
            a, b, c = (
                before if wanted is None else wanted
                for wanted, before in zip(target.phase_deg, self._angles or (0.0, -120.0, 120.0), strict=True)
            )
            if (a, b, c) != self._angles:
                self._apply(self._angle_steps((a, b, c)))
                self._angles = (a, b, c)
            self._give_volts(target.volts)

    def set_output(self, on: bool, ramp_s: float = 0.0) -> None:
        """Switch the output; on with a ramp of ``ramp_s`` seconds (0 is none), off always at once; verified.

        The ramp is the voltage slew: the output is switched on at 0 V, and the largest voltage takes ``ramp_s`` from
        there. Returns when the ramp begins. Raises SettingOutOfRange before any I/O, SettingNotTaken where the output
        does not come on (a trip is latched: select the ranges again), InstrumentError where it does not go off.
        """
        check_ramp(ramp_s, self.capabilities)
        if not on:
            with self._session.transaction(), self._unknown_after_error():
                self._switch_off()
            return
        volts = self._volts or (0.0, 0.0, 0.0)
        slew_v_per_s = ramp_slew(volts, ramp_s, self.limits)
        self._require_known()
        with self._session.transaction(), self._unknown_after_error():
            if self.output_is_on():
                return
            if slew_v_per_s is None:
                self._give_slew(self.limits.prompt_slew_v_per_s)
                self._apply(self._on_steps())
                return
            # Switched on, an output may jump to what it is set to: it is switched on at 0 V and slews from there.
            self._give_volts((0.0, 0.0, 0.0))
            self._give_slew(slew_v_per_s)
            self._apply(self._on_steps())
            self._apply(self._volts_steps(volts))
            self._volts = volts

    def make_safe(self) -> None:
        """Switch the output off at once, without ramp (0 s), and verify; raises InstrumentError if not confirmed.

        May be called at any time and any number of times; a connection that turns out to be lost is opened again once.
        What the error queue says does not matter, what the instrument answers does. Afterwards ranges must be selected
        first.
        """
        with self._session.transaction():
            self._forget()
            try:
                super().make_safe()
            finally:
                self._forget()

    def _ask_limits(self, queries: Sequence[str]) -> Protection:
        """Return the highest of the current limits that the phases answer; raises AnswerInvalid."""
        limits_a: list[float] = []
        with self._session.transaction():
            for query in queries:
                answer = self._session.query(query)
                limit_a = self._session.as_float(query, answer)
                if limit_a is None:
                    raise AnswerInvalid(self._session.resource, query, answer)
                limits_a.append(limit_a)
        return Protection(current_limit_a=max(limits_a))

    # Inside

    def _give_volts(self, volts: Three) -> None:
        """Go to ``volts`` promptly: the slew of the last ramp is not for set-points."""
        if volts != self._volts:
            self._give_slew(self.limits.prompt_slew_v_per_s)
            self._apply(self._volts_steps(volts))
            self._volts = volts

    def _give_slew(self, slew_v_per_s: float) -> None:
        if slew_v_per_s != self._slew_v_per_s:
            self._apply(self._slew_steps(slew_v_per_s))
            self._slew_v_per_s = slew_v_per_s

    def _switch_off(self) -> None:
        """Send every command of the recipe, even where the first is refused; then judge by the instrument's answer."""
        (off,) = self.safe_off()
        refusals: list[InstrumentRefused] = []
        for command in off.commands:
            try:
                self._session.write(command)
            except InstrumentRefused as refusal:
                refusals.append(refusal)
        answer = self._session.query(off.verify_query)
        try:
            is_on = [parse_bool(said) for said in split_answers(answer)]
        except ValueError as error:
            raise AnswerInvalid(self._session.resource, off.verify_query, answer) from error
        if any(is_on) or len(is_on) != off.verify_query.count("?"):
            said = "".join(f" ({refusal})" for refusal in refusals)
            text = f"{off.verify_query} says {answer!r} after {'; '.join(off.commands)}{said}; switch it off by hand"
            raise self._error(text)


def _fundamental(name: str, channel: Channel) -> tuple[float, float | None]:
    tones = [tone for tone in channel if tone.rms != 0.0]
    for tone in tones:
        if tone.order != 1:
            raise SettingOutOfRange(f"{name} harmonic order", tone.order, 1, 1, "")
    return (tones[0].rms, tones[0].phase_deg) if tones else (0.0, None)
