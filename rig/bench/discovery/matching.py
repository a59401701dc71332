"""Match drivers to an instrument: run each driver's own identity check on the instrument's answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from drivers.errors import DriverError, InstrumentLost
from drivers.scpi.session import ScpiSession
from rig.bench.drivers import DRIVERS

FAMILIES = {role: DRIVERS[role] for role in ("source", "analyzer", "switch", "generator", "counter", "climate_probe")}
"""Driver classes by the part of a bench file that names them."""

_QUESTION = "*IDN?"
_NOBODY = "IDENTITY::INSTR"


@dataclass(frozen=True, slots=True)
class Fit:
    """A driver that takes an instrument for one of its own; ``role``: the part of a bench file that names it.

    ``serial_number``: as this driver reads it from the answer, empty where it has to ask further for it.
    """

    role: str
    driver: str
    serial_number: str = field(default="", compare=False)


def fitting_drivers(identity: str) -> tuple[Fit, ...]:
    """Return the drivers that fit the instrument that answered ``identity`` to ``*IDN?``; nothing is sent anywhere.

    There is no second list of models: every driver is made on a connection that knows this one answer and nothing
    else, and told to identify. One that accepts the model goes on or asks for more (the module in each slot): it
    fits. Drivers of instruments that speak no SCPI (``open_link``) have no such answer and never fit.
    """
    fits = []
    for role, family in FAMILIES.items():
        for name, driver in family.items():
            serial_number = None if hasattr(driver, "open_link") else _accepted(role, driver, identity)
            if serial_number is not None:
                fits.append(Fit(role, name, serial_number))
    return tuple(fits)


def _accepted(role: str, driver: Callable[..., Any], identity: str) -> str | None:
    """Return the serial number that the driver reads from ``identity``, empty if it asks further; None: no fit."""
    transport = _OneAnswer(identity)
    session = ScpiSession(_NOBODY, open_transport=lambda: transport)
    arguments = (_no_time_passes,) if role == "analyzer" else ()
    made = driver(session, *arguments)
    # The messages that a new connection sends: there is no connection here.
    session.opening, session.error_query = (), None
    try:
        serial_number = str(made.identify().serial_number)
    except _AskedMore:
        serial_number = ""
    except DriverError:
        return None
    return serial_number if transport.was_asked else None


class _AskedMore(InstrumentLost):
    """The driver needs more than the identity."""


class _OneAnswer:
    """A connection on which only ``*IDN?`` is answered."""

    def __init__(self, identity: str) -> None:
        self._identity = identity
        self.was_asked = False

    def write(self, message: str, deadline_s: float) -> None:
        del deadline_s
        raise _AskedMore(_NOBODY, f"{message!r} is not for here")

    def query(self, message: str, deadline_s: float) -> str:
        if message.upper() != _QUESTION:
            self.write(message, deadline_s)
        self.was_asked = True
        return self._identity

    def close(self) -> None:
        """Nothing is held open."""


def _no_time_passes(_dt_s: float) -> None:
    """No driver waits while it identifies."""
