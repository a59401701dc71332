"""Keysight 53220A / 53230A counter: widths of single pulses.

Public code with the commands that are sent here: programs for a 53220A or 53230A in Python and MATLAB
(CONFigure:PWIDth, INPut<n>:COUPling, IMPedance, RANGe, LEVel and LEVel:AUTO OFF, SAMPle:COUNt, INITiate) and
opronningen/53230A-Toolkit (DATA:REMove? beside a running measurement). Recalled from the Programmer's Reference,
unverified: CONFigure:NWIDth, SYSTem:TIMeout, and DATA:POINts?, which Keysight's multimeters have in public code.
"""

from __future__ import annotations

from drivers.counter.base import CounterCapabilities, CounterInput, WidthCounter
from drivers.errors import AnswerInvalid
from drivers.instrument import SwitchedOffInstrument, require_within

_RANGE_V = 5
_LEVEL_TOLERANCE_V = 0.005


class Keysight53220A(SwitchedOffInstrument, WidthCounter):
    """The 53220A or 53230A over SCPI (Programmer's Reference; not yet tried on one).

    Inputs are DC coupled, 1 MOhm, 5 V range, with a fixed threshold. The counter measures in the background:
    ``widths_s`` asks how many readings are in its memory and takes those, since FETCh? would wait for the last one.
    """

    KNOWN_MODELS = ("53220A", "53230A")
    capabilities = CounterCapabilities(
        inputs=(1, 2),
        level_v=(-5.0, 5.0),
        count=(1, 1_000_000),
        timeout_s=(0.01, 2000.0),
        width_uncertainty_s=1e-6,
    )

    def arm(self, watched: CounterInput, count: int, timeout_s: float) -> None:
        """Begin to measure the next ``count`` pulses, 1 to 1000000, on an input (1 to 2, threshold -5 to 5 V).

        ``timeout_s``, 0.01 to 2000 s: the longest wait for each reading. SettingOutOfRange before any I/O;
        SettingNotTaken where the instrument says that the threshold is another.
        """
        can = self.capabilities
        require_within("input", watched.channel, can.inputs[0], can.inputs[-1], "")
        require_within("threshold", watched.level_v, *can.level_v, "V")
        require_within("pulse count", count, *can.count, "")
        require_within("time-out", timeout_s, *can.timeout_s, "s")
        channel = watched.channel
        function = "PWID" if watched.polarity == "positive" else "NWID"
        with self._session.transaction():
            self._generation = None
            # CONFigure presets the trigger system and the inputs' thresholds, so it comes before them.
            self._session.write(
                "ABOR",
                f"CONF:{function} (@{channel})",
                f"INP{channel}:COUP DC",
                f"INP{channel}:IMP 1E6",
                f"INP{channel}:RANG {_RANGE_V}",
                f"INP{channel}:LEV:AUTO OFF",
                f"INP{channel}:LEV {watched.level_v:.9G}",
                f"SYST:TIM {timeout_s:.9G}",
                "TRIG:SOUR IMM",
                f"SAMP:COUN {count}",
            )
            self._verify(f"INP{channel}:LEV?", watched.level_v, _LEVEL_TOLERANCE_V)
            self._session.write("INIT")
            self._generation = self._session.generation

    def widths_s(self) -> tuple[float, ...]:
        """Return the widths measured since ``arm``, in seconds, in order, and stop measuring.

        Raises InstrumentError where nothing was begun or the connection was lost meanwhile, AnswerInvalid for a
        reading that is no time.
        """
        if not self._is_known:
            raise self._error("no measurement was begun: arm it first")
        with self._session.transaction():
            self._generation = None
            points = self._session.query_float("DATA:POIN?")
            if points is None or points != int(points):
                raise AnswerInvalid(self._session.resource, "DATA:POIN?", str(points))
            query = f"DATA:REM? {int(points)}"
            answer = self._session.query(query) if points else ""
            self._session.write("ABOR")
        widths = [self._session.as_float(query, each) for each in answer.split(",")] if points else []
        known = tuple(width for width in widths if width is not None and width > 0.0)
        if len(known) != points:
            raise AnswerInvalid(self._session.resource, query, answer)
        return known

    def make_safe(self) -> None:
        """Stop measuring (no unit); may be called at any time and any number of times."""
        self._forget()
        super().make_safe()

    def _switch_off(self) -> None:
        self._session.write("ABOR")
