"""The emulated Yokogawa WT3003E, WT1803E or WT5000: data updates in bench time, ranges, status registers, integrator.

Its command table is in ``yokogawa_wt_commands``, the names of its numeric items in ``yokogawa_wt_items``. Sources: IM
WT3001E-17EN chapter 6 (commands), chapter 7 (status). What differs in the WT1803E and the WT5000 is in ``MODELS``; the
rest of their command tables is taken to be the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from meter_model.stimulus import Stimulus
from rig.emulation.analyzers.arithmetic import ELEMENTS, OVER_RANGE, AnalyzerErrors, ElementResult, ElementSums, Update
from rig.emulation.analyzers.cycles import CyclicAnalyzer, Interval
from rig.emulation.analyzers.integrator import Integrator
from rig.emulation.analyzers.yokogawa_wt_items import WT1800_NAMES, WT3000_NAMES, DataSet, Item, Names
from rig.emulation.scpi.engine import Command, ScpiEngine, Wait
from rig.emulation.scpi.syntax import ScpiError, short_form
from rig.emulation.world.surroundings import Surroundings

VOLTAGE_RANGES = (15.0, 30.0, 60.0, 100.0, 150.0, 300.0, 600.0, 1000.0)
DIRECT_RANGES = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
"""Ranges of the direct current input, amperes."""

UPDATING_S = 0.01
"""For this long before the end of an update the condition register says that the data are being updated."""

_UPDATING = 1
_INTEGRATION_BUSY = 2
_FILTERS = 16


@dataclass(frozen=True, slots=True)
class WTModel:
    """What the models of the family do not have in common: ``identity`` answers *IDN?, ``low_ranges`` are in volts."""

    identity: str
    names: Names
    low_ranges: tuple[float, ...] = ()


_LOW_RANGES = (1.5, 3.0, 6.0, 10.0)

MODELS: Mapping[str, WTModel] = MappingProxyType(
    {
        "WT3003E": WTModel("YOKOGAWA,WT3003E-2A0-30A3,0,F6.01", WT3000_NAMES),
        "WT1803E": WTModel("YOKOGAWA,WT1803E,91X123456,F2.01", WT1800_NAMES, _LOW_RANGES),
        "WT5000": WTModel("YOKOGAWA,WT5000,91X654321,F3.11", WT1800_NAMES, _LOW_RANGES),
    }
)
"""Models by name. WT1803E without a suffix: Yokogawa's sample program compares the field with "WT1803E"."""


