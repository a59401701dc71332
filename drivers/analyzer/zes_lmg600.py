"""ZES ZIMMER LMG600 precision power analyzer as the reference: three channels, sensor jacks for the CT inputs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from drivers.analyzer import zes_lmg600_data as data
from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading, ElementReading
from drivers.analyzer.checks import NOTHING_VALID, between, signed_q
from drivers.analyzer.ranged import RangedAnalyzer
from drivers.errors import AnswerInvalid
from drivers.instrument import Identity
from drivers.scpi.parsing import says_over_range, split_answers
from drivers.scpi.session import ScpiSession


class ZesLMG600(RangedAnalyzer):
    """An LMG600 measuring at the meter's terminals, in its SHORT command language (not yet tried on one).

    ``sleep`` is the bench clock's. ``update_s``: the measuring cycle, 0.05 to 1 s. The CT inputs go to the sensor
    jacks of current channels 1 to 3, scaled by 1, so that a volt reads as a volt; they take 0 to 4 V in ranges from
    0.03 V on, the voltage inputs 0 to 1000 V in ranges from 3 V on. All channels are one group, so one
    cycle is the same stretch of time in all of them.

    A data set is known by the instrument's own time stamp: of two sets one after the other, the second has begun after
    the first has ended, or it is not taken. Signs: the angles of the fundamentals (``HUPHASE``, ``HIPHASE``: recalled)
    are taken as positive for lead; reactive power gets its sign from them. The rotation must be verified before
    judging anything.
    """

    ERROR_QUERY = "ERRALL?"
    LANGUAGE = "*ZLANG SHORT"
    capabilities = data.CAPABILITIES

    def __init__(self, session: ScpiSession, sleep: Callable[[float], None], *, update_s: float = 0.5) -> None:
        super().__init__(session, sleep, update_s=update_s)
        # A new connection speaks the language that was used last, and the error query has a name in each.
        session.opening = (self.LANGUAGE,)

    def _check_identity(self, identity: Identity) -> None:
        if "ZES" not in identity.manufacturer.upper() or not identity.model.upper().startswith("LMG6"):
            text = f"{identity.manufacturer} {identity.model} is no LMG600: choose another driver"
            raise self._error(text)

    def configure(self) -> None:
        """Reset the instrument and set what the rig needs: one group, sensor jacks in volts, cycle in seconds.

        Ranges are fixed, the largest at first (1000 V, 4 V). Reads back what would falsify results if not taken, and
        makes sure that INIM waits for the end of a cycle.
        """
        with self._session.transaction():
            self._generation = None
            # One message: *RST goes back to the other language, in which the error query has another name.
            self._session.write(f"*RST;*CLS;{self.LANGUAGE}", deadline_s=data.SETTLE_DEADLINE_S)
            self._group_all_channels()
            self._session.write(f"FRMT ASCII;CYCLMOD 0;CYCL {self.update_s:g}")
            for channel in data.CHANNELS:
                self._session.write(f"IJACK{channel} {data.SENSOR_JACK};ISCA{channel} 1")
            for channel in data.CHANNELS:
                self._verify_part(f"IJACK{channel}?", data.SENSOR_JACK)
                self._verify_part(f"ISCA{channel}?", 1.0)
            self._verify_part("CYCL?", self.update_s)
            self._select_largest()
            self._check_that_inim_waits()
            self._generation = self._session.generation

    def read(self) -> AnalyzerReading:
        """Return a data set that was begun after this call, in volts, hertz and degrees; takes about two cycles.

        A value over range or without data is ``None``, never a number; so is everything where no data set came that
        had begun late enough by the instrument's own time stamps.
        """
        fields = self._fresh_fields()
        if fields is None:
            return AnalyzerReading(time.monotonic(), (NOTHING_VALID, NOTHING_VALID, NOTHING_VALID))
        return self._reading(fields)

    def latest(self) -> AnalyzerReading:
        """Return the data set of the cycle that ends next, in volts, hertz and degrees; takes up to one cycle."""
        self._check_configured()
        return self._reading(self._fields(self._session.query(data.values_query(), deadline_s=self._deadline_s)))

    def _group_all_channels(self) -> None:
        answer = self._session.query("GROUP?")
        try:
            total = sum(int(field) for field in answer.split(","))
        except ValueError as error:
            raise AnswerInvalid(self._session.resource, "GROUP?", answer) from error
        if total < len(data.CHANNELS):
            text = f"it has {total} channels and the rig needs {len(data.CHANNELS)}: choose another analyzer"
            raise self._error(text)
        self._session.write(f"GROUP {total}")
        self._verify_part("GROUP?", total)

    def _set_ranges(self, wanted: AnalyzerRanges) -> AnalyzerRanges:
        ranges = list(zip(data.CHANNELS, wanted.voltage, wanted.current, strict=True))
        for channel, volts, sensor_v in ranges:
            self._session.write(
                f"UAUTO{channel} 0;IAUTO{channel} 0;URNG{channel} {volts:g};IRNG{channel} {sensor_v:g}",
                deadline_s=data.SETTLE_DEADLINE_S,
            )
        for channel, volts, sensor_v in ranges:
            self._verify_part(f"URNG{channel}?", volts)
            self._verify_part(f"IRNG{channel}?", sensor_v)
        return wanted

    def _check_that_inim_waits(self) -> None:
        """Refuse an instrument that answers one cycle to two INIMs: that its data are new rests on its waiting."""
        command = "INIM;TSNORM?"
        answers = [self._session.query(command, deadline_s=self._deadline_s) for _ in range(2)]
        first, second = (self._stamp(answer, "TSNORM?") for answer in answers)
        if first is None or second is None or second <= first:
            text = f"INIM does not wait for the end of a cycle: it answered {answers[0]} and at once {answers[1]}"
            raise self._error(f"{text}; this firmware cannot be used")

    @property
    def _deadline_s(self) -> float:
        return self._session.deadline_s + 2.0 * self.update_s

    def _fresh_fields(self) -> list[str] | None:
        """Return the answers of a cycle that began after this call, None where none can be had."""
        self._check_configured()
        with self._session.transaction():
            # The stamp marks the begin or the end of a cycle: in both cases sets a whole cycle apart do not overlap,
            # and the first of them ends after this call.
            before = self._stamp_of_passing_cycle()
            for _ in range(data.TRIES):
                fields = self._fields(self._at_end_of_cycle(data.values_query()))
                stamp = self._stamp(fields[0], "TSNORM?")
                if _follows(before, stamp, self._session.as_float("DURNORM?", fields[1]), self.update_s):
                    return fields
                before = stamp
        return None

    def _stamp_of_passing_cycle(self) -> int | None:
        """Return the stamp of the cycle that ends next; pass its values to ``on_passing``, where that is set."""
        if self.on_passing is None:
            return self._stamp(self._at_end_of_cycle("INIM;TSNORM?"), "TSNORM?")
        fields = self._fields(self._at_end_of_cycle(data.values_query()))
        self.on_passing(self._reading(fields))
        return self._stamp(fields[0], "TSNORM?")

    def _fields(self, answer: str) -> list[str]:
        command = data.values_query()
        fields = split_answers(answer)
        if len(fields) != command.count("?"):
            raise AnswerInvalid(self._session.resource, command, answer)
        return fields

    def _reading(self, fields: Sequence[str]) -> AnalyzerReading:
        arrived_s = time.monotonic()
        said = fields[2:]
        values = [self._session.as_float(data.values_query(), field) for field in said]
        count = len(data.QUANTITIES)
        per_channel = [values[count * index :][:count] for index in range(len(data.CHANNELS))]
        over = [says_over_range(field) for field in said]
        reference_deg = None if _is_over(per_channel[0][0], self._selected.voltage[0]) else per_channel[0][6]
        one, two, three = (
            _element(
                each,
                reference_deg,
                (self._selected.voltage[index], self._selected.current[index]),
                (over[count * index], over[count * index + 1]),
            )
            for index, each in enumerate(per_channel)
        )
        return AnalyzerReading(arrived_s, (one, two, three))

    def _at_end_of_cycle(self, command: str) -> str:
        self._sleep(data.PART_OF_CYCLE * self.update_s)
        return self._session.query(command, deadline_s=self._deadline_s)

    def _stamp(self, text: str, command: str) -> int | None:
        try:
            return data.stamp_ns(text)
        except ValueError as error:
            if text.strip().upper() == "NAN":
                return None
            raise AnswerInvalid(self._session.resource, command, text) from error


def _follows(before: int | None, stamp: int | None, length_s: float | None, update_s: float) -> bool:
    """Whether a cycle of ``length_s`` that is stamped ``stamp`` (ns) lies wholly after the one stamped ``before``."""
    if before is None or stamp is None or length_s is None or length_s < 0.5 * update_s:
        return False
    return (stamp - before) / 1e9 >= (1.0 - data.LENGTH_TOLERANCE) * length_s


def _element(
    values: Sequence[float | None],
    reference_deg: float | None,
    ranges: tuple[float, float],
    said_over: tuple[bool, bool],
) -> ElementReading:
    u, i, p, s, q, frequency_hz, u_deg, i_deg = values
    u_over, i_over = said_over[0] or _is_over(u, ranges[0]), said_over[1] or _is_over(i, ranges[1])
    u_phase_deg = None if u_over else between(u_deg, reference_deg)
    i_phase_deg = None if i_over else between(i_deg, reference_deg)
    power_over = u_over or i_over
    return ElementReading(
        u_v=None if u_over else u,
        i=None if i_over else i,
        p=None if power_over else p,
        q=None if power_over else signed_q(q, u_phase_deg, i_phase_deg),
        s=None if power_over else s,
        frequency_hz=frequency_hz,
        u_phase_deg=u_phase_deg,
        i_phase_deg=i_phase_deg,
        u_over=u_over,
        i_over=i_over,
    )


def _is_over(rms: float | None, full_range: float) -> bool:
    return rms is not None and rms > data.OVER_RANGE * full_range
