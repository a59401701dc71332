"""Does a loss of control power leave what it has to leave, reset the clock, and is a short gap none?"""

from __future__ import annotations

from datetime import datetime, timedelta

import allure
import pytest

from drivers.generator.base import PulseTrain
from drivers.switch.base import SwitchUnit
from meter_model.behaviour.operation_choices import PulseCountMemory, RecordsAfterPowerLoss
from meter_model.objects.points import ANALOG_INPUTS
from rig.bench.auxiliary.switching import TimedPulses
from rig.procedures import Inquiry
from rig.procedures.behaviour.power_cycle import STORED_INPUTS, PowerCycle, observe_power_cycle
from rig.procedures.behaviour.same_values import same

pytestmark = [allure.epic("Firmware regression"), allure.feature("Control power"), pytest.mark.bench_time(150)]

_POWER_UPS, _PULSES = 81, 29
_POWER_UP_TIME = datetime(2000, 1, 1)
_CLOCK_RESET = 15
_CLOCK_TOLERANCE_S = 2.0
_RIDE_THROUGH_S, _GAP_S = 0.100, 0.098
_GAPS = 3
_MARGIN = 1.02
"""The load's power, as read, and the energy it makes agree within this."""

_UPDATE_S = 2.0
"""A register may be up to two updates ahead or behind of the moment at which it is read."""

_NETS = (1, 8)
_MAXIMA = range(22, 28)
_CREEP = 0.01
"""Maximum demand under a constant load may still rise by the noise of the load: it is read before the power goes."""

_ENERGIES = tuple(
    each.instance for each in ANALOG_INPUTS if each.instance in (*range(1, 11), *range(31, 55)) if each.unit
)


@pytest.fixture(scope="session")
def observed() -> list[PowerCycle]:
    """The power cycle that the questions of this file share, once there has been one."""
    return []


@pytest.fixture
def cycle(clearing: Inquiry, loaded: Inquiry, control_power: SwitchUnit, observed: list[PowerCycle]) -> PowerCycle:
    """One loss of control power for a minute under load."""
    assert clearing is loaded
    if not observed:
        observed.append(observe_power_cycle(loaded, control_power))
    return observed[0]


def test_loss_of_control_power_resets_the_clock_and_says_so(clearing: Inquiry, cycle: PowerCycle) -> None:
    """Local_Date reverts to 2000-01-01, Local_Time to midnight (manual page 22), BI15 says so (page 29)."""
    clearing.check("BI15 before", "inactive", "active" if _CLOCK_RESET in cycle.before.alarms else "inactive")
    latest = _POWER_UP_TIME + timedelta(seconds=cycle.back_s + _CLOCK_TOLERANCE_S)
    found = cycle.after.clock
    expected = f"{_POWER_UP_TIME:%F %T} to {latest:%T}"
    clearing.check("the clock after", expected, f"{found:%F %T}", _POWER_UP_TIME <= found <= latest)
    clearing.check("BI15 after", "active", "active" if _CLOCK_RESET in cycle.after.alarms else "inactive")


def test_loss_of_control_power_is_counted(clearing: Inquiry, cycle: PowerCycle) -> None:
    """AI81 counts power-ups (manual page 28): one more."""
    clearing.check("AI81", cycle.before.inputs[_POWER_UPS] + 1.0, cycle.after.inputs[_POWER_UPS])


def test_what_is_accumulated_is_kept_without_control_power(clearing: Inquiry, cycle: PowerCycle) -> None:
    """Accumulated energy, maximum demand and pulse counts are retained (manual page 25), and counted on from there."""
    is_volatile = clearing.profile.pulse_count_memory is PulseCountMemory.VOLATILE
    asked = [n for n in STORED_INPUTS if n != _POWER_UPS and not (n == _PULSES and is_volatile)]
    most = _most_energy(cycle)
    wrong = []
    for n in asked:
        before, after = cycle.before.inputs[n], cycle.after.inputs[n]
        may_grow = most if n in _ENERGIES else _CREEP * abs(before) if n in _MAXIMA else 0.0
        has_grown = after - before
        if n in _NETS:
            has_grown = abs(has_grown)
        if not (same(before, after) or 0.0 <= has_grown <= may_grow):
            wrong.append(f"AI{n} {after:.7g}, was {before:.7g}")
    expected = f"as before, energies with what came since, maxima at most {100.0 * _CREEP:g} % higher"
    clearing.check_none("inputs that are stored", expected, wrong)


