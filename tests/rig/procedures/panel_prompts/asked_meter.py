"""A unit in process: meter model, panel, an operator that uses it, and what a bus would read. No time, no socket."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from meter_model.behaviour.profile import DEFAULT, BehaviourProfile
from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.panel.keys import key_named
from meter_model.stimulus import Stimulus
from rig.emulation.defects.panel import panel_with
from rig.operator.panel import PanelOperator
from rig.operator.panel_link import PanelView
from rig.procedures.panel_prompts import PanelJudgement, ask_all
from rig.procedures.panel_prompts.steps import steps_for
from tests.meter_model.loads import three_phase

WYE = Configuration(system_voltage_v=480.0)


class Unit:
    """``link`` and bus of one meter that carries a load; its panel has the defects named."""

    def __init__(
        self,
        defects: Iterable[str] = (),
        configuration: Configuration = WYE,
        profile: BehaviourProfile = DEFAULT,
        load: Stimulus | None = None,
        passes_s: float = 0.0,
    ) -> None:
        self.load = load or three_phase(configuration, 277.0, (50.0, 60.0, 70.0), 150.0)
        self.meter = S4100("0012345678", configuration=configuration, profile=profile)
        self.meter.advance(5.0, self.load)
        self.panel = panel_with(self.meter, defects)
        self.passes_s = passes_s
        self.read_calls = 0
        self.is_connected = True

    def view(self, meter: int = 0) -> PanelView:
        seen = self.panel.view().as_json()
        return PanelView(**{**seen, "lines": tuple(seen["lines"]), "icons": tuple(seen["icons"])})  # type: ignore[arg-type]

    def press(self, meter: int, *keys: str) -> PanelView:
        for key in keys:
            self.panel.press(key_named(key))
        self.meter.advance(self.passes_s, self.load)
        return self.view()

    def connect(self, meter: int, on: bool) -> None:
        self.is_connected = on

    def read(self, objects: Sequence[str]) -> dict[str, Any]:
        self.read_calls += 1
        return {each: self._read(each) for each in objects}

    def sleep(self, seconds: float) -> None:
        self.meter.advance(seconds, self.load)

    def _read(self, name: str) -> Any:
        if name == "serial-number":
            return self.meter.serial_number
        if name == "application-software-version":
            return self.meter.read("DE", self.meter.device_instance, name)
        return self.meter.read(name[:2], int(name[2:]), "present-value")

    def asked(self, chosen: Sequence[str] = ()) -> list[PanelJudgement]:
        """Ask all steps and return what became of them."""
        steps = steps_for(self.meter.configuration, self.meter.profile, chosen=chosen)
        return list(ask_all(steps, PanelOperator(self), self.read, self.sleep))


def failed(found: Iterable[PanelJudgement]) -> list[str]:
    return [each.key for each in found if not each.passed]
