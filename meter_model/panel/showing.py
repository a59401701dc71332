"""What a screen of the main menu shows of the meter: names in its notation, values, alerts, texts and icons."""

from __future__ import annotations

import math
import re

from meter_model.behaviour.panel_choices import PanelEnergyNames, PanelSerialNumber, PanelWrench
from meter_model.objects.properties import PRESENT_VALUE
from meter_model.panel.data_screens import Screen
from meter_model.panel.numbers import ENERGIES, NOT_VALID, Number, shown
from meter_model.panel.setup_screens import PanelMeter
from meter_model.panel.view import View

MODEL = "S4100"
ON, OFF = "ON", "OFF"
_ALERTS = range(1, 15)
_OUT_OF_RANGE = range(1, 8)
_IEEE = 1


def shown_screen(screen: Screen, meter: PanelMeter) -> View:
    """Return the display at a screen of the main menu, without its icons."""
    is_ieee = meter.configuration.display_units == _IEEE
    name, mark = (screen.ieee, screen.mark_ieee) if is_ieee else (screen.iec, screen.mark_iec)
    name, mark = _with_phases(name, meter), _with_phases(mark, meter)
    if screen.alerts is not None:
        return View(name, _alerts(screen.alerts, meter), mark=mark)
    if screen.info:
        return View(name, _info(screen.info, meter), mark=mark)
    number = number_of(screen, meter)
    if number is None:
        return View(name, mark=mark)
    if screen.scale in ENERGIES:
        name = _energy_name(name, number, meter)
    return View(name, number.text, number.unit, mark, screen.phase)


def number_of(screen: Screen, meter: PanelMeter) -> Number | None:
    """Return the number of a data screen, None for other screens."""
    if screen.scale is None:
        return None
    values = [sign * float(meter.read("AI", instance, PRESENT_VALUE)) for instance, sign in screen.inputs]
    return shown(math.fsum(values), screen.scale, meter.profile)


def icons(meter: PanelMeter) -> tuple[str, ...]:
    """Return the icons that are on: the heart while the meter works, alert and wrench with what is wrong."""
    active = {number for number in _ALERTS if meter.read("BI", number, PRESENT_VALUE)}
    wrench = _ALERTS if meter.profile.panel_wrench is PanelWrench.ANY_ALERT else _OUT_OF_RANGE
    return ("heart", *(["alert"] if active else []), *(["wrench"] if active & set(wrench) else []))


def _with_phases(name: str, meter: PanelMeter) -> str:
    """Return a name with the number of active phases in place of the underscore."""
    system = meter.configuration.system
    return name.replace("_PHASE", f"{len(system.phases)}PHASE")


def _alerts(instances: tuple[int, ...], meter: PanelMeter) -> str:
    """Return the phases with the alert as ``A-C`` (none: ``---``), or ON and OFF of an alert that has no phase."""
    active = [bool(meter.read("BI", instance, PRESENT_VALUE)) for instance in instances]
    if len(instances) < len("ABC"):
        return ON if any(active) else OFF
    return "".join(phase if is_on else "-" for phase, is_on in zip("ABC", active, strict=True))


def _info(which: str, meter: PanelMeter) -> str:
    if which == "model":
        return MODEL
    if which == "serial number":
        is_whole = meter.profile.panel_serial_number is PanelSerialNumber.WHOLE
        return meter.serial_number if is_whole else meter.serial_number[-int(meter.profile.panel_digits) :]
    versions = str(meter.read("DE", meter.device_instance, "application-software-version"))
    found = re.search(rf"\b{which}=(\d)(\d+)", versions)
    return f"{found[1]}.{found[2]}" if found else NOT_VALID


def _energy_name(name: str, number: Number, meter: PanelMeter) -> str:
    if meter.profile.panel_energy_names is PanelEnergyNames.AS_PRINTED or not number.unit:
        return name
    prefix = number.unit[0].upper() if number.unit[0] in "kMG" else ""
    return prefix + name.removeprefix("K")