def test_nothing_is_accumulated_without_control_power(clearing: Inquiry, cycle: PowerCycle) -> None:
    """Values are not updated while control power is inactive (manual page 25): AI2 under a constant load."""
    grown = cycle.after.inputs[2] - cycle.before.inputs[2]
    most = _most_energy(cycle)
    expected = f"0 to {most:.4f} kWh, of {cycle.powered_s:.1f} s with control power"
    clearing.check(f"AI2, {cycle.off_s:.0f} s off", expected, f"{grown:.4f} kWh", 0.0 <= grown <= most)


def _most_energy(cycle: PowerCycle) -> float:
    """Energy that the load makes while there is control power, kWh; apparent energy is a little more than real."""
    return abs(cycle.power_kw) * 1.2 * _MARGIN * (cycle.powered_s + _UPDATE_S) / 3600.0


def test_configuration_is_kept_without_control_power(clearing: Inquiry, cycle: PowerCycle) -> None:
    """AV2 to AV11 are in non-volatile memory (manual pages 23 and 24)."""
    clearing.check("AV2 to AV11", cycle.before.configuration, cycle.after.configuration)


def test_logs_are_kept_without_control_power(clearing: Inquiry, cycle: PowerCycle) -> None:
    """Logged records stay, with their times (manual page 5: stored in non-volatile memory; page 31 is lost)."""
    before, after = cycle.before.records, cycle.after.records
    clearing.check("records before", "at least 2", len(before), len(before) >= 2)
    if clearing.profile.records_after_power_loss is RecordsAfterPowerLoss.CLEARED:
        left = [record.sequence for record in before if record in after]
        clearing.check("records of before", [], left)
        return
    missing = [f"record {record.sequence} of {record.date_time:%F %T}" for record in before if record not in after]
    clearing.check_none("records of before", "all there", missing)


def test_meter_without_control_power_is_off_the_bus(clearing: Inquiry, cycle: PowerCycle) -> None:
    """A meter without control power neither answers nor passes the token, and comes back (manual pages 2 and 20)."""
    clearing.check("answers to Who-Is without control power", 0, cycle.answers)
    clearing.check("frames of the meter without control power", 0, cycle.frames)


def test_alarm_contact_is_closed_without_control_power(
    clearing: Inquiry, cycle: PowerCycle, alarm_contact: SwitchUnit
) -> None:
    """Normally closed, a static output (manual page 2): closed while nothing drives it, and again with power."""
    words = {True: "closed", False: "open", None: "not sensed"}
    clearing.check("alarm contact without control power", "closed", words[cycle.contact_was_closed])
    clearing.check("alarm contact with control power again", "closed", words[alarm_contact.alarm_contact_is_closed()])


def test_gap_of_a_tenth_of_a_second_is_ridden_through(
    clearing: Inquiry, loaded: Inquiry, timed_control_power: TimedPulses
) -> None:
    """Ride-through time 100 ms at 120 V AC (manual page 2): gaps just shorter, as measured, leave no trace."""
    loaded.load(0.0, 50.0)
    moment = datetime.now().replace(microsecond=0)
    was_set = loaded.set_clock(moment)
    loaded.updates()
    power_ups = loaded.input(_POWER_UPS)
    widths_s = timed_control_power.give(PulseTrain(_GAPS, _GAP_S, 1.0))
    loaded.updates()
    longest_s = max(widths_s) + timed_control_power.uncertainty_s
    what = f"{_GAPS} gaps of up to {max(widths_s) * 1e3:.3f} ms"
    if longest_s > _RIDE_THROUGH_S:
        reason = f"the gaps last up to {longest_s * 1e3:.3f} ms, which is more than the meter has to ride through"
        clearing.skip(what, reason)
        pytest.skip(reason)
    found, read = loaded.timed(loaded.meter.read_time)
    passed = read.since(was_set)
    loaded.check(f"AI81 after {what}", power_ups, loaded.input(_POWER_UPS))
    expected = f"{moment:%F %T} and {passed}, to {_CLOCK_TOLERANCE_S:g} s"
    good = passed.allows((found - moment).total_seconds(), _CLOCK_TOLERANCE_S)
    loaded.check(f"clock after {what}", expected, f"{found:%F %T}", good)
    alarms = loaded.alarms()
    loaded.check(f"BI15 after {what}", "inactive", "active" if _CLOCK_RESET in alarms else "inactive")
