"""Rigol DG5000 Pro generator: three phase-locked low-level voltages for CT inputs, and the reference for the rest."""

from __future__ import annotations

from collections.abc import Iterator

from drivers.scpi.session import ScpiSession
from drivers.source import rigol_dg5000_data as data
from drivers.source.base import Channel, SourceSetting
from drivers.source.shared.checks import channel_rms, check_ramp, check_setting, check_within, is_off, range_for
from drivers.source.shared.scpi_source import ScpiSource
from drivers.source.shared.steps import Step, angle, near, switch, word

_CT_CHANNELS = (1, 2, 3)
_ALL_CHANNELS = (*_CT_CHANNELS, 4)


class RigolDG5000(ScpiSource):
    """A DG5000 Pro with four or more channels, over SCPI (docs/decisions/0011; not yet tried on one).

    Channels 1 to 3 drive the CT inputs, 0.00075 to 7 V rms into an open circuit. Channel 4 is a square wave of the
    same frequency and of phase 0, 0 to 5 V: it goes to the external-sync input of the voltage source, which follows
    it, so the angles of channels 1 to 3 are relative to that source's channel 1 (a fixed angle between the two is the
    wiring's ``phase_deg``). It stays on when the CT channels are switched off, so that no source loses its reference.
    ``external_clock``: the instrument's timebase follows its 10 MHz input. All four channels are one bundle, so that
    aligning one aligns them all: without it only the two of a pair would be.

    Every setting is read back and compared (SettingNotTaken). After any error nothing is known any more, and
    ``select_ranges`` must be called first: it switches the outputs off and starts from ``*RST``.
    """

    KNOWN_MODELS = data.KNOWN_MODELS
    capabilities = data.CAPABILITIES
    off = data.OFF
    OUTPUT_NAME = "a CT channel"

    def __init__(self, session: ScpiSession, *, external_clock: bool = False) -> None:
        super().__init__(session)
        self._external_clock = external_clock
        self._frequency_hz: float | None = None
        self._current: tuple[Channel, ...] = ((), (), ())
        self._is_on = False

    def select_ranges(self, envelope: SourceSetting) -> None:
        """Check that ``envelope`` can be given (currents 0.00075 to 7 V rms, voltages none); there is one range only.

        The first call after a connection was made or lost switches the outputs off and resets the instrument. Raises
        SettingOutOfRange before any I/O.
        """
        self._check(envelope)
        if not self._is_known:
            with self._session.transaction(), self._unknown_after_error():
                self._take_over()

    def set_point(self, setting: SourceSetting) -> None:
        """Program frequency (1 to 1000 Hz), V rms and degrees, and read back; zero is channel off.

        Channels whose amplitude appears or vanishes are switched while the output is on. A new frequency aligns all
        channels. Raises SettingOutOfRange before any I/O, InstrumentError where ``select_ranges`` comes first.
        """
        self._check(setting)
        self._require_known()
        with self._session.transaction(), self._unknown_after_error():
            self._apply([_output(n, False) for n, c in enumerate(setting.current, 1) if is_off(c)])
            self._apply(list(self._changes(setting)))
            if setting.frequency_hz != self._frequency_hz:
                self._session.write(":SOUR1:PHAS:SYNC")
                self._apply([_output(4, True)])
            self._frequency_hz, self._current = setting.frequency_hz, setting.current
            if self._is_on:
                self._apply([_output(n, True) for n in self._used()])

    def set_output(self, on: bool, ramp_s: float = 0.0) -> None:
        """Switch the channels in use on, or all off, and verify; the only ramp is 0 s (0 to 0).

        Raises SettingOutOfRange before any I/O, SettingNotTaken when an output does not follow.
        """
        check_ramp(ramp_s, self.capabilities)
        with self._session.transaction(), self._unknown_after_error():
            self._apply([_output(n, on) for n in (self._used() if on else _CT_CHANNELS)])
            self._is_on = on

    def output_is_on(self) -> bool:
        """Ask the instrument whether any of the three CT channels is on."""
        queries = [f":OUTP{n}?" for n in _CT_CHANNELS]
        answers = self._session.query_all(queries)
        return any(self._session.as_bool(query, said) for query, said in zip(queries, answers, strict=True))

    def make_safe(self) -> None:
        """Switch the CT channels off at once, without ramp (0 s), and verify; raises InstrumentError if not confirmed.

        May be called at any time and any number of times; a lost connection is opened again once.
        """
        with self._session.transaction():
            self._is_on = False
            super().make_safe()

    def _check(self, setting: SourceSetting) -> None:
        check_setting(setting, self.capabilities)
        for number, channel in enumerate(setting.voltage, start=1):
            if not is_off(channel):
                range_for(f"voltage channel {number}", channel, self.capabilities.voltage_ranges)
        for number, channel in enumerate(setting.current, start=1):
            if not is_off(channel):
                check_within(f"current channel {number}", channel, data.LOW_LEVEL_RANGES[0])

    def _take_over(self) -> None:
        """Bring an instrument in an unknown state to a known one: outputs off first."""
        self._forget()
        self._session.write(*(f":OUTP{n} OFF" for n in _ALL_CHANNELS))
        self._session.write("*RST", "*CLS", deadline_s=data.RESET_DEADLINE_S)
        clock = "EXT" if self._external_clock else "INT"
        self._apply([word(":SYST:ROSC:SOUR", clock), *(_output(n, False) for n in _ALL_CHANNELS)])
        for number in _ALL_CHANNELS:
            shape, unit = ("SQU", "VPP") if number == 4 else ("SIN", "VRMS")
            self._apply(
                [
                    word(f":SOUR{number}:FUNC", shape),
                    Step(f":OUTP{number}:LOAD INF", f":OUTP{number}:LOAD?", "INF", _is_open_circuit),
                    word(f":SOUR{number}:VOLT:UNIT", unit),
                ]
            )
        self._apply(
            [
                *(_value(f":SOUR{n}:VOLT:OFFS", 0.0, data.OFFSET_TOLERANCE_V) for n in _CT_CHANNELS),
                _value(":SOUR4:VOLT", data.REFERENCE_VPP, data.OFFSET_TOLERANCE_V),
                _value(":SOUR4:VOLT:OFFS", data.REFERENCE_OFFSET_V, data.OFFSET_TOLERANCE_V),
                _value(":SOUR4:PHAS", 0.0, data.PHASE_TOLERANCE_DEG),
            ]
        )
        first, *others = _ALL_CHANNELS
        self._session.write(f":SYNChro:BENChmark CH{first}", *(f":SYNChro:BUNDle CH{n},ON" for n in others))
        self._generation = self._session.generation

    def _changes(self, setting: SourceSetting) -> Iterator[Step]:
        if setting.frequency_hz != self._frequency_hz:
            for number in _ALL_CHANNELS:
                tolerance_hz = data.FREQUENCY_TOLERANCE * setting.frequency_hz
                yield _value(f":SOUR{number}:FREQ", setting.frequency_hz, tolerance_hz)
        for number, (before, channel) in enumerate(zip(self._current, setting.current, strict=True), start=1):
            if is_off(channel) or channel == before:
                continue
            volts = channel_rms(channel)
            yield _value(f":SOUR{number}:VOLT", volts, data.AMPLITUDE_TOLERANCE * volts)
            yield angle(f":SOUR{number}:PHAS", channel[0].phase_deg, data.PHASE_TOLERANCE_DEG, decimals=3)

    def _used(self) -> list[int]:
        return [number for number, channel in enumerate(self._current, start=1) if not is_off(channel)]

    def _forget(self) -> None:
        super()._forget()
        self._frequency_hz = None
        self._current = ((), (), ())
        self._is_on = False


def _output(number: int, on: bool) -> Step:
    return switch(f":OUTP{number}", on)


def _value(header: str, value: float, tolerance: float) -> Step:
    return Step(f"{header} {value:.7g}", f"{header}?", f"{value:.7g}", near(value, tolerance))


def _is_open_circuit(said: str) -> bool:
    # An open circuit is answered as 9.9E37, which is "no number" to everything else.
    return said.strip('"').upper().startswith("INF") or float(said) > data.OPEN_CIRCUIT_ABOVE_OHM
