"""Questions about a meter's behaviour: each answer is recorded as a finding, then raised where it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from bacpypes3.apdu import ReadPropertyRequest
from bacpypes3.primitivedata import CharacterString, Real

from drivers.errors import RigError
from drivers.meter.errors import MeterAborted, MeterRefused, MeterRejected, MeterTimeout, ValueNotTaken
from drivers.meter.properties import Properties
from drivers.meter.readings import Snapshot
from drivers.meter.requests.packing import THIS_DEVICE
from drivers.mstp.clock import monotonic_s
from meter_model.behaviour.profile import BehaviourProfile
from meter_model.configuration import Configuration
from rig.errors import UsageRefused
from rig.events import Noted
from rig.load_point import FULL, NOT_SHIFTED, ByPhase, LoadPoint
from rig.metrology.outcome import Outcome
from rig.procedures.behaviour.bench_lateness import late_since
from rig.procedures.behaviour.same_values import same, same_real
from rig.procedures.behaviour.time_bounds import UPDATE_S, Moment, Span
from rig.procedures.meter_run import MeterRun

if TYPE_CHECKING:
    from drivers.meter.client import MeterClient

CLEARING = frozenset({10, 11})
"""Analog values whose writing clears present demand and the trend logs (manual page 21)."""

_RENAMED = {"property-is-not-alist": "property-is-not-a-list"}
"""bacpypes3 puts the hyphens of one name elsewhere."""

_SETTLED_UPDATES = 3
_RESTORED_FIRST = (5, 2, 3, 4, 6)
_SHOWN = 8
_ASKED_TIMES = 3
_ENDING_S = 1.5
_READ_BACK_S, _TAKEN_AFTER_S = 0.5, 5.0
_MOMENT_S = 0.5
"""Patience with a meter that ought to be silent; the bus adds a second of grace."""

_Answer = TypeVar("_Answer")


class WrongBehaviour(AssertionError):
    """The meter does not do what its manual says; the finding is recorded and counted."""

    counted_as_outcome = True


class BenchLate(RigError):
    """The bench was late, so that the meter cannot be judged; the finding is recorded as INVALID and counted."""

    counted_as_outcome = True


class NotReviewed(Exception):
    """A question depends on how the manual is to be read, and there is no review of that for this firmware version."""


class Inquiry:
    """One meter under question on an open bench.

    ``allow_reset``: whether what the meter has accumulated or logged may be cleared. The reading of the manual's
    ambiguities comes from the meter type's file, by firmware version.
    """

    def __init__(self, run: MeterRun, *, allow_reset: bool) -> None:
        self.run = run
        self.allow_reset = allow_reset
        self.properties = Properties(run.position.meter, before_write=self._note_before_write, around=self._heard_out)
        self._firmware = run.position.identity.firmware_revision
        self._reviewed = run.position.meter_type.reviewed_behaviour(self._firmware)
        self._note_profile()

    def _note_before_write(self, kind: str, instance: int, name: str) -> None:
        if kind == "AV" and name == "present-value":
            self.run.note_as_found(instance)

    def _note_profile(self) -> None:
        reviewed = self._reviewed
        if reviewed is None:
            self.run.events.publish(Noted("behaviour", self._not_reviewed(), "warning"))
            return
        text = f"firmware {self._firmware}: reviewed by {reviewed.reviewed_by}, {reviewed.reviewed_on}"
        data = asdict(reviewed.profile)
        self.run.events.publish(Noted("behaviour", f"{text}; {reviewed.evidence}", data=data))

    def _not_reviewed(self) -> str:
        return (
            f"there is no review of how firmware {self._firmware} reads the manual's ambiguities; add it to "
            f"'behaviour' of meter type {self.run.position.meter_type.name}"
        )

    @property
    def profile(self) -> BehaviourProfile:
        """How the manual's ambiguities are read; raises NotReviewed where the meter type's file does not say."""
        if self._reviewed is None:
            raise NotReviewed(self._not_reviewed())
        return self._reviewed.profile

    @property
    def meter(self) -> MeterClient:
        """The client of the meter."""
        return self.run.position.meter

    # --- answers --------------------------------------------------------------------------------------------------

    def check(self, name: str, expected: object, found: object, good: bool | None = None) -> None:
        """Record one answer, and raise WrongBehaviour where it is not ``good``.

        By default it is good where both are equal; two numbers are equal where they are the same REAL (float32).
        """
        if good is None:
            good = same_real(expected, found) if isinstance(expected, float) else expected == found
        outcome = Outcome.PASS if good else Outcome.FAIL
        self._note(name, str(expected), str(found), outcome)
        if not good:
            raise WrongBehaviour(f"{name}: expected {expected}, found {found}")

    def undecided(self, name: str, expected: str, found: str) -> BenchLate:
        """Record that the bench did not allow an answer (INVALID), and return the error to be raised for it."""
        self._note(name, expected, found, Outcome.INVALID)
        return BenchLate(f"{name}: not judged, because {found} (asked: {expected})")

    def in_time(self, name: str, passed: Span, longest_s: float) -> None:
        """Raise BenchLate where more than ``longest_s`` may have passed: the question rests on it."""
        if passed.most_s > longest_s:
            late = f"the bench was late: {passed.most_s:.1f} s passed, {longest_s:g} s at most allow an answer"
            raise self.undecided(name, f"answered within {longest_s:g} s of bench time", late)

    def timed(self, work: Callable[[], _Answer]) -> tuple[_Answer, Moment]:
        """Do ``work``, and return what it returns with the bench time that it took."""
        clock = self.run.bench.clock
        begun_s = clock.now_s()
        answer = work()
        return answer, Moment(begun_s, clock.now_s())

    def check_none(self, name: str, expected: str, deviations: Sequence[str]) -> None:
        """Record an answer about many things at once: good where there are no ``deviations`` from what is expected."""
        more = f" and {len(deviations) - _SHOWN} more" if len(deviations) > _SHOWN else ""
        found = "; ".join(deviations[:_SHOWN]) + more if deviations else "so it is"
        self.check(name, expected, found, good=not deviations)

    def skip(self, name: str, reason: str) -> None:
        """Record that a question was not asked, and why."""
        self._note(name, "", reason, Outcome.SKIP)

    def _note(self, name: str, expected: str, found: str, outcome: Outcome) -> None:
        self.run.note(name, expected, found, str(outcome))

    # --- the bus --------------------------------------------------------------------------------------------------

    def refusal(self, ask: Callable[[], object]) -> str:
        """Do what ought to be refused; returns the refusal in the standard's words, "accepted", or "no answer".

        Raises BenchLate where no answer came while the bench was late.
        """
        try:
            ask()
        except MeterRefused as refused:
            return f"{refused.error_class}, {_RENAMED.get(refused.error_code, refused.error_code)}"
        except MeterRejected as rejected:
            return f"reject {rejected.reason}"
        except MeterAborted as aborted:
            return f"abort {aborted.reason}"
        except MeterTimeout:
            return "no answer"
        return "accepted"

    def _heard_out(self, ask: Callable[[], _Answer]) -> _Answer:
        """Ask; where no answer came and the bench was late meanwhile, ask again. Raises as ``ask``, and BenchLate."""
        for _ in range(_ASKED_TIMES):
            since_s = monotonic_s()
            try:
                return ask()
            except MeterTimeout as lost:
                text, request = self._lateness_since(since_s), lost.request
                if not text:
                    raise
                self.run.events.publish(Noted("bus", f"{request}: {text}", "warning"))
        raise self.undecided(request, "an answer", f"{text}, {_ASKED_TIMES} times")

    def _lateness_since(self, since_s: float) -> str:
        """Say by how much the bench was late since then, so that a request was lost; nothing where it was not."""
        late = late_since(self.meter.bus, self.run.bench.clock.late_spells, since_s, self.meter.address)
        return f"no answer, but the bench was late by {1000.0 * late.most_s:.0f} ms meanwhile" if late.requests else ""

    def raise_if_late(self, lost: MeterTimeout) -> None:
        """Record as INVALID what was lost just now, and raise BenchLate, where the bench was late meanwhile."""
        if text := self._lateness_since(monotonic_s() - lost.waited_s - _ENDING_S):
            raise self.undecided(lost.request, "an answer", text) from lost

    def write_refusal(self, av: int, value: float) -> str:
        """Write an analog value that ought to be refused; returns the refusal as ``refusal`` does."""
        return self.refusal(lambda: self.properties.write("AV", av, "present-value", Real(value)))

    def device(self, name: str) -> Any:
        """Read a property of the Device object."""
        return self.properties.read("DE", THIS_DEVICE, name)

    def answer_in_the_end(self, name: str) -> str:
        """Ask a meter that must answer for a text of the Device object; "no answer" or BenchLate as of ``refusal``."""
        try:
            return self._text(name)
        except MeterTimeout:
            return "no answer"

    def within_a_moment(self, name: str) -> str:
        """Ask for a text of the Device object once; "no answer" where none comes within a second and a half."""
        bus = self.meter.bus
        usual_s = bus.timeout_s
        bus.timeout_s = _MOMENT_S
        try:
            return self._text(name)
        except MeterTimeout:
            return "no answer"
        finally:
            bus.timeout_s = usual_s

    def _text(self, name: str) -> str:
        return str(self.properties.send(_device_text(name), f"reading {name}").propertyValue.cast_out(CharacterString))

    def set_clock(self, moment: datetime) -> Moment:
        """Set the meter's clock; returns when that was. Nothing answers a synchronization: a read after it ends it."""

        def synchronise() -> None:
            self.meter.set_time(moment)
            self.meter.read_time()

        return self.timed(synchronise)[1]

    def input(self, instance: int) -> float:
        """Read one analog input; NaN for QNAN."""
        return self.meter.read_inputs([instance])[instance]

    def inputs(self, instances: Iterable[int]) -> dict[int, float]:
        """Read analog inputs; NaN for QNAN."""
        return self.meter.read_inputs(instances)

    def snapshot(self) -> Snapshot:
        """Read the whole meter."""
        return self.meter.snapshot()

    def alarms(self) -> frozenset[int]:
        """Read which of BI1 to BI15 are active, in one request."""
        return self.alarms_and_bitmap()[0]

    def alarms_and_bitmap(self) -> tuple[frozenset[int], float]:
        """Read which of BI1 to BI15 are active, and AI83, in one request: both of one update."""
        wanted = [*(("BI", number, ("present-value",)) for number in range(1, 16)), ("AI", 83, ("present-value",))]
        read = self.properties.read_several(wanted)
        active = frozenset(number for number in range(1, 16) if read["BI", number, "present-value"])
        return active, read["AI", 83, "present-value"]

    def reliability(self, kind: str, instance: int) -> int:
        """Read an object's Reliability: 0 is no fault, 7 unreliable-other."""
        value = self.properties.read(kind, instance, "reliability")
        assert isinstance(value, int)
        return value

    def set_value(self, av: int, value: float) -> None:
        """Write an analog value and wait until the meter says that it is in force; raises ValueNotTaken.

        A write that was lost while the bench was late is sent again. The time counts from the write's answer to the
        question of the read that shows the old value still.
        """
        self.properties.write("AV", av, "present-value", Real(value))
        clock = self.run.bench.clock
        written_s = clock.now_s()
        while True:
            self.run.let_pass(_READ_BACK_S)
            waited_s = clock.now_s() - written_s
            read = self.properties.read_several([("AV", av, ("present-value", "reliability"))])
            found, reliability = read["AV", av, "present-value"], read["AV", av, "reliability"]
            if reliability == 0 and same(found, value):
                return
            if waited_s > _TAKEN_AFTER_S:
                raise ValueNotTaken(
                    self.meter.address, f"AV{av} = {value:g}", value, found, reliability, round(waited_s, 1)
                )

    @contextmanager
    def configured(self, values: Mapping[int, float]) -> Iterator[None]:
        """Write analog values (AV2 to AV11) and put back what was there when the context ends.

        Raises UsageRefused for those that clear the meter's records, unless that is allowed.
        """
        clearing = sorted(CLEARING & set(values))
        if clearing and not self.allow_reset:
            raise UsageRefused(f"writing AV{clearing[0]} clears demand and trend logs; allow it with --allow-reset")
        found = self.meter.read_configuration()
        try:
            self._write(values)
            yield
        finally:
            now = self.meter.read_configuration()
            self._write({av: found[av] for av in found if now[av] != found[av]})

    def _write(self, values: Mapping[int, float]) -> None:
        first = [av for av in _RESTORED_FIRST if av in values]
        for av in [*first, *(av for av in values if av not in first)]:
            self.run.events.publish(Noted("configuration", f"AV{av} set to {values[av]:g} for a question"))
            self.set_value(av, values[av])

    def configuration(self) -> Configuration:
        """The model's configuration with what AV2 to AV11 read."""
        configuration = Configuration()
        values = self.meter.read_configuration()
        for av in (5, *(av for av in sorted(values) if av != 5)):
            configuration = configuration.write(av, values[av])
        return configuration

    # --- the bench ------------------------------------------------------------------------------------------------

    def updates(self, count: float = _SETTLED_UPDATES) -> None:
        """Let ``count`` updates of the meter pass."""
        self.run.let_pass(count * UPDATE_S)

    def rest(self, duration_s: float) -> None:
        """Let hours pass with the outputs off, where the bench has any."""
        supervisor = self.run.bench.supervisor
        if supervisor is not None:
            supervisor.de_energise().raise_if_not_confirmed()
        self.run.bench.clock.sleep(duration_s)

    def load(
        self,
        angle_deg: float = 0.0,
        current_pct: float = 50.0,
        phases: str = "",
        *,
        voltage_v: float | None = None,
        frequency_hz: float | None = None,
        voltages_pct: ByPhase = FULL,
        voltage_shift_deg: ByPhase = NOT_SHIFTED,
    ) -> LoadPoint:
        """Apply a load (nominal voltage and frequency by default) and wait until the meter reads it and nothing else.

        ``angle_deg``: negative = lag, beyond 90 export. ``voltages_pct``, ``voltage_shift_deg``: what each phase has of
        the voltage (0 = missing), and how far it is turned, as in ``LoadPoint``. Raises as ``Supervisor.apply``.
        """
        nominal = self.run.bench_file.parts.nominal
        if nominal is None:
            raise UsageRefused(f"bench {self.run.bench_file.name} names no nominal voltage and frequency")
        point = LoadPoint(
            voltage_v or nominal.voltage_v,
            current_pct,
            angle_deg,
            phases,
            frequency_hz or nominal.frequency_hz,
            voltages_pct,
            voltage_shift_deg,
            nominal.system_type,
        )
        self.run.apply(point)
        self.updates()
        return point

    @contextmanager
    def beyond_measuring(self) -> Iterator[None]:
        """Let loads go where the meter does not measure but reports it; outputs are off before and after."""
        with self.run.supervisor.beyond("alarming"):
            yield


def _device_text(name: str) -> ReadPropertyRequest:
    return ReadPropertyRequest(objectIdentifier=("device", THIS_DEVICE), propertyIdentifier=name)
