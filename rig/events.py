"""What happens on a bench, as data, and the publisher that hands it to those who subscribed.

Everything may import this module. ``rig.run.events`` has these events together with those of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from drivers.errors import RigError
    from drivers.meter.bus import MeterBus
    from rig.load_point import LoadPoint

EventT = TypeVar("EventT", bound="Event")


class Event:
    """Something that happened. ``str`` of it is the line that console, page and log show, empty where there is none.

    ``must_be_recorded``: whether a record that cannot be written is an error where the event is published.
    """

    must_be_recorded: ClassVar[bool] = True

    def __str__(self) -> str:
        return ""

    def noted(self) -> Noted | None:
        """Return the event as the record has it, None where it has no place there."""
        return None


@dataclass(frozen=True)
class Noted(Event):
    """Something for record and log that need not be seen at once; ``severity`` is info, warning or error."""

    kind: str
    text: str
    severity: str = "info"
    data: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"

    def noted(self) -> Noted:
        """Return itself."""
        return self


@dataclass(frozen=True)
class Stated(Event):
    """What is open on the bench and how it is: a line for people."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class ProcessLaunched(Event):
    """The process that a bench file names is ready."""

    pid: int

    def __str__(self) -> str:
        return f"launched process {self.pid} is ready"


@dataclass(frozen=True)
class BusOpened(Event):
    """The bus is open; no meter has been looked for yet. A bus that was closed still has its last frames."""

    bus: MeterBus

    def __str__(self) -> str:
        return f"bus: {self.bus.settings.device} is open"


@dataclass(frozen=True)
class MeterFound(Event):
    """The meter under test, by the name and device instance that it gives, and its MS/TP address."""

    name: str
    device_instance: int
    mac: int

    def __str__(self) -> str:
        return f"meter: {self.name} (device {self.device_instance}, MAC {self.mac})"


@dataclass(frozen=True)
class Warned(Event):
    """A warning about ``subject`` ("calibration")."""

    subject: str
    text: str

    def __str__(self) -> str:
        return f"warning: {self.text}"

    def noted(self) -> Noted:
        """Return the warning."""
        return Noted(self.subject, self.text, "warning")


class OutputsChanged(Event):
    """What the supervisor did to the outputs."""

    def named(self) -> tuple[str, str]:
        """Return a word for what happened, and one sentence."""
        raise NotImplementedError

    def __str__(self) -> str:
        return ": ".join(self.named())

    def noted(self) -> Noted | None:
        """Return word and sentence."""
        return Noted(*self.named())


@dataclass(frozen=True)
class EnergiseStep(OutputsChanged):
    """Step ``number`` of ``count`` on the way from off to ``point`` is done; ``found``: what it found."""

    point: LoadPoint
    number: int
    count: int
    name: str
    found: str

    def named(self) -> tuple[str, str]:
        """Return the step with its number."""
        return "energise", f"{self.point.label}: step {self.number} of {self.count}, {self.name}: {self.found}"


@dataclass(frozen=True)
class Energised(OutputsChanged):
    """The outputs were off, and are on at ``point``."""

    point: LoadPoint

    def named(self) -> tuple[str, str]:
        """Return the load point."""
        return "energised", self.point.label


@dataclass(frozen=True)
class PointApplied(OutputsChanged):
    """The outputs went from another point to ``point``."""

    point: LoadPoint

    def named(self) -> tuple[str, str]:
        """Return the load point."""
        return "applied", self.point.label


@dataclass(frozen=True)
class OutputsFailed(OutputsChanged):
    """The outputs were not energised, or were cut, or something did not go off with them.

    ``what``: not-energised, interlock, watchdog or contactor. A record that fails does not prevent switching off.
    """

    what: str
    reason: str
    severity: str = "error"
    must_be_recorded: ClassVar[bool] = False

    def named(self) -> tuple[str, str]:
        """Return what it was, and why."""
        return self.what, self.reason

    def noted(self) -> Noted:
        """Return both."""
        return Noted(self.what, self.reason, self.severity)


@dataclass(frozen=True)
class SwitchedOff(OutputsChanged):
    """The outputs are off, ``confirmed`` or not; ``details``: what says so. The run records it with its own report.

    ``confirmed_by``: source, analyzer, guardian.
    """

    confirmed: bool
    details: tuple[str, ...]
    confirmed_by: tuple[str, ...] = ()

    def named(self) -> tuple[str, str]:
        """Return the details."""
        return "safe" if self.confirmed else "not-safe", "; ".join(self.details)

    def noted(self) -> None:
        """Return None: the event ``safe state`` of the run has it, with who confirmed it."""


