"""Change what is energised: voltages in small steps, currents from a tenth, ranges with the currents off."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from drivers.source.base import AcSource, Channel, Range, SourceCapabilities, SourceSetting, Tone
from meter_model.stimulus import Stimulus
from rig.load_point import LoadPoint, three
from rig.safety.limits import difference, rms, scaled
from rig.safety.switching_off.safe_state import Clock
from rig.safety.watch.judging import Ceiling
from rig.safety.watch.watching import Watching

START_PART = 0.1
"""Currents begin with this part of the point at most, as far as the source can give so little."""

_RISES_GREATLY = 2.0
"""A CT input that is to have more than this many times what it has begins with a part of the point again."""

_RESTART_ABOVE = 0.15
"""A voltage that changes by more than this part is ramped down and up again through off."""

_STEP_S = 0.05
"""Bench seconds between the steps in which a voltage goes from one point to the next."""

_NOTHING: tuple[Channel, Channel, Channel] = ((), (), ())


@dataclass(frozen=True, slots=True)
class Present:
    """What is energised now: the point, what the source gives for it, and what that is at the meter's terminals."""

    point: LoadPoint
    setting: SourceSetting
    target: Stimulus

    @property
    def without_currents(self) -> Present:
        """The same voltages alone."""
        return Present(
            self.point, replace(self.setting, current=_NOTHING), replace(self.target, ct_inputs=((), (), ()))
        )


def must_restart(before: SourceSetting, after: SourceSetting, source: SourceCapabilities) -> bool:
    """Whether to go from one setting to the other through off: another frequency, voltage range, or much voltage."""
    if before.frequency_hz != after.frequency_hz:
        return True
    for old, new in zip(before.voltage, after.voltage, strict=True):
        old_v, new_v = rms(old), rms(new)
        if abs(new_v - old_v) > _RESTART_ABOVE * max(old_v, new_v):
            return True
        if _narrowest(old, source.voltage_ranges) != _narrowest(new, source.voltage_ranges):
            return True
    return False


