"""Evidence for a choice of the behaviour profile: hypotheses, how far the readings are from each, how sure that is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from meter_model.behaviour.profile import DEFAULT, BehaviourProfile
from meter_model.configuration import Configuration
from meter_model.prediction.prediction import Prediction, predict
from meter_model.stimulus import Stimulus

LEAST_MARGIN = 0.01
"""Hypotheses nearer to each other than this part of the scale are not told apart: a bad meter is off by as much."""

_BITMAP = 83
_JUDGED_BITS = 0x3FFF
"""BI1 to BI14: BI15 says whether the clock is set."""


class Sureness(StrEnum):
    """How sure a proposal is."""

    CLEAR = "clear"
    """One hypothesis fits, and every other is at least three times as far off."""
    NOT_TOLD = "not told"
    """None fits, or more than one."""
    NOT_ASKED = "not asked"
    """The bench or the meter's state does not allow the test."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one test says about one choice.

    ``key``: the test, C1 to C16. ``proposed``: the option or number that fits, None where none does. ``applied`` and
    ``read``: in words with units. ``compared``: each hypothesis with how far the readings are from it, in parts of the
    quantity's scale (1 = a value where there should be none, or another alarm).
    """

    key: str
    choice: str
    proposed: str | float | None
    sureness: Sureness
    applied: str
    read: str
    compared: tuple[tuple[str, float], ...] = ()

    @property
    def is_default(self) -> bool:
        """Whether the proposal is what the profile takes by default."""
        default = getattr(DEFAULT, self.choice)
        return self.proposed == (str(default) if isinstance(default, StrEnum) else default)

    @property
    def text(self) -> str:
        """Say it in one line."""
        if self.sureness is Sureness.NOT_ASKED:
            return f"{self.choice}: not asked, {self.read}"
        by = ", ".join(f"{name} {_share(off)}" for name, off in self.compared)
        off = f"; off by {by}" if by else ""
        proposed = "no hypothesis fits alone" if self.proposed is None else f"{self.proposed}"
        return f"{self.choice}: {proposed} ({self.sureness}); {self.applied}; read {self.read}{off}"


def decided(key: str, choice: str, applied: str, read: str, compared: Mapping[str, float]) -> Evidence:
    """Propose the hypothesis that fits, where it is the only one: at most a third of the next one's distance off."""
    ordered = sorted(compared.items(), key=lambda each: each[1])
    (best, off), (_, next_off) = ordered[0], ordered[1]
    margin = next_off - off
    is_clear = margin >= LEAST_MARGIN and off <= margin / 2.0
    sureness = Sureness.CLEAR if is_clear else Sureness.NOT_TOLD
    return Evidence(key, choice, best if is_clear else None, sureness, applied, read, tuple(compared.items()))


def not_asked(key: str, choice: str, why: str) -> Evidence:
    """Say why a test was not made."""
    return Evidence(key, choice, None, Sureness.NOT_ASKED, "", why)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a meter was exposed to, how it was set up, and what it read there."""

    stimulus: Stimulus
    configuration: Configuration
    read: Mapping[int, float]


def compare(
    key: str, choice: str, applied: str, seen: Sequence[Seen], base: BehaviourProfile, instances: Iterable[int]
) -> Evidence:
    """Compare readings with the closed-form prediction of each option of ``choice``, all else as in ``base``.

    Only inputs of ``instances`` at which two options differ are looked at; AI83 counts as its alarms BI1 to BI14.
    """
    default: StrEnum = getattr(DEFAULT, choice)
    options = tuple(type(default))
    distances = dict.fromkeys(map(str, options), 0.0)
    shown: dict[int, float] = {}
    chosen = tuple(instances)
    for one in seen:
        change: list[dict[str, Any]] = [{choice: option} for option in options]
        predicted = [predict(one.stimulus, one.configuration, replace(base, **each)) for each in change]
        for instance in chosen:
            values = [each[instance] for each in predicted]
            if not any(_distance(instance, value.value, values[0]) > LEAST_MARGIN / 2.0 for value in values):
                continue
            read = one.read[instance]
            shown.setdefault(instance, read)
            for option, value in zip(options, values, strict=True):
                distances[str(option)] = max(distances[str(option)], _distance(instance, read, value))
    text = ", ".join(f"AI{instance} {_value(instance, value)}" for instance, value in shown.items())
    return decided(key, choice, applied, text or "nothing that tells the options apart", distances)


def _distance(instance: int, read: float, predicted: Prediction) -> float:
    if instance == _BITMAP:
        if math.isnan(read) or math.isnan(predicted.value):
            return 1.0
        return float((int(read) ^ int(predicted.value)) & _JUDGED_BITS != 0)
    if math.isnan(read) or math.isnan(predicted.value):
        return float(math.isnan(read) != math.isnan(predicted.value))
    scale = predicted.scale if predicted.scale and not math.isnan(predicted.scale) else 1.0
    return min(1.0, abs(read - predicted.value) / scale)


def _value(instance: int, value: float) -> str:
    if math.isnan(value):
        return "QNAN"
    if instance == _BITMAP:
        bits = [f"BI{bit + 1}" for bit in range(14) if int(value) >> bit & 1]
        return f"{value:g} ({', '.join(bits) or 'no alarm'})"
    return f"{value:.6g}"


def _share(off: float) -> str:
    return f"{100.0 * off:.3g} %"
