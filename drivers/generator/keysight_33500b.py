"""Keysight 33500B series (33500A too) waveform generator: triggered bursts of pulses.

Public code with the commands that are sent here: pymeasure, agilent33500.py (FUNCtion:PULSe with HOLD, WIDTh, PERiod
and TRANsition:BOTH, BURSt, TRIGger<n>:SOURce BUS, OUTPut:LOAD INF, SYSTem:ERRor?). OUTPut:POLarity and BURSt:PHASe are
recalled from the Operating and Service Guide, unverified. TRIGger<n>:DELay is in a public MATLAB program for a 33500B:
another user's delay would shift every train, so it is set to nothing.
"""

from __future__ import annotations

from drivers.errors import SettingNotTaken
from drivers.generator.base import GeneratorCapabilities, PulseGenerator, PulseTrain
from drivers.instrument import Identity, SwitchedOffInstrument, require_within
from drivers.scpi.session import ScpiSession

_TWO_CHANNELS = ("33510B", "33512B", "33520B", "33522A", "33522B")
_EDGE_S = 1e-6
"""Transition time: without ringing on metres of cable, and nothing beside a millisecond."""

_TOLERANCE = 1e-6
_LEVEL_TOLERANCE_V = 1e-3


class Keysight33500B(SwitchedOffInstrument, PulseGenerator):
    """The 33500B series over SCPI (Operating and Service Guide, SCPI chapter; not yet tried on one).

    Each output is set up as a pulse between 0 V and the high level into a high-impedance load, burst mode TRIGgered,
    trigger source BUS. Everything is read back (SettingNotTaken): the instrument changes settings that conflict.
    """

    KNOWN_MODELS = ("33509B", "33510B", "33511B", "33512B", "33519B", "33520B", "33521A", "33521B", "33522A", "33522B")
    capabilities = GeneratorCapabilities(
        outputs=(1, 2),
        count=(1, 100_000_000),
        width_s=(16e-9, 1000.0),
        period_s=(33e-9, 2000.0),
        high_v=(0.5, 10.0),
        shortest_low_s=2.0 * _EDGE_S,
    )

    def __init__(self, session: ScpiSession) -> None:
        super().__init__(session)
        self._outputs = self.capabilities.outputs
        self._armed: dict[int, int] = {}

    def identify(self) -> Identity:
        """Read the instrument's identity and number of outputs; raises InstrumentError for another model."""
        identity = super().identify()
        self._outputs = (1, 2) if identity.model in _TWO_CHANNELS else (1,)
        return identity

    def arm(self, output: int, train: PulseTrain, high_v: float) -> None:
        """Set ``output`` (1 to 2) up for ``train`` between 0 V and ``high_v`` (0.5 to 10 V), and switch it on.

        Count 1 to 100000000, width 16e-9 to 1000 s, period to 2000 s and 2e-6 s longer than the width at least:
        SettingOutOfRange before any I/O. The output is off while settings change. Raises SettingNotTaken where the
        instrument says that it is set to something else.
        """
        self._check(output, train, high_v)
        root, number = f"SOUR{output}", _number
        with self._session.transaction():
            self._armed.pop(output, None)
            self._switch((output,), False)
            self._session.write(
                f"OUTP{output}:LOAD INF",
                f"OUTP{output}:POL NORM",
                f"{root}:BURS:STAT OFF",
                f"{root}:FUNC PULS",
                f"{root}:FUNC:PULS:HOLD WIDT",
                f"{root}:FUNC:PULS:PER {number(max(train.period_s, 10.0 * train.width_s))}",
                f"{root}:FUNC:PULS:TRAN {number(_EDGE_S)}",
                f"{root}:FUNC:PULS:WIDT {number(train.width_s)}",
                f"{root}:FUNC:PULS:PER {number(train.period_s)}",
                f"{root}:VOLT:HIGH {number(high_v)}",
                f"{root}:VOLT:LOW 0",
                f"{root}:BURS:MODE TRIG",
                f"{root}:BURS:NCYC {train.count}",
                f"{root}:BURS:PHAS 0",
                f"TRIG{output}:SOUR BUS",
                f"TRIG{output}:DEL 0",
                f"{root}:BURS:STAT ON",
            )
            self._verify(f"{root}:FUNC:PULS:WIDT?", train.width_s, _TOLERANCE * train.width_s)
            self._verify(f"{root}:FUNC:PULS:PER?", train.period_s, _TOLERANCE * train.period_s)
            self._verify(f"{root}:VOLT:HIGH?", high_v, _LEVEL_TOLERANCE_V)
            self._verify(f"{root}:VOLT:LOW?", 0.0, _LEVEL_TOLERANCE_V)
            self._verify(f"{root}:BURS:NCYC?", float(train.count), 0.5)
            self._switch((output,), True)
            self._armed[output] = self._session.generation

    def trigger(self, output: int) -> None:
        """Begin the train on ``output`` (1 to 2, no unit); raises InstrumentError where it is not armed."""
        if self._armed.get(output) != self._session.generation:
            raise self._error(f"output {output} is not armed: arm it first")
        self._session.write(f"TRIG{output}")

    def make_safe(self) -> None:
        """Switch every output off (0 V) and verify; raises SettingNotTaken where one stays on.

        May be called at any time and any number of times; a lost connection is opened again once.
        """
        self._armed.clear()
        super().make_safe()

    def _switch_off(self) -> None:
        self._switch(self._outputs, False)

    def _check(self, output: int, train: PulseTrain, high_v: float) -> None:
        can = self.capabilities
        require_within("output", output, self._outputs[0], self._outputs[-1], "")
        require_within("pulse count", train.count, *can.count, "")
        require_within("pulse width", train.width_s, *can.width_s, "s")
        require_within("pulse period", train.period_s, train.width_s + can.shortest_low_s, can.period_s[1], "s")
        require_within("high level", high_v, *can.high_v, "V")

    def _switch(self, outputs: tuple[int, ...], on: bool) -> None:
        word, other = ("ON", "off") if on else ("OFF", "on")
        self._session.write(*(f"OUTP{output} {word}" for output in outputs))
        for output in outputs:
            if self._session.query_bool(f"OUTP{output}?") is not on:
                raise SettingNotTaken(self._session.resource, f"output {output}", word.lower(), other)


def _number(value: float) -> str:
    return f"{value:.9G}"
