"""Switch off a source that only a VISA library reaches: on a thread that is abandoned when it hangs."""

from __future__ import annotations

import threading
import time

from drivers.errors import RigError
from drivers.scpi.session import ScpiSession
from drivers.source.base import SafeOff
from rig.safety.switching_off.answers import Who, can_be_told, plain, says_off, who_says
from rig.safety.switching_off.conversation import expected
from rig.safety.switching_off.result import SafeOffResult

_ATTEMPT_S = 0.8
_IDENTIFY_S = 0.5
_PAUSE_S = 0.05
_BACK_S = 0.2


def load() -> None:
    """Load what reaching such a source will need, while there is time for it."""
    import pyvisa  # noqa: F401 - it is the loading that takes the time


class VisaAttempts:
    """Attempts at one source until it confirms or ``give_up_s`` (monotonic) has passed; begun when made."""

    def __init__(self, recipe: SafeOff, give_up_s: float, *, force: bool) -> None:
        self._recipe = recipe
        self._give_up_s = give_up_s
        self._force = force
        self._outcome: list[SafeOffResult] = []
        self._said = "VISA did not come back in time"
        self._sent = False
        self._thread = threading.Thread(target=self._work, name="safe-off", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            self._outcome.append(self._result(False, f"no thread for the VISA library ({error})"))

    def result(self) -> SafeOffResult:
        """Wait for the result; it comes in time even where the library hangs."""
        if not self._outcome:
            self._thread.join(max(0.0, self._give_up_s - time.monotonic()) + _BACK_S)
        return self._outcome[0] if self._outcome else self._result(False, self._said)

    def _work(self) -> None:
        recipe = self._recipe
        said = "no attempt was made"
        while time.monotonic() < self._give_up_s:
            session = ScpiSession(recipe.resource, backend=recipe.visa_library, deadline_s=_ATTEMPT_S, line=recipe.line)
            try:
                who, name = self._ask_who(session)
                if who is Who.OTHER_MODEL and not self._force:
                    self._said = f"{name!r} answers, which is another model than {expected(recipe)}: nothing was sent"
                    break
                for command in recipe.commands:
                    session.write(command)
                self._sent = True
                answer = plain(session.query(recipe.verify_query).encode())
                said = f"{recipe.verify_query} answered {answer!r}"
                if says_off(answer, recipe) is not True:
                    said += ", which is not off"
                elif who is Who.SAME:
                    self._outcome.append(self._result(True, f"{name}: {said}" if name else said, name))
                    return
                else:
                    said += f"; it said that it is {name!r} ({who.value}; expected: {expected(recipe)})"
            except Exception as error:  # noqa: BLE001 - a VISA library may raise anything; the next attempt must be made
                said = f"no connection or no answer ({error})"
            finally:
                session.close()
            self._said = said
            time.sleep(_PAUSE_S)
        self._outcome.append(self._result(False, self._said))

    def _ask_who(self, session: ScpiSession) -> tuple[Who, str]:
        if not can_be_told(self._recipe):
            return Who.SAME, ""
        try:
            name = plain(session.query(self._recipe.identify_query, _IDENTIFY_S).encode())
        except RigError:
            return Who.UNKNOWN, ""
        return who_says(name, self._recipe), name

    def _result(self, confirmed: bool, details: str, name: str = "") -> SafeOffResult:
        return SafeOffResult(self._recipe.resource, confirmed, details, self._sent, name)
