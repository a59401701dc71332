"""Ask the operator of a run: progress is reported meanwhile, and the waiting is no bench time of a unit."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue

from drivers.errors import RigError
from rig.operator.errors import NoAnswer
from rig.operator.prompts import Answer, Operator, Prompt
from rig.procedures.end_of_line.line import Line
from rig.procedures.events import PromptAnswered, PromptShown

_LOOK_S = 0.1


def ask(line: Line, operator: Operator, prompt: Prompt, timeout_s: float | None = None) -> Answer:
    """Ask, and wait for the answer in wall time; raises NoAnswer, and what ends the run while it waits.

    The thread that asks may outlive a run that ends meanwhile: a terminal cannot be told to stop reading.
    """
    run = line.run
    run.events.publish(PromptShown(prompt))
    answers: SimpleQueue[Answer | RigError] = SimpleQueue()

    def asking() -> None:
        try:
            answers.put(operator.ask(prompt, timeout_s))
        except RigError as error:
            answers.put(error)

    began_s = run.bench.clock.now_s()
    thread = threading.Thread(target=asking, name="operator", daemon=True)
    thread.start()
    try:
        while True:
            is_alive = thread.is_alive()  # before the look: an answer that came last is seen
            try:
                answer = answers.get_nowait()
                break
            except Empty:
                if not is_alive:
                    raise NoAnswer(prompt.prompt_id, "what asks the operator failed; see run.log") from None
                run.units[0].position.meter.bus.pause(_LOOK_S)
    finally:
        line.operator_s += run.bench.clock.now_s() - began_s
    if isinstance(answer, RigError):
        if isinstance(answer, NoAnswer):
            run.events.publish(PromptAnswered(Answer(prompt.prompt_id, str(answer), confirmed=False)))
        raise answer
    run.events.publish(PromptAnswered(answer))
    return answer
