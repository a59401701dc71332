"""Draw one conclusion from many findings: the cause, its evidence, its consequences, then the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from drivers.mstp.judging.finding import Finding, Severity

_CAUSES = {
    "silence": "nothing is heard",
    "wrong-baud": "the bus is not read at the rate at which it is sent",
    "duplicate-mac": "two stations have one address",
    "answers-for-another": "a station answers requests that were not sent to it",
    "slow-reply": "a station answers too late",
    "slow-token-use": "a station uses the token too late",
    "token-repeated": "a station uses the token too late, or hears it badly",
    "noise": "frames are damaged or lost on the way",
    "who-is-flood": "a station floods the bus with Who-Is",
    "token-unused": "a station takes the token and does not use it",
    "token-lost": "the token is lost",
    "cannot-join": "the rig is not given the token",
    "duplicate-instance": "two devices have one instance",
    "hidden-master": "a master is never given the token",
    "max-master": "a Max_Master is too low",
    "no-reply": "a station does not answer",
    "load": "there is more traffic than the bus has room for",
}
"""What a finding means as a cause, the more fundamental first: of two as severe, the earlier explains the later."""

_RING = ("token-lost", "token-unused", "token-repeated")
_EFFECTS = {
    "duplicate-mac": (*_RING, "noise", "no-reply", "slow-token-use", "slow-reply"),
    "answers-for-another": ("noise", "no-reply", "token-lost", "token-repeated"),
    "slow-reply": ("noise", "no-reply", "token-unused", "token-repeated", "slow-token-use", "token-lost"),
    "slow-token-use": ("noise", "token-unused", "token-repeated", "token-lost", "cannot-join", "no-reply"),
    "token-repeated": ("noise", "token-unused", "token-lost"),
    "noise": (*_RING, "no-reply", "slow-token-use", "cannot-join", "slow-reply"),
    "who-is-flood": ("load",),
    "hidden-master": ("max-master",),
    "token-unused": ("token-lost", "token-repeated", "no-reply"),
    "token-lost": ("cannot-join", "no-reply", "token-unused", "token-repeated"),
    "silence": ("cannot-join", "no-reply"),
}  # fmt: skip
"""What follows from a cause, so that it needs no cause of its own."""

_OF_SAME_STATION = frozenset(("no-reply", "slow-reply", "slow-token-use"))
"""Effects that a station's fault has on itself only."""

_KINDS = tuple(_CAUSES)
_SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """``finding`` is the cause, ``cause`` says it in words; ``follows`` are findings that it explains."""

    cause: str
    finding: Finding
    follows: tuple[Finding, ...]

    @property
    def evidence(self) -> tuple[str, ...]:
        """What shows it: the cause's own evidence first."""
        return tuple(f"{one.where}: {one.what}" for one in (self.finding, *self.follows))


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings, faults first, and of one severity those first that may explain others."""
    return sorted(findings, key=_rank)


def conclude(findings: Sequence[Finding]) -> Conclusion | None:
    """Return the one conclusion, None where there is neither a fault nor a warning."""
    order = [one for one in ranked(findings) if one.severity is not Severity.NOTE and one.kind in _CAUSES]
    if not order:
        return None
    first = order[0]
    effects = _EFFECTS.get(first.kind, ())
    follows = tuple(one for one in order[1:] if one.kind in effects and _is_explained(first, one))
    return Conclusion(_CAUSES[first.kind], first, follows)


def _is_explained(cause: Finding, effect: Finding) -> bool:
    if effect.kind not in _OF_SAME_STATION or cause.mac is None or cause.kind == "answers-for-another":
        return True
    return effect.mac == cause.mac


def _rank(finding: Finding) -> tuple[int, int, int]:
    kind = _KINDS.index(finding.kind) if finding.kind in _CAUSES else len(_KINDS)
    return _SEVERITIES.index(finding.severity), kind, -1 if finding.mac is None else finding.mac
