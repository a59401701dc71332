"""The one exception root of the rig, and the driver errors below it; every child carries its data."""

from __future__ import annotations


class RigError(Exception):
    """Root of all errors the rig raises on purpose; its text is one sentence: what, where, what to do."""


class DriverError(RigError):
    """Something that talks to hardware failed."""


class InstrumentError(DriverError):
    """An instrument failed; ``resource`` is its VISA resource name or device path."""

    def __init__(self, resource: str, message: str) -> None:
        super().__init__(f"{resource}: {message}")
        self.resource = resource


class InstrumentLost(InstrumentError):
    """The connection to an instrument is gone, could not be made, or no answer came in time."""


class NotConfigured(InstrumentError):
    """An instrument has to be configured (again) first: its connection is new, or a transaction was interrupted."""


class VisaUnavailable(InstrumentError):
    """A VISA library, or what it needs to reach this kind of resource, is not installed; ``library`` as configured."""

    def __init__(self, resource: str, library: str, said: str) -> None:
        advice = (
            "install what is missing, or set 'visa_library' in the bench file to @py (pyvisa-py), @ivi (NI-VISA or "
            "Keysight VISA) or the path of a VISA library"
        )
        super().__init__(resource, f"VISA library {library!r} cannot be used ({said}); {advice}")
        self.library = library


class InstrumentRefused(InstrumentError):
    """The instrument reported an error after a command; ``code`` is its error number, ``command`` what was sent."""

    def __init__(self, resource: str, command: str, code: int, text: str) -> None:
        super().__init__(resource, f"error {code} ({text}) after {command!r}")
        self.command = command
        self.code = code
        self.text = text


class AnswerInvalid(InstrumentError):
    """An instrument's answer could not be understood; ``answer`` is what it said to ``command``."""

    def __init__(self, resource: str, command: str, answer: str) -> None:
        super().__init__(resource, f"answered {answer!r} to {command!r}, which is not understood")
        self.command = command
        self.answer = answer


class SettingNotTaken(InstrumentError):
    """The instrument was asked what it is set to and answers another value than was sent (no error was reported)."""

    def __init__(self, resource: str, setting: str, wanted: str, found: str) -> None:
        super().__init__(resource, f"{setting} is {found} after it was set to {wanted}; check the instrument")
        self.setting = setting
        self.wanted = wanted
        self.found = found


class CannotMeasure(DriverError):
    """An instrument is asked for what its family, or its driver, cannot measure; nothing was sent.

    ``quantity`` is what was asked for, ``why`` the reason and what to do.
    """

    def __init__(self, resource: str, quantity: str, why: str) -> None:
        super().__init__(f"{resource}: {quantity} cannot be measured: {why}")
        self.resource = resource
        self.quantity = quantity
        self.why = why


class SettingOutOfRange(DriverError):
    """A set-point is outside what the instrument can give; nothing was sent and nothing is clamped."""

    def __init__(self, quantity: str, value: float, low: float, high: float, unit: str) -> None:
        super().__init__(f"{quantity} {value:g} {unit} is outside {low:g} to {high:g} {unit}")
        self.quantity = quantity
        self.value = value
        self.low = low
        self.high = high
        self.unit = unit
