"""Switching rules of ISO 2859-1:1999, 9.3 and 9.4: from normal inspection to tightened or reduced, and back."""

from __future__ import annotations

from dataclasses import dataclass

from rig.quality.sampling.attributes import Severity

TO_REDUCED = 30
"""Switching score from which reduced inspection is permitted."""

_WINDOW, _REFUSED, _IN_A_ROW, _DISCONTINUE = 5, 2, 5, 5


@dataclass(frozen=True, slots=True)
class Judged:
    """How one lot came out on original inspection.

    ``accept``: acceptance number of its plan. ``accepted_tighter``: it would have been accepted at the next lower AQL
    too. ``clearly``: no more nonconforming units than the acceptance number (of a reduced plan).
    """

    accepted: bool
    accept: int
    accepted_tighter: bool
    clearly: bool = True


@dataclass(frozen=True, slots=True)
class Switching:
    """State after some lots: severity of the next one. ``discontinued``: five lots were refused on tightened."""

    severity: Severity = Severity.NORMAL
    score: int = 0
    recent: tuple[bool, ...] = ()
    refused_on_tightened: int = 0
    discontinued: bool = False

    def after(self, lot: Judged, *, reduced_permitted: bool = False) -> Switching:
        """Return the state after one more lot; ``reduced_permitted``: the responsible authority agrees to it."""
        if self.discontinued:
            return self
        if self.severity is Severity.TIGHTENED:
            return self._after_tightened(lot)
        if self.severity is Severity.REDUCED:
            return self if lot.accepted and lot.clearly else Switching()
        recent = (*self.recent, lot.accepted)[-_WINDOW:]
        if recent.count(False) >= _REFUSED:
            return Switching(Severity.TIGHTENED)
        if lot.accept >= 2:
            score = self.score + 3 if lot.accepted_tighter else 0
        else:
            score = self.score + 2 if lot.accepted else 0
        if score >= TO_REDUCED and reduced_permitted:
            return Switching(Severity.REDUCED)
        return Switching(score=score, recent=recent)

    def _after_tightened(self, lot: Judged) -> Switching:
        refused = self.refused_on_tightened + (not lot.accepted)
        if refused >= _DISCONTINUE:
            return Switching(Severity.TIGHTENED, refused_on_tightened=refused, discontinued=True)
        recent = (*self.recent, lot.accepted)[-_IN_A_ROW:]
        if len(recent) == _IN_A_ROW and all(recent):
            return Switching()
        return Switching(Severity.TIGHTENED, recent=recent, refused_on_tightened=refused)
