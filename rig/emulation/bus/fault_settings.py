"""Settings of the faults of the emulated bus: rates, times and nodes, checked, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

_HIGHEST_MASTER = 127
_LONGEST_S = 60.0
_MOST_OCTETS = 2048
_LEAST_PAUSE_S = 0.001


class FaultRefused(ValueError):
    """A fault is not known or its value not possible; the message is one sentence that says what is."""


@dataclass(frozen=True, slots=True)
class FaultSettings:
    """Faults of the bus; the default is a bus without any. Raises FaultRefused for what cannot be.

    Rates are probabilities, 0 to 1. ``bit_error_rate`` is for each of the ten bits of an octet: a data bit hit is
    turned over, a start or stop bit hit makes the octet arrive as 00, as a framing error does through a Linux tty.
    ``drop_octet_rate`` and ``duplicate_octet_rate`` are for each octet. For each frame: ``drop_frame_rate`` (it takes
    its time on the wire and no station hears it), ``truncate_frame_rate`` (its end is lost), ``duplicate_frame_rate``
    (it comes again at once), ``delay_frame_rate`` (it begins ``delay_s`` late), ``interrupt_frame_rate`` (a pause of
    ``gap_s`` in the middle), ``noise_rate`` (1 to ``noise_octets`` random octets within 40 bit times after it).
    ``jitter_s``: every frame begins late by a random time up to this. A node's frames keep their order.

    ``talkers``: only what these ports of the hub send is meant by all that; ``frame_types``: only these MS/TP types.
    Empty means all. A frame is what a node hands over in one piece.

    ``babble_octets`` > 0 adds a node that sends so many random octets at a time, with ``babble_pause_s`` in between,
    without regard to other traffic. ``silent`` adds a node at each of these MACs that answers Poll For Master only: it
    takes the token and never uses it. ``cut``: ports that are off the bus; ``mute``: what they send is not sent;
    ``deaf``: they hear nothing. Everything random follows from ``seed``.
    """

    seed: int = 1
    bit_error_rate: float = 0.0
    drop_octet_rate: float = 0.0
    duplicate_octet_rate: float = 0.0
    drop_frame_rate: float = 0.0
    truncate_frame_rate: float = 0.0
    duplicate_frame_rate: float = 0.0
    delay_frame_rate: float = 0.0
    delay_s: float = 0.0
    interrupt_frame_rate: float = 0.0
    gap_s: float = 0.0
    jitter_s: float = 0.0
    noise_rate: float = 0.0
    noise_octets: int = 4
    babble_octets: int = 0
    babble_pause_s: float = 0.01
    talkers: tuple[int, ...] = ()
    frame_types: tuple[int, ...] = ()
    silent: tuple[int, ...] = ()
    cut: tuple[int, ...] = ()
    mute: tuple[int, ...] = ()
    deaf: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name, value in self._items():
            if name.endswith("_rate"):
                _check(name, value, float, 0.0, 1.0)
            elif name == "babble_pause_s":
                _check(name, value, float, _LEAST_PAUSE_S, _LONGEST_S)
            elif name.endswith("_s"):
                _check(name, value, float, 0.0, _LONGEST_S)
            elif name == "seed":
                _check(name, value, int, 0, 2**63 - 1)
            elif name.endswith("_octets"):
                _check(name, value, int, 1 if name == "noise_octets" else 0, _MOST_OCTETS)
            else:
                highest = {"silent": _HIGHEST_MASTER, "frame_types": 255}.get(name, 2**31)
                for number in value:
                    _check(name, number, int, 0, highest)

    def _items(self) -> list[tuple[str, Any]]:
        return [(field.name, getattr(self, field.name)) for field in fields(self)]

    @property
    def ports(self) -> frozenset[int]:
        """Every port of the hub that is named."""
        return frozenset((*self.talkers, *self.cut, *self.mute, *self.deaf))

    def as_json(self) -> dict[str, Any]:
        """Return all settings that differ from a bus without faults, under their names with hyphens."""
        clean = FaultSettings()
        return {_hyphened(name): value for name, value in self._items() if value != getattr(clean, name)}

    def as_options(self) -> list[str]:
        """Return the same as texts that ``parse_faults`` reads."""
        return [f"{name}={_text(value)}" for name, value in self.as_json().items()]

    @classmethod
    def from_json(cls, wanted: Mapping[str, Any]) -> FaultSettings:
        """Read what ``as_json`` gives; what is not named is without fault. Raises FaultRefused."""
        known = {_hyphened(field.name): field for field in fields(cls)}
        named: dict[str, Any] = {}
        for name, value in wanted.items():
            if name not in known:
                raise FaultRefused(f"bus fault {name!r} is not known; known are {', '.join(known)}")
            is_list = isinstance(known[name].default, tuple)
            if is_list != isinstance(value, list | tuple):
                raise FaultRefused(f"bus fault {name} needs a {'list of numbers' if is_list else 'number'}")
            named[known[name].name] = tuple(value) if is_list else value
        return cls(**named)


def parse_faults(texts: Iterable[str]) -> FaultSettings:
    """Read ``NAME=VALUE`` (``bit-error-rate=1e-4``, ``cut=1,2``), one setting each; raises FaultRefused."""
    clean = {_hyphened(field.name): field.default for field in fields(FaultSettings)}
    wanted: dict[str, Any] = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            wanted[name] = _number_list(value) if isinstance(clean.get(name), tuple) else _number(value)
        except ValueError:
            raise FaultRefused(f"bus fault {text!r} needs a value, such as bit-error-rate=1e-4 or cut=1,2") from None
    return FaultSettings.from_json(wanted)


def _check(name: str, value: object, kind: type[int] | type[float], low: float, high: float) -> None:
    is_number = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:  # type: ignore[operator]  # a number by now
        whole = "a whole number" if kind is int else "a number"
        raise FaultRefused(f"bus fault {_hyphened(name)} must be {whole} from {low:g} to {high:g}, not {value!r}")


def _hyphened(name: str) -> str:
    return name.replace("_", "-")


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _number_list(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
