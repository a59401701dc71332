"""A stand-in for the meter behind the panel's model: what it shows is what was read over the bus."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from meter_model.behaviour.profile import BehaviourProfile
from meter_model.configuration import FIELDS, Configuration, ValueRefused
from meter_model.device.panel_settings import PanelSettings

SERIAL_NUMBER = "serial-number"
VERSIONS = "application-software-version"

Readings = Mapping[str, float | str]
"""What was read over the bus, by object (``AI11``, ``BI9``, ``AV7``), and the texts SERIAL_NUMBER and VERSIONS."""


def _as_read(configuration: Configuration, readings: Readings) -> Configuration:
    """Return a configuration with the analog values that were read; one that no meter takes is left as it was."""
    change: dict[str, Any] = {}
    for av, name in FIELDS.items():
        value = readings.get(f"AV{av}")
        if isinstance(value, float | int) and math.isfinite(value):
            change[name] = type(getattr(configuration, name))(value)
    try:
        return replace(configuration, **change)
    except ValueRefused:
        return configuration


class BusMeter:
    """As the panel needs a meter; ``asked`` collects the objects that a screen has been shown from."""

    def __init__(
        self, configuration: Configuration, profile: BehaviourProfile, readings: Readings | None = None
    ) -> None:
        self.configuration = _as_read(configuration, readings or {})
        self.profile = profile
        self.panel_settings = PanelSettings()
        self.device_instance = 1_000_000
        self.has_control_power = True
        self.asked: set[str] = set()
        self._readings = readings or {}

    @property
    def serial_number(self) -> str:
        """The serial number as the bus has it."""
        return str(self._of(SERIAL_NUMBER, ""))

    def analog_input(self, _instance: int) -> float:
        """Return the same always: the panel sees no power-up."""
        return 0.0

    def read(self, kind: str, instance: int, prop: str) -> Any:
        """Return what was read of an object; NaN and inactive where it was not read."""
        if prop == VERSIONS:
            return self._of(VERSIONS, "")
        return self._of(f"{kind}{instance}", math.nan if kind == "AI" else 0)

    def write(self, kind: str, instance: int, _prop: str, value: object) -> None:
        """Take over an analog value; commands do nothing here."""
        if kind == "AV" and instance > 1 and isinstance(value, int | float):
            self.configuration = self.configuration.write(instance, float(value))

    def store_panel_settings(self, settings: PanelSettings) -> None:
        """Take over what only the panel sets."""
        self.panel_settings = settings

    def _of(self, name: str, without: float | str) -> float | str:
        self.asked.add(name)
        return self._readings.get(name, without)
