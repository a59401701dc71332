"""Shared by all SCPI instruments: identity, error queue, state that is unknown after an error, and ``make_safe``."""

from __future__ import annotations

import contextlib
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from drivers.errors import (
    AnswerInvalid,
    InstrumentError,
    InstrumentLost,
    NotConfigured,
    SettingNotTaken,
    SettingOutOfRange,
)
from drivers.scpi.session import ScpiSession


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an instrument says it is (``*IDN?``)."""

    manufacturer: str
    model: str
    serial_number: str
    firmware: str

    @classmethod
    def from_idn(cls, answer: str) -> Identity:
        """Read an answer to ``*IDN?``: four fields between commas (IEEE 488.2, 10.14); raises ValueError."""
        fields = [field.strip().strip('"') for field in answer.split(",", 3)]
        if len(fields) != 4 or not all(fields[:2]):
            raise ValueError(f"{answer!r} is not an identification of four fields")
        return cls(*fields)


def require_within(quantity: str, value: float, low: float, high: float, unit: str) -> None:
    """Raise SettingOutOfRange unless ``value`` is a finite number from ``low`` to ``high``, all in ``unit``."""
    if not (math.isfinite(value) and low <= value <= high):
        raise SettingOutOfRange(quantity, value, low, high, unit)


class Instrument(ABC):
    """What every driver of an instrument can be asked."""

    @abstractmethod
    def identify(self) -> Identity:
        """Read the instrument's identity, and check that this driver fits it."""

    @abstractmethod
    def close(self) -> None:
        """Give the connection back; the instrument stays as it is."""


class DrivingInstrument(Instrument):
    """An instrument that drives something, and can be made safe."""

    @abstractmethod
    def make_safe(self) -> None:
        """Switch off at once what it drives, and verify; idempotent; raises InstrumentError if not confirmed."""


class ScpiInstrument:
    """The part of a driver that is the same for every instrument with a SCPI session; making it sends nothing.

    A family declares ``ERROR_QUERY`` (None: it has no error queue) and ``KNOWN_MODELS``, or checks an identity itself.
    ``_generation`` is the session's while the driver knows the state of its instrument, else None.
    """

    ERROR_QUERY: str | None = "SYST:ERR?"
    KNOWN_MODELS: tuple[str, ...] = ()

    def __init__(self, session: ScpiSession) -> None:
        self._session = session
        if session.error_query is None:
            session.error_query = self.ERROR_QUERY
        self._generation: int | None = None

    def identify(self) -> Identity:
        """Read the instrument's identity; raises AnswerInvalid, and InstrumentError where this driver is not for it."""
        answer = self._session.identify()
        try:
            identity = self._read_identity(answer)
        except ValueError as error:
            raise AnswerInvalid(self._session.resource, "*IDN?", answer) from error
        self._check_identity(identity)
        return identity

    def close(self) -> None:
        """Give the connection back; the instrument stays as it is."""
        self._session.close()

    def _read_identity(self, answer: str) -> Identity:
        """Read the answer to ``*IDN?``; raises ValueError."""
        return Identity.from_idn(answer)

    def _check_identity(self, identity: Identity) -> None:
        if identity.model not in self.KNOWN_MODELS:
            known = ", ".join(self.KNOWN_MODELS)
            raise self._error(f"{identity.model} is not one of {known}: choose another driver")

    def _error(self, text: str) -> InstrumentError:
        return InstrumentError(self._session.resource, text)

    def _verify(self, query: str, wanted: float, tolerance: float) -> None:
        """Raise SettingNotTaken unless the answer to ``query`` is within ``tolerance`` of ``wanted`` (its own unit)."""
        answer = self._session.query(query)
        found = self._session.as_float(query, answer)
        if found is None or abs(found - wanted) > tolerance:
            raise SettingNotTaken(self._session.resource, query.rstrip("?"), f"{wanted:.9G}", answer)

    @property
    def _is_known(self) -> bool:
        """Whether the instrument's state is known: the connection is the one over which it was set."""
        return self._generation is not None and self._generation == self._session.generation

    def _check_configured(self) -> None:
        if not self._is_known:
            text = "its state is not known since the connection was made: configure it first"
            raise NotConfigured(self._session.resource, text)

    @contextlib.contextmanager
    def _unknown_after_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._forget()
            raise

    def _forget(self) -> None:
        """Mark everything as not known."""
        self._generation = None


class SwitchedOffInstrument(ScpiInstrument):
    """A SCPI instrument that drives something, and can be made safe."""

    def make_safe(self) -> None:
        """Switch off at once, without ramp (0 s), and verify; raises where that is not confirmed.

        May be called at any time and any number of times. Where the connection turns out to be lost it is opened again
        once: switching off is the one command that may be sent twice.
        """
        with self._session.transaction():
            try:
                self._switch_off()
            except InstrumentLost:
                self._switch_off()

    @abstractmethod
    def _switch_off(self) -> None:
        """Switch off what it drives, and verify; InstrumentError or SettingNotTaken where it does not go off."""
