"""Is this meter what it says it is, set up as it should be, and does each phase measure in both directions?"""

from __future__ import annotations

import re

import allure

from rig.metrology.outcome import Outcome
from rig.plans import Plan
from rig.procedures import MeterRun, PointMeasurement

pytestmark = allure.epic("End of line")


def _found(meter_run: MeterRun, name: str, expected: str, found: str, good: bool) -> None:
    meter_run.note(name, expected, found, str(Outcome.PASS if good else Outcome.FAIL))
    assert good, f"{name}: expected {expected}, found {found}"


@allure.feature("Identity")
def test_meter_identifies_itself_as_the_manual_says(meter_run: MeterRun) -> None:
    """Vendor 133, model and object name of the device object (manual page 22)."""
    identity = meter_run.position.meter.identity()
    _found(meter_run, "vendor identifier", "133", str(identity.vendor_identifier), identity.vendor_identifier == 133)
    _found(
        meter_run, "model name", "S4100 Energy Meter", identity.model_name, identity.model_name == "S4100 Energy Meter"
    )
    named = re.fullmatch(r"Leviton S4100 Series Energy Meter - S/N: (\S+)", identity.object_name)
    _found(
        meter_run,
        "object name",
        "Leviton S4100 Series Energy Meter - S/N: <serial number>",
        identity.object_name,
        named is not None,
    )


@allure.feature("Configuration")
def test_configuration_reads_back_as_set(meter_run: MeterRun, plan: Plan) -> None:
    """AV2 and AV6 set to the bench's system; CT and PT as the bench's wiring (manual pages 23 and 24)."""
    meter_run.configure(plan.configuration)
    values = meter_run.position.meter.read_configuration()
    for av, wanted in plan.configuration.items():
        _found(meter_run, f"AV{av}", f"{wanted:g}", f"{values[av]:g}", values[av] == wanted)


@allure.feature("Accuracy")
def test_phase_measures_within_its_limits(measured: PointMeasurement, judge) -> None:
    """One phase alone, import or export, at 100 % of current: every quantity that has a limit there."""
    judge(measured)