class YokogawaAnalyzer(CyclicAnalyzer):
    """One emulated analyzer. All methods but ``engine.execute`` expect the world to be held.

    The current inputs are wired to the external sensor input: an element left on a direct (ampere) range reads zero.
    ``digits`` is how many significant digits it answers (the real one: 6). ``model``: a name in ``MODELS``.
    """

    engine: ScpiEngine

    def __init__(self, around: Surroundings[AnalyzerErrors], digits: int, model: str) -> None:
        super().__init__(around, 0xA1)
        self._now = around.now
        self.model = MODELS[model]
        self._digits = digits
        self.adds_header = self.is_verbose = True
        self.reset()

    def reset(self) -> None:
        """Bring all settings, except how it communicates, to the factory's."""
        self.wiring = "P1W2,P1W2,P1W2"
        self.voltage_range = [VOLTAGE_RANGES[-1]] * ELEMENTS
        self.current_range = [DIRECT_RANGES[-1]] * ELEMENTS
        self.is_sensor = [False] * ELEMENTS
        self.sensor_mv_per_a = [10.0] * ELEMENTS
        self.update_s = 0.5
        self.items: dict[int, Item | None] = {}
        self.item_count = 15
        self.integrator = Integrator(ELEMENTS)
        self.filters = ["NEV"] * _FILTERS
        self.event_enable = 0
        self.plain_settings: dict[str, bool] = {}
        self._held: tuple[ElementResult, ...] | None = None
        self._condition = 0
        self._events = 0
        self.restart()

    def restart(self) -> None:
        """Begin a new update now; until its end there are no data. What a change of range, wiring or rate does."""
        self._cycles.restart()
        self._results: tuple[ElementResult, ...] = ()

    @property
    def voltage_ranges(self) -> tuple[float, ...]:
        """The voltage ranges of this model, volts rms."""
        return (*self.model.low_ranges, *VOLTAGE_RANGES)

    def require_no_integration(self) -> None:
        """Raise ScpiError(-221) while integrating, when ranges, wiring and rate are locked."""
        if self.integrator.state == "STAR":
            raise ScpiError(-221)

    # Bench time

    def next_change_s(self, now_s: float) -> float:
        """Return when this instrument's condition register changes next."""
        left_s = self._left_s()
        return now_s + (left_s - UPDATING_S if left_s > UPDATING_S + 1e-12 else left_s)

    def advance(self, dt_s: float, stimulus: Stimulus) -> None:
        """Measure ``dt_s`` seconds of a constant stimulus, over as many updates as they hold."""
        super().advance(dt_s, stimulus)
        self._set_condition(_UPDATING, self._left_s() <= UPDATING_S + 1e-12)
        self._set_condition(_INTEGRATION_BUSY, self.integrator.state == "STAR")

    def _live(self, dt_s: float, sums: Sequence[ElementSums]) -> None:
        scale = self._amperes_per_volt()
        self.integrator.add([part.watts * scale[i] for i, part in enumerate(sums)], self._over(sums), dt_s)

    def _left_s(self) -> float:
        return self._cycles.left_s() or self.update_s

    def _over(self, sums: Sequence[ElementSums]) -> list[bool]:
        return [
            math.sqrt(part.u_squared) > OVER_RANGE * self.voltage_range[index]
            or (self.is_sensor[index] and math.sqrt(part.i_squared) > OVER_RANGE * self.current_range[index])
            for index, part in enumerate(sums)
        ]

    def _amperes_per_volt(self) -> list[float]:
        return [1e3 / self.sensor_mv_per_a[index] if self.is_sensor[index] else 0.0 for index in range(ELEMENTS)]

    def _plan(self, stimulus: Stimulus) -> Interval:
        return Interval(0.0, self.update_s)

    def _finish(self, update: Update, begun_s: float, ended_s: float) -> None:
        ranges = [
            (self.voltage_range[index], self.current_range[index] if self.is_sensor[index] else math.inf)
            for index in range(ELEMENTS)
        ]
        self._results = update.results(ranges, self._amperes_per_volt(), self._errors, self._generator)
        self._set_condition(_UPDATING, True)
        self._set_condition(_UPDATING, False)

    # Data

    def data_set(self) -> DataSet:
        """Return what NUMeric:VALue? answers from: the last update's results, or those held."""
        held = self._held
        return DataSet(
            self._results if held is None else held, self.integrator, self.wiring.startswith("P3W4"), self._digits
        )

    @property
    def is_holding(self) -> bool:
        """Whether the numeric data are held."""
        return self._held is not None

    def hold(self, on: bool) -> None:
        """Hold the present numeric data, or let them follow the updates again."""
        self._held = self._results if on else None

    # Status

    def _set_condition(self, bit: int, on: bool) -> None:
        was = bool(self._condition & bit)
        if was == on:
            return
        self._condition ^= bit
        edge = ("RISE", "BOTH") if on else ("FALL", "BOTH")
        if self.filters[bit.bit_length() - 1] in edge:
            self._events |= bit

    @property
    def condition(self) -> int:
        """The condition register: bit 0 updating, bit 1 integrating."""
        return self._condition

    def take_events(self) -> int:
        """Read and clear the extended event register."""
        events, self._events = self._events, 0
        return events

    def wait_for(self, mask: int) -> Wait:
        """Return the wait that ends when one of the events in ``mask`` has happened."""
        return Wait(lambda: bool(self._events & mask), lambda: self.next_change_s(self._now()))

    def clear(self) -> None:
        """Clear the events, as *CLS does."""
        self._events = 0

    def answer_header(self, command: Command, suffixes: tuple[int, ...]) -> str:
        """Return the header that stands before an answer, empty where it is switched off."""
        if not self.adds_header:
            return ""
        return self.header_text(command.header, suffixes) + " "

    def header_text(self, header: str, suffixes: tuple[int, ...]) -> str:
        """Return a header of the table as answers carry it: in full, or in short form without ``INPut``."""
        left = list(suffixes)
        words = []
        for raw in header.replace("[:", ":[").split(":"):
            if raw[:1].isdigit():
                continue  # the upper limit of a suffix: "ELEMent<1:3>" splits at its colon
            mnemonic = raw.strip("[]").partition("<")[0]
            number = str(left.pop(0)) if "<" in raw else ""
            number = "" if mnemonic == "TIMer" else number  # the one suffix that answers leave out
            if self.is_verbose:
                words.append(mnemonic.upper() + number)
            elif mnemonic != "INPut":
                words.append(short_form(mnemonic) + number)
        return ":" + ":".join(words)
