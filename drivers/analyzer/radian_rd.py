"""Radian RD-2x and RD-3x reference standards on a serial line: volts, amperes and powers of one phase or of three."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from drivers.analyzer import radian_rd_data as data
from drivers.analyzer.base import (
    AnalyzerRanges,
    AnalyzerReading,
    ElementReading,
    IntegratorReading,
    ReferenceAnalyzer,
)
from drivers.analyzer.checks import NOTHING_VALID, wrapped
from drivers.analyzer.radian_rd_frames import floats
from drivers.analyzer.radian_rd_link import RadianLink
from drivers.errors import AnswerInvalid, CannotMeasure, InstrumentError, NotConfigured, SettingOutOfRange
from drivers.instrument import Identity


class RadianRD(ReferenceAnalyzer):
    """A Radian standard beside a meter: a check of its voltages, not a reference for its CT inputs (not yet tried).

    It measures amperes at its current terminals, and nothing else takes a signal: the volts of a CT input are refused
    (CannotMeasure), and a bench that injects them with this analyzer is refused when its file is read. ``i`` is in
    amperes here, powers in watts, VA and var. An RD-2x measures one phase, an RD-3x three; no angles between voltages
    are known, so those of phases 2 and 3 are ``None``. That degrees are positive for lag is inferred
    (docs/decisions/0013).

    Metrics carry no time, so two data sets are distinguished by their content: a reading is taken once it has
    changed twice since the call. One that stays the same to the last bit is stale, and ``None``. On an RD-3x the
    metrics are asked one by one, and belong together only where the first is still the same afterwards.
    """

    capabilities = data.CAPABILITIES

    def __init__(self, link: RadianLink, sleep: Callable[[float], None], *, update_s: float = 1.0) -> None:
        if not data.UPDATE_S[0] <= update_s <= data.UPDATE_S[1]:
            raise SettingOutOfRange("data update period", update_s, *data.UPDATE_S, "s")
        self.update_s = update_s
        self._link = link
        self._sleep = sleep
        self._phases = 0
        self._generation: int | None = None

    @staticmethod
    def open_link(resource: str, *, deadline_s: float, on_progress: Callable[[], None] | None) -> RadianLink:
        """Make the serial line to ``resource``, a device path; ``deadline_s`` 0.1 to 60 s. Nothing is sent yet."""
        return RadianLink(resource, deadline_s=deadline_s, on_progress=on_progress)

    def identify(self) -> Identity:
        """Read the instrument's identity; raises InstrumentError for another family."""
        answer = self._link.request(data.IDENTIFY)
        text = answer.replace(b"\0", b"").decode("latin-1").strip()
        fields = [field.strip() for field in text.split(",")]
        if len(fields) < 4 or not all(fields[:2]):
            raise AnswerInvalid(self._link.resource, "identification", text)
        model = fields[0].upper().replace("-", "")
        if not model.startswith(("RD2", "RD3")):
            raise InstrumentError(self._link.resource, f"{text} is no RD-2x or RD-3x: choose another driver")
        self._phases = 3 if model.startswith("RD3") else 1
        return Identity("Radian Research", fields[0], fields[1], fields[3])

    def configure(self) -> None:
        """Find out which model it is, of one phase or three; there is nothing to set."""
        with self._link.transaction():
            self._generation = None
            self.identify()
            self._generation = self._link.generation

    def select_ranges(self, voltage_v: float, current: tuple[float, float, float]) -> AnalyzerRanges:
        """Check that it can measure these V rms; it selects its ranges by itself, and nothing is sent.

        ``voltage_v``: 0 to 600 V. ``current``: volts at the CT inputs, of which it can measure none: raises
        CannotMeasure unless they are all 0. Raises SettingOutOfRange for the voltage.
        """
        if not 0.0 <= voltage_v <= data.VOLTAGE_V:
            raise SettingOutOfRange("analyzer voltage", voltage_v, 0.0, data.VOLTAGE_V, "V")
        if any(value != 0.0 for value in current):
            raise CannotMeasure(self._link.resource, "the volts at the CT inputs", data.CAPABILITIES.why_not)
        return AnalyzerRanges(voltage=(data.VOLTAGE_V,) * 3, current=(0.0, 0.0, 0.0))

    def has_selected(self, voltage_v: float, current: tuple[float, float, float]) -> bool:
        """Whether it can measure these V rms, 0 to 600 and none at the CT inputs: its ranges are its own; no I/O."""
        return 0.0 <= voltage_v <= data.VOLTAGE_V and not any(current)

    def read(self) -> AnalyzerReading:
        """Return a data set that was begun after this call: V, A, W, hertz, degrees; takes two updates or more.

        A value that is not valid is ``None``, never a number; so is everything where the data do not change. Raises
        InstrumentError where the metrics do not fit together: then their order is not the one assumed.
        """
        return self._reading(self._fresh_set())

    def latest(self) -> AnalyzerReading:
        """Return what it measures now, whenever that was begun: V, A, W, hertz, degrees; does not wait."""
        self._check_configured()
        with self._link.transaction():
            return self._reading(self._data_set())

    def _reading(self, found: Sequence[bytes] | None) -> AnalyzerReading:
        arrived_s = time.monotonic()
        if found is None:
            return AnalyzerReading(arrived_s, (NOTHING_VALID, NOTHING_VALID, NOTHING_VALID))
        one, two, three = (self._element(found, phase) for phase in range(3))
        return AnalyzerReading(arrived_s, (one, two, three))

    def start_integration(self) -> None:
        """Raise CannotMeasure: watt hours of a CT input's volts are not measured by it."""
        raise CannotMeasure(self._link.resource, "energy", data.CAPABILITIES.why_not)

    def stop_integration(self) -> IntegratorReading:
        """Raise CannotMeasure: watt hours of a CT input's volts are not measured by it."""
        raise CannotMeasure(self._link.resource, "energy", data.CAPABILITIES.why_not)

    def close(self) -> None:
        """Give the port back."""
        self._link.close()

    def _fresh_set(self) -> list[bytes] | None:
        """Return the octets of each phase's metrics, begun after this call; None where they do not change."""
        self._check_configured()
        with self._link.transaction():
            last, changes = self._data_set(), 0
            for _ in range(data.POLLS):
                self._sleep(self.update_s)
                found = self._data_set()
                if found is not None and found != last:
                    # The first to change was being measured at the call; the second was begun when that had ended.
                    changes, last = changes + 1, found
                    if changes == 1 and self.on_passing is not None:
                        self.on_passing(self._reading(found))
                if changes == 2:
                    return last
        return None

    def _data_set(self) -> list[bytes] | None:
        """Ask for the metrics of all phases; None where they do not belong together."""
        if self._phases == 1:
            answer = self._link.request(data.METRICS_RD2X, data.RD2X_REQUEST)
            return [self._of_length(answer, data.METRICS_RD2X, 4 * data.ALL_METRICS)[: 4 * len(data.METRICS)]]
        for _ in range(data.TRIES):
            answers = [self._metric(place) for place in range(len(data.METRICS))]
            if self._metric(0) == answers[0]:
                return [b"".join(each[4 * phase : 4 * phase + 4] for each in answers) for phase in range(3)]
        return None

    def _metric(self, place: int) -> bytes:
        answer = self._link.request(data.METRIC_RD3X, data.rd3x_request(place))
        return self._of_length(answer, data.METRIC_RD3X, data.RD3X_ANSWER_OCTETS)

    def _of_length(self, answer: bytes, kind: int, octets: int) -> bytes:
        if len(answer) != octets:
            raise AnswerInvalid(self._link.resource, f"packet {kind:02X}", answer.hex(" "))
        return answer

    def _element(self, found: Sequence[bytes], phase: int) -> ElementReading:
        if phase >= len(found):
            return NOTHING_VALID
        u, i, p, s, q, frequency_hz, lag_deg, _ = values = floats(found[phase])
        if not _fit_together(u, i, p, s, q, frequency_hz):
            metrics = ", ".join(f"{name} {value}" for name, value in zip(data.METRICS, values, strict=True))
            text = (
                f"the metrics of phase {phase + 1} do not fit together ({metrics}): this model gives others; see 0013"
            )
            raise InstrumentError(self._link.resource, text)
        is_first = phase == 0
        return ElementReading(
            u_v=u,
            i=i,
            p=p,
            q=q,
            s=s,
            frequency_hz=frequency_hz or None,
            u_phase_deg=0.0 if is_first and u is not None else None,
            i_phase_deg=wrapped(-lag_deg) if is_first and lag_deg is not None else None,
        )

    def _check_configured(self) -> None:
        if self._generation is None or self._generation != self._link.generation:
            text = "its state is not known since the connection was made: configure it first"
            raise NotConfigured(self._link.resource, text)


def _fit_together(
    u: float | None, i: float | None, p: float | None, s: float | None, q: float | None, frequency_hz: float | None
) -> bool:
    """Whether the metrics of a phase have the assumed order; invalid values prove nothing either way."""
    if (u is not None and u < 0.0) or (i is not None and i < 0.0):
        return False
    if frequency_hz and not data.FREQUENCY_HZ[0] <= frequency_hz <= data.FREQUENCY_HZ[1]:
        return False
    if u is None or i is None or s is None:
        return True
    margin = data.POWER_TOLERANCE * abs(s) + 1e-9 * u
    if abs(s - u * i) > margin:
        return False
    return p is None or q is None or abs(p * p + q * q - s * s) <= 2.0 * margin * abs(s) + margin * margin