@dataclass(eq=False, kw_only=True)
class Transition:
    """Changes of what a source gives while its output is on, each seen by the analyzer before the next.

    ``now_present`` is called with what is energised from that moment on. ``rise_v_per_s``: fastest change of a voltage
    at the meter's terminals.
    """

    source: AcSource
    watching: Watching
    clock: Clock
    now_present: Callable[[Present], None]
    ceiling: Ceiling
    rise_v_per_s: float

    def between(self, before: Present, wanted: Present) -> None:
        """Go from one point to another of nearly the same voltages; raises OutputWrong.

        Currents go off first where a range of the analyzer or of a current channel changes, or where a CT input is to
        have much more than now; they come back from a tenth.
        """
        earlier = before.target
        self.watching.expect(wanted.target, earlier, ceiling=self.ceiling)
        if before.target.ct_inputs != ((), (), ()) and not self._may_go_straight(before, wanted):
            before = before.without_currents
            self.source.set_point(before.setting)
            self.now_present(before)
        self._change_voltages(before, wanted)
        if wanted.target.ct_inputs == ((), (), ()):
            self._set(wanted)
            self.watching.confirm_inputs(wanted.target, self.ceiling)
        elif before.target.ct_inputs == ((), (), ()):
            self.bring_up_currents(wanted, earlier)
        else:
            self.source.select_ranges(wanted.setting)
            self._set(wanted)
            self.watching.confirm_inputs(wanted.target, self.ceiling)

    def bring_up_currents(self, wanted: Present, *earlier: Stimulus) -> str:
        """Give the CT inputs a tenth of their signal, see it there in volts and angle, then give them all of it.

        The voltages stand, currents are none. ``earlier``: what there was just before, which a data set that was begun
        then may still show. Returns in words what was seen; raises OutputWrong.
        """
        start = self._start(wanted)
        said = ""
        if start is not None:
            self.source.select_ranges(start.setting)
            self.watching.expect(start.target, *earlier, ceiling=self.ceiling)
            self._set(start)
            level = 100.0 * _loudest(start.target) / _loudest(wanted.target)
            said = f"at {level:.3g} % {self.watching.confirm_inputs(start.target, self.ceiling)}; then "
            self.watching.expect(wanted.target, start.target, ceiling=self.ceiling)
        else:
            self.watching.expect(wanted.target, *earlier, ceiling=self.ceiling)
        self.source.select_ranges(wanted.setting)
        self._set(wanted)
        return said + self.watching.confirm_inputs(wanted.target, self.ceiling)

    def _set(self, present: Present) -> None:
        # Before it is sent: from then on it may be there, whether or not the source says that it took it.
        self.now_present(present)
        self.source.set_point(present.setting)

    def _may_go_straight(self, before: Present, wanted: Present) -> bool:
        if not self.watching.have_selected([wanted.target]):
            return False
        rises = any(
            rms(new) > _RISES_GREATLY * rms(old)
            for old, new in zip(before.target.ct_inputs, wanted.target.ct_inputs, strict=True)
        )
        ranges = self._current_ranges(wanted.setting)
        changes_range = any(
            bool(new) and _narrowest(old, ranges) != _narrowest(new, ranges)
            for old, new in zip(before.setting.current, wanted.setting.current, strict=True)
        )
        return not rises and not changes_range

    def _change_voltages(self, before: Present, wanted: Present) -> None:
        """Bring the voltages to where they go, in ranges that hold them before and after; currents stay as they are."""
        if before.target.voltages != wanted.target.voltages:
            if not self.watching.have_selected([wanted.target]):
                self.watching.select_ranges([before.target, wanted.target])
            for setting in self._voltage_steps(before, wanted):
                self.clock.sleep(_STEP_S)
                self.source.set_point(setting)
        if not self.watching.have_selected([wanted.target]):
            self.watching.select_ranges([wanted.target])

    def _voltage_steps(self, before: Present, wanted: Present) -> Iterator[SourceSetting]:
        largest_v = max(
            rms(difference(new, old)) for old, new in zip(before.target.voltages, wanted.target.voltages, strict=True)
        )
        count = max(1, math.ceil(largest_v / (self.rise_v_per_s * _STEP_S)))
        for step in range(1, count + 1):
            pairs = zip(before.setting.voltage, wanted.setting.voltage, strict=True)
            yield replace(before.setting, voltage=three(_between(old, new, step / count) for old, new in pairs))

    def _start(self, wanted: Present) -> Present | None:
        """The point with a tenth of its currents, or as little as the source can give; None where that is no less."""
        ranges = self._current_ranges(wanted.setting)
        parts = [_start_part(rms(channel), ranges) for channel in wanted.setting.current]
        if all(part >= 1.0 for part in parts):
            return None
        setting = replace(wanted.setting, current=three(map(scaled, wanted.setting.current, parts)))
        target = replace(wanted.target, ct_inputs=three(map(scaled, wanted.target.ct_inputs, parts)))
        return Present(wanted.point, setting, target)

    def _current_ranges(self, setting: SourceSetting) -> tuple[Range, ...]:
        can = self.source.capabilities
        return can.low_level_ranges if setting.current_unit == "V" else can.current_ranges


def _start_part(full: float, ranges: Sequence[Range]) -> float:
    """The part of ``full`` with which a channel begins: the most that is no more than a tenth and some range holds."""
    if full == 0.0 or not ranges:
        return 1.0 if full == 0.0 else START_PART
    wanted = START_PART * full
    below = [min(wanted, each.high) for each in ranges if each.low <= wanted]
    level = max(below) if below else min(each.low for each in ranges)
    return min(1.0, level / full)


def _narrowest(channel: Channel, ranges: Sequence[Range]) -> Range | None:
    level = rms(channel)
    return min((each for each in ranges if each.low <= level <= each.high), key=lambda r: r.high, default=None)


def _between(old: Channel, new: Channel, part: float) -> Channel:
    """The waveform at ``part`` of the way, each component on the straight line between its two phasors."""
    phasors = [
        {tone.order: cmath.rect(tone.rms, math.radians(tone.phase_deg)) for tone in channel} for channel in (old, new)
    ]
    tones = []
    for order in sorted(phasors[0].keys() | phasors[1].keys()):
        value = (1.0 - part) * phasors[0].get(order, 0j) + part * phasors[1].get(order, 0j)
        if part == 1.0 and order not in phasors[1]:
            continue
        tones.append(Tone(order, abs(value), math.degrees(cmath.phase(value)) if value else 0.0))
    return new if part == 1.0 else tuple(tones)


def _loudest(target: Stimulus) -> float:
    return max(rms(spectrum) for spectrum in target.ct_inputs)
