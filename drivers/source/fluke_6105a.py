"""Fluke 6105A / 6100B / 6100A electrical power standard: three voltages, and three currents in volts or in amperes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from drivers.errors import SettingNotTaken
from drivers.instrument import Identity
from drivers.scpi.session import ScpiSession
from drivers.source import fluke_6105a_data as data
from drivers.source.base import PHASES, Channel, CurrentUnit, Range, SourceSetting, Tone
from drivers.source.shared.checks import check_ramp, check_setting, check_within, is_off, range_for
from drivers.source.shared.scpi_source import ScpiSource
from drivers.source.shared.steps import Step


class Fluke6105A(ScpiSource):
    """The 6105A/6100B/6100A with its auxiliary phases, over SCPI (not yet tried on one).

    Where the rig drives CT inputs, the current channels are used in the "voltage out of the current terminals" mode:
    0.05 to 10 V rms in three ranges. ``low_level=False`` declares that mode as not fitted; every current in volts is
    then refused. Where real transformers are on the bench they give amperes, 0.05 to 21 A, or with ``amplifier`` 0.2
    to 120 A from a 52120A on each phase. ``four_wire_sense``: the voltage sense terminals are wired to the meter.

    The ranges of voltage and current are those of the model that ``identify`` found, a 6105A's before that.

    Every setting is read back and compared (SettingNotTaken). The settings that were sent are remembered, and only
    what changes is sent. After any error nothing is known any more, and ``select_ranges`` must be called first: it
    switches the output off and starts from ``*RST``.
    """

    KNOWN_MODELS = data.KNOWN_MODELS
    off = data.OFF
    capabilities = data.capabilities(low_level=True)

    def __init__(
        self,
        session: ScpiSession,
        *,
        low_level: bool = True,
        four_wire_sense: bool = False,
        amplifier: bool = False,
    ) -> None:
        self.capabilities = data.capabilities(low_level=low_level, amplifier=amplifier)
        super().__init__(session)
        self._low_level = low_level
        self._amplifier = amplifier
        self._four_wire_sense = four_wire_sense
        self._frequency_hz: float | None = None
        kinds = (data.VOLTAGE, data.CURRENT)
        self._channels = [data.ChannelState(kind, phase + 1) for kind in kinds for phase in PHASES]

    def identify(self) -> Identity:
        """Read the instrument's identity; raises InstrumentError for another model or where a phase is not fitted."""
        identity = super().identify()
        self.capabilities = data.capabilities(
            low_level=self._low_level, amplifier=self._amplifier, model=identity.model
        )
        queries = [f"SOUR:PHAS{phase + 1}:FITT?" for phase in PHASES]
        for phase, query, fitted in zip(PHASES, queries, self._session.query_all(queries), strict=True):
            if not self._session.as_bool(query, fitted):
                raise self._error(f"phase {phase + 1} is not fitted; connect the auxiliary")
        if self._amplifier:
            self._require_amplifiers()
        return identity

    def select_ranges(self, envelope: SourceSetting) -> None:
        """Select the narrowest ranges that hold ``envelope`` (V rms: voltages 0 to 1008, currents 0.05 to 10).

        Currents in amperes: 0.05 to 21 A rms, 0.2 to 120 A with an amplifier.

        A channel whose range changes is off afterwards, until the next ``set_point``; channels that are off in
        ``envelope`` keep the range they have. Nothing is sent when all fit. The first call after a connection was
        made or lost switches the output off and resets the instrument. Raises SettingOutOfRange before any I/O.
        """
        check_setting(envelope, self.capabilities)
        wanted = [
            (state, range_for(state.name, channel, self._ranges(state, envelope.current_unit), envelope.current_unit))
            for state, channel in self._with_channels(envelope)
            if not is_off(channel)
        ]
        with self._session.transaction(), self._unknown_after_error():
            if not self._is_known:
                self._take_over()
            changed = [(state, selected) for state, selected in wanted if state.selected != selected]
            for state, _ in changed:
                state.selected, state.tones = None, None
            self._apply([data.switch_channel(state, False) for state, _ in changed if state.is_on is not False])
            self._apply([step for state, selected in changed for step in self._range_steps(state, selected)])
            self._verify_units(changed)
            for state, selected in changed:
                state.selected, state.is_on = selected, False

    def set_point(self, setting: SourceSetting) -> None:
        """Program frequency (16 to 850 Hz), V or A rms and degrees within the selected ranges; the output stays.

        Amplitudes must lie inside the range selected for their channel; zero is channel off. Only what differs from
        the set-point before is sent, in one message where it fits, and read back in another. Raises SettingOutOfRange
        before any I/O, InstrumentError when no range has been selected, InstrumentRefused and SettingNotTaken.
        """
        check_setting(setting, self.capabilities)
        channels = self._with_channels(setting)
        self._require_known()
        for state, channel in channels:
            if is_off(channel):
                continue
            ranges = self._ranges(state, setting.current_unit)
            if not ranges:
                range_for(state.name, channel, (), setting.current_unit)
            if state.selected is None or state.selected not in ranges:
                raise self._error(f"no range is selected for {state.name}: select it first")
            check_within(state.name, channel, state.selected)
        with self._session.transaction(), self._unknown_after_error():
            self._apply(list(self._changes(setting.frequency_hz, channels)))
        self._frequency_hz = setting.frequency_hz
        for state, channel in channels:
            state.is_on = not is_off(channel)
            if state.is_on:
                state.tones = _by_order(channel)

    def set_output(self, on: bool, ramp_s: float = 0.0) -> None:
        """Switch the output with a soft start of ``ramp_s`` seconds (0 to 60; 0 is none), and verify it.

        Before switching on, every current channel in use must say that it gives what it is set to, volts or amperes.
        Raises SettingOutOfRange before any I/O, and InstrumentError when the output does not follow (the instrument
        checks its connections).
        """
        check_ramp(ramp_s, self.capabilities)
        with self._session.transaction(), self._unknown_after_error():
            if on:
                self._verify_units([(each, each.selected) for each in self._channels if each.is_on and each.selected])
            self._apply([data.set_ramp(ramp_s)])
            self._session.write(f"OUTP:STAT {'ON' if on else 'OFF'}")
            if self.output_is_on() is not on:
                advice = "check connections and front panel" if on else "switch it off by hand"
                message = f"output is still {'off' if on else 'on'} after OUTP:STAT {'ON' if on else 'OFF'}; {advice}"
                raise self._error(message)

    def _take_over(self) -> None:
        """Bring an instrument in an unknown state to a known one: output off first."""
        self._forget()
        self._session.write("OUTP:STAT OFF")
        self._session.write("*RST", "*CLS", deadline_s=data.RESET_DEADLINE_S)
        self._apply(
            [
                data.set_sense(self._four_wire_sense),
                data.set_absolute(data.VOLTAGE),
                data.set_absolute(data.CURRENT),
            ]
        )
        self._generation = self._session.generation

    def _changes(self, frequency_hz: float, channels: Sequence[tuple[data.ChannelState, Channel]]) -> Iterator[Step]:
        for state, channel in channels:
            if is_off(channel) and state.is_on is not False:
                yield data.switch_channel(state, False)
        if frequency_hz != self._frequency_hz:
            yield data.set_frequency(frequency_hz)
        used = [(state, channel) for state, channel in channels if not is_off(channel)]
        for state, channel in used:
            yield from data.program_tones(state, _by_order(channel))
        for state, _ in used:
            if not state.is_on:
                yield data.switch_channel(state, True)

    def _range_steps(self, state: data.ChannelState, selected: Range) -> Iterator[Step]:
        if self._amplifier and state.kind == data.CURRENT and selected.unit == "A":
            yield data.select_amplifier_terminals(state)
        yield data.select_range(state, selected, amplifier=self._amplifier)

    def _verify_units(self, selected: Sequence[tuple[data.ChannelState, Range]]) -> None:
        """Make sure that current channels give what they are set to: amperes would destroy a CT input."""
        wanted = [
            (data.unit_query(state), "VOLT" if chosen.unit == "V" else "CURR")
            for state, chosen in selected
            if state.kind == data.CURRENT
        ]
        answers = self._session.query_all([query for query, _ in wanted])
        for (query, unit), answer in zip(wanted, answers, strict=True):
            if not answer.strip('"').upper().startswith(unit):
                raise SettingNotTaken(self._session.resource, query.rstrip("?"), unit, answer)

    def _require_amplifiers(self) -> None:
        currents = [state for state in self._channels if state.kind == data.CURRENT]
        queries = [data.amplifier_query(state) for state in currents]
        for state, query, fitted in zip(currents, queries, self._session.query_all(queries), strict=True):
            if not self._session.as_bool(query, fitted):
                message = f"phase {state.phase} has no 52120A amplifier; connect it, or say 'amplifier: false'"
                raise self._error(message)

    def _ranges(self, state: data.ChannelState, current_unit: CurrentUnit) -> Sequence[Range]:
        if state.kind == data.VOLTAGE:
            return self.capabilities.voltage_ranges
        return self.capabilities.low_level_ranges if current_unit == "V" else self.capabilities.current_ranges

    def _with_channels(self, setting: SourceSetting) -> list[tuple[data.ChannelState, Channel]]:
        return list(zip(self._channels, (*setting.voltage, *setting.current), strict=True))

    def _forget(self) -> None:
        super()._forget()
        self._frequency_hz = None
        for state in self._channels:
            state.forget()


def _by_order(channel: Channel) -> dict[int, Tone]:
    """Return the components by harmonic order; the fundamental, which cannot be cleared, is always among them."""
    return {1: Tone(1, 0.0, 0.0)} | {tone.order: tone for tone in channel}