@dataclass(frozen=True)
class ReadingSeen(Event):
    """What the analyzer sees of what is energised; published at most twice a second.

    By phase, None where there is no valid value: ``voltages_v`` volts line to neutral, ``currents_pct`` percent of the
    rated signal at the CT input; ``voltages_deg`` and ``currents_deg`` angles to the first voltage, negative = lag.
    """

    voltages_v: tuple[float | None, ...]
    currents_pct: tuple[float | None, ...]
    voltages_deg: tuple[float | None, ...]
    currents_deg: tuple[float | None, ...]
    frequency_hz: float | None
    must_be_recorded: ClassVar[bool] = False


@dataclass(frozen=True)
class MeterRead(Event):
    """A meter was read at a load point: ``values`` by Analog Input instance, as recorded; of unit ``unit_number``."""

    values: Mapping[int, float]
    unit_number: int | None = None


@dataclass(frozen=True)
class LiveTerminals(Event):
    """The source does not answer, or does not confirm that it is off; published by a thread while the rig waits.

    ``waited_s``: seconds without an answer; ``error``: why off is not confirmed.
    """

    waited_s: float | None = None
    error: RigError | None = None

    def __str__(self) -> str:
        if self.error is not None:
            why = f"the source does not confirm that its output is off ({self.error})"
        else:
            why = (
                f"the source has not answered for {self.waited_s:g} s; where that lasts the rig and its guardian go on "
                "trying to switch it off: keep away, use its own switch or the emergency stop"
            )
        return f"terminals may be live (not-safe): {why}"


class SourceAnswers(Event):
    """The source answers again, after LiveTerminals."""

    def __str__(self) -> str:
        return "the source answers again"


@dataclass(frozen=True)
class AdapterLost(Event):
    """The RS-485 adapter went, as it happens."""

    reason: str

    def __str__(self) -> str:
        return f"the adapter was lost ({self.reason}); waiting for it to be plugged in again"

    def noted(self) -> Noted:
        """Return the sentence as a warning."""
        return Noted("adapter lost", str(self), "warning")


@dataclass(frozen=True)
class AdapterRestored(Event):
    """The RS-485 adapter is back, ``lost_s`` seconds after it went."""

    lost_s: float

    def __str__(self) -> str:
        return f"the adapter is back, and the rig on the bus again, after {self.lost_s:.1f} s"

    def noted(self) -> Noted:
        """Return the sentence as a warning, with the time."""
        return Noted("adapter restored", str(self), "warning", {"lost_s": self.lost_s})


@dataclass(frozen=True)
class GateChosen(Event):
    """How long the gates of an energy register are: AI ``instance`` at ``point`` reads ``register_kwh``.

    ``step_kwh``: what it counts in, known by ``origin``; ``needed_s``: the gate that this asks for. ``enough`` and
    ``chosen``: whether that is short enough, and what is run, in words.
    """

    point: LoadPoint
    instance: int
    register_kwh: float
    step_kwh: float
    origin: str
    needed_s: float
    enough: str
    chosen: str

    def __str__(self) -> str:
        return (
            f"AI{self.instance} at {self.register_kwh:.9g} kWh: step {self.step_kwh:.3g} kWh ({self.origin}), "
            f"{self.enough} at {self.point.label}: {self.chosen}"
        )

    def noted(self) -> Noted:
        """Return the sentence."""
        return Noted("energy gate", str(self))


class Events:
    """Hands each event to its subscribers, in the order in which they subscribed, in the thread that publishes.

    The error of one subscriber is logged and keeps the event from no other. One subscribed as ``essential`` (the
    record) has its error raised by ``publish`` once all have been handed the event, where it ``must_be_recorded``.
    """

    def __init__(self) -> None:
        self._subscribers: tuple[tuple[type[Event], Callable[[Any], None], bool], ...] = ()

    def subscribe(
        self, kind: type[EventT], handler: Callable[[EventT], None], *, essential: bool = False
    ) -> Callable[[], None]:
        """Hand ``handler`` each event of ``kind`` from now on (``Event``: all); returns what ends that."""
        subscriber = (kind, handler, essential)
        self._subscribers += (subscriber,)

        def unsubscribe() -> None:
            self._subscribers = tuple(each for each in self._subscribers if each is not subscriber)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Hand ``event`` to everything that subscribed to its class."""
        first: Exception | None = None
        for kind, handler, essential in self._subscribers:
            if not isinstance(event, kind):
                continue
            try:
                handler(event)
            except Exception as error:  # noqa: BLE001  # a subscriber must not end a run
                if essential:
                    first = first or error
                else:
                    _log(event, error)
        if first is not None and event.must_be_recorded:
            raise first
        if first is not None:
            self.publish(Stated(str(first)))


def _log(event: Event, error: Exception) -> None:
    import logging

    logging.getLogger(__name__).error("a subscriber failed at %s", type(event).__name__, exc_info=error)
