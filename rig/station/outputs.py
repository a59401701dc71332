"""Whether the outputs are off after a stop or the end of a run, and who says so."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rig.station.run_view import RunView
from rig.station.switching_off import SwitchingOff

ACKNOWLEDGED_WITHIN_S = 1.0
CONFIRMED_WITHIN_S = 3.0
"""What docs/explanation/what-ends-safe.md promises for a rig that hangs."""

_CLOCKS_S = 0.05


@dataclass
class OffWatch:
    """Outputs off was asked for at ``asked_s`` (seconds since 1970), by a person or because a run's process ended.

    The run is one way, ``rig off`` the other one: ``switching`` runs it until it confirms. ``by_operator``: by STOP.
    """

    command: Sequence[str]
    asked_s: float
    by_operator: bool
    wall_s: Callable[[], float] = time.time
    switching: SwitchingOff = field(init=False)

    def __post_init__(self) -> None:
        self.switching = SwitchingOff(self.command)

    def look(self) -> None:
        """Go on; call this often."""
        self.switching.look()

    def is_acknowledged(self, view: RunView, *, lives: bool) -> bool:
        """Whether the run has heard the stop, or has ended, or off is confirmed."""
        return not lives or view.stop_heard_s >= self.asked_s - _CLOCKS_S or self.is_confirmed(view, lives=lives)

    def is_confirmed(self, view: RunView, *, lives: bool) -> bool:
        """Whether the outputs are off: the run saw them off after it was asked, or ``rig off`` did.

        A run that never switched anything on, and has heard the stop or closed its record, left nothing on.
        """
        if self.switching.confirmed:
            return True
        heard = view.stop_heard_s >= self.asked_s - _CLOCKS_S
        if lives:
            seen_off = view.off_confirmed and (heard or view.off_s >= self.asked_s - _CLOCKS_S)
            return seen_off or (heard and not view.was_energised)
        return is_off_by(view)

    def by_analyzer(self, view: RunView) -> bool:
        """Whether the analyzer sees no voltage."""
        said = self.switching.said
        return view.off_by_analyzer or (said is not None and said.by_analyzer)

    def is_late(self, view: RunView, *, lives: bool) -> bool:
        """Whether the time for the acknowledgement or for the confirmation is over without it."""
        age_s = self.wall_s() - self.asked_s
        if self.is_confirmed(view, lives=lives):
            return False
        return age_s > CONFIRMED_WITHIN_S or (
            age_s > ACKNOWLEDGED_WITHIN_S and not self.is_acknowledged(view, lives=lives)
        )


def is_off_by(view: RunView) -> bool:
    """Whether a run that has ended says that it left the outputs off: confirmed, or its closed record had none on."""
    return view.off_confirmed or (view.has_ended and not view.was_energised)
