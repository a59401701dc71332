"""A source with a time limit for its answers while it is on; after it the guardian switches the source off."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from drivers.errors import RigError
from drivers.instrument import Identity
from drivers.source.base import AcSource, Protection, SafeOff, SourceCapabilities, SourceSetting
from rig.safety.watch.alarm import SourceAlarm

STEP_S = 1.2
"""Wall seconds that a setting, a question or switching off may take before the guardian switches off in its own way."""


class TimedSource(AcSource):
    """``source`` with a time limit for each command and question while its output is on: ``within_s`` wall seconds.

    ``off_by`` is called with the end of that time, and with None when it was kept (``GuardianLink.off_by``).
    Switching on has no such limit: relays and self-tests take their time, and the output is verified afterwards.
    ``alarm`` reports a source that does not answer, or does not confirm that it is off.
    """

    def __init__(
        self,
        source: AcSource,
        off_by: Callable[[float | None], None],
        within_s: float = STEP_S,
        alarm: SourceAlarm | None = None,
    ) -> None:
        self._source = source
        self._alarm = alarm or SourceAlarm()
        self._off_by = off_by
        self._within_s = within_s
        self._may_be_on = False

    @property
    def capabilities(self) -> SourceCapabilities:  # type: ignore[override]  # the source's own, never another
        """What the source can do (units as declared there)."""
        return self._source.capabilities

    def identify(self) -> Identity:
        """Read the instrument's identity (no unit, no range)."""
        return self._source.identify()

    def select_ranges(self, envelope: SourceSetting) -> None:
        """Select ranges that hold ``envelope`` (V rms), in time where the output is on.

        Raises SettingOutOfRange before any I/O.
        """
        with self._in_time():
            self._source.select_ranges(envelope)

    def set_point(self, setting: SourceSetting) -> None:
        """Program a set-point (V rms, degrees), in time where the output is on."""
        with self._in_time():
            self._source.set_point(setting)

    def set_output(self, on: bool, ramp_s: float = 0.0) -> None:
        """Switch the output, with a ramp of ``ramp_s`` seconds of the instrument's own; off in time."""
        if on:
            self._may_be_on = True
            self._source.set_output(True, ramp_s)
            return
        with self._in_time():
            self._source.set_output(False, ramp_s)

    def output_is_on(self) -> bool:
        """Ask the instrument whether its output is on (no unit), in time where it should be."""
        with self._in_time():
            return self._source.output_is_on()

    def safe_off(self) -> tuple[SafeOff, ...]:
        """Return how anyone may switch this source off and verify it, as data (no unit, no range)."""
        return self._source.safe_off()

    def make_safe(self) -> None:
        """Switch off at once, without ramp (0 s), verify, and in time; raises InstrumentError if not confirmed."""
        self._may_be_on = True
        try:
            with self._in_time():
                self._source.make_safe()
        except RigError as error:
            self._alarm.not_off(error)
            raise
        self._may_be_on = False

    def protection(self) -> Protection | None:
        """Tell which current limit is in force (A rms), in time where the output is on."""
        with self._in_time():
            return self._source.protection()

    def arm_watchdog(self, delay_s: float) -> None:
        """Arm the source's own watchdog, ``delay_s`` seconds of silence."""
        self._source.arm_watchdog(delay_s)

    def disarm_watchdog(self) -> None:
        """Stop the source's own watchdog (no unit, no range)."""
        self._source.disarm_watchdog()

    def close(self) -> None:
        """Give the connection back; the output stays as it is (no unit, no range)."""
        self._source.close()

    @contextlib.contextmanager
    def _in_time(self) -> Iterator[None]:
        if not self._may_be_on:
            yield
            return
        self._off_by(self._within_s)
        try:
            with self._alarm.asking():
                yield
        finally:
            self._off_by(None)
