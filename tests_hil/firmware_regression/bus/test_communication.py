"""Does the meter say who it is and what it has when asked, fall silent on command, and restart on command?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import allure
import pytest
from bacpypes3.apdu import (
    DeviceCommunicationControlRequest,
    ReinitializeDeviceRequest,
    UTCTimeSynchronizationRequest,
    WhoHasRequest,
    WhoIsRequest,
)
from bacpypes3.basetypes import DateTime, WhoHasLimits, WhoHasObject
from bacpypes3.primitivedata import CharacterString, Date, Time

from drivers.meter.requests.packing import THIS_DEVICE
from meter_model.behaviour.operation_choices import Reinitialized, ServicePassword
from rig.procedures import Inquiry
from rig.procedures.behaviour.hearing import answers_to
from rig.procedures.behaviour.time_bounds import Moment

pytestmark = [allure.epic("Firmware regression"), allure.feature("Communication")]

_HIGHEST_INSTANCE = 4_194_302
_RESTART_S = 30.0
_PASSWORD_FAILURE = "security, password-failure"
_REGISTERS = (*range(1, 11), *range(22, 28), 29, *range(31, 55), 78)


def _instance(asked: Inquiry) -> int:
    return asked.device("object-identifier")[1]


@contextmanager
def _enabled_afterwards(asked: Inquiry) -> Iterator[None]:
    try:
        yield
    finally:
        asked.meter.communication_control("enable")


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
def test_who_is_is_answered_within_its_range_only(asked: Inquiry, inside: bool) -> None:
    """Who-Is with limits (DM-DDB-B, manual page 20): answered by a device within them, and by no other."""
    own = _instance(asked)
    ranges = ((own, own), (max(0, own - 5), own + 5)) if inside else ((own + 1, _HIGHEST_INSTANCE), (0, own - 1))
    for low, high in ranges:
        request = WhoIsRequest(deviceInstanceRangeLowLimit=low, deviceInstanceRangeHighLimit=high)
        found = _heard(asked, request, 1 if inside else 0)
        asked.check(f"I-Am to {low} .. {high}", [own] if inside else [], found)


def test_who_is_without_range_is_answered_by_everybody(asked: Inquiry) -> None:
    """Who-Is without limits (DM-DDB-B, manual page 20)."""
    asked.check("I-Am", [_instance(asked)], _heard(asked, WhoIsRequest(), 1))


def _heard(asked: Inquiry, request: WhoIsRequest, count: int) -> list[int]:
    return list(answers_to(asked, request, count).instances)


def test_who_has_is_answered_for_an_object_by_identifier(asked: Inquiry) -> None:
    """Who-Has by object identifier (manual page 22, services supported): AI11 is KW_Total (page 25)."""
    _check_has(
        asked, "AI11 by identifier", WhoHasObject(objectIdentifier=("analog-input", 11)), [((0, 11), "KW_Total")]
    )
    _check_has(asked, "AI84 by identifier", WhoHasObject(objectIdentifier=("analog-input", 84)), [])


def test_who_has_is_answered_for_an_object_by_name(asked: Inquiry) -> None:
    """Who-Has by object name (manual page 22, services supported): AI11 is KW_Total (page 25); names are exact."""
    _check_has(asked, "KW_Total by name", WhoHasObject(objectName=CharacterString("KW_Total")), [((0, 11), "KW_Total")])
    _check_has(asked, "kw_total by name", WhoHasObject(objectName=CharacterString("kw_total")), [])


def test_who_has_is_answered_within_its_range_only(asked: Inquiry) -> None:
    """Who-Has with limits of the device instance (manual page 22, services supported)."""
    own = _instance(asked)
    wanted = WhoHasObject(objectIdentifier=("analog-input", 11))
    for low, high, expected in ((own, own, [((0, 11), "KW_Total")]), (own + 1, _HIGHEST_INSTANCE, [])):
        limits = WhoHasLimits(deviceInstanceRangeLowLimit=low, deviceInstanceRangeHighLimit=high)
        _check_has(asked, f"AI11 of devices {low} .. {high}", wanted, expected, limits)


def _check_has(
    asked: Inquiry, what: str, wanted: WhoHasObject, expected: list[object], limits: WhoHasLimits | None = None
) -> None:
    heard = answers_to(asked, WhoHasRequest(limits=limits, object=wanted), len(expected))
    own = _instance(asked)
    asked.check(f"I-Have to {what}", expected, [(place, name) for place, name, _ in heard.objects])
    asked.check(f"the device that has {what}", [own] * len(expected), [device for _, _, device in heard.objects])


def test_utc_time_synchronization_is_not_executed(asked: Inquiry) -> None:
    """Protocol_Services_Supported has TimeSynchronization but not its UTC form (manual page 22)."""
    before = asked.meter.read_time()
    moment = DateTime(date=Date((before.year - 1900 + 1, 6, 15, 255)), time=Time((1, 2, 3, 0)))
    asked.meter.bus.tell(asked.meter.address, UTCTimeSynchronizationRequest(time=moment))
    after = asked.meter.read_time()
    asked.check("the clock's year after a UTC synchronization", before.year, after.year, after.year == before.year)


def test_disabled_meter_answers_only_what_enables_it_again(asked: Inquiry) -> None:
    """DeviceCommunicationControl (DM-DCC-B, manual page 20): disabled without end, silent, enabled again."""
    with _enabled_afterwards(asked):
        asked.meter.communication_control("disable")
        asked.check("ReadProperty while disabled", "no answer", asked.within_a_moment("model-name"))
        asked.check("Who-Is while disabled", [], _heard(asked, WhoIsRequest(), 0))
    asked.check("the meter once enabled", "S4100 Energy Meter", asked.answer_in_the_end("model-name"))


@pytest.mark.bench_time(90)
def test_disabled_meter_comes_back_after_the_duration(asked: Inquiry) -> None:
    """DeviceCommunicationControl for one minute (DM-DCC-B, manual page 20)."""
    with _enabled_afterwards(asked):
        _, disabled = asked.timed(lambda: asked.meter.communication_control("disable", minutes=1))
        _check_still_disabled(asked, "ReadProperty while disabled", disabled)
        asked.updates(45)
        _check_still_disabled(asked, "ReadProperty after 45 s", disabled)
        asked.updates(20)
        asked.check("ReadProperty after 65 s", "S4100 Energy Meter", asked.answer_in_the_end("model-name"))


def _check_still_disabled(asked: Inquiry, name: str, disabled: Moment) -> None:
    found, read = asked.timed(lambda: asked.within_a_moment("model-name"))
    if found != "no answer":
        asked.in_time(name, read.since(disabled), 60.0)
    asked.check(name, "no answer", found)


def test_meter_told_to_initiate_nothing_still_answers(asked: Inquiry) -> None:
    """DeviceCommunicationControl, disable-initiation (DM-DCC-B, manual page 20): requests and Who-Is are answered."""
    with _enabled_afterwards(asked):
        asked.meter.communication_control("disable-initiation")
        asked.check("ReadProperty", "S4100 Energy Meter", asked.answer_in_the_end("model-name"))
        asked.check("I-Am", [_instance(asked)], _heard(asked, WhoIsRequest(), 1))


@pytest.mark.parametrize("service", ["DeviceCommunicationControl", "ReinitializeDevice"])
def test_password_is_as_the_profile_says(asked: Inquiry, service: str) -> None:
    """The manual names no password for the bus (pages 19 and 20): given one, it is ignored or refused (profile)."""
    expected = "accepted" if asked.profile.service_password is ServicePassword.IGNORED else _PASSWORD_FAILURE
    password = CharacterString("00000")
    request = (
        DeviceCommunicationControlRequest(enableDisable="enable", password=password)
        if service == "DeviceCommunicationControl"
        else ReinitializeDeviceRequest(reinitializedStateOfDevice="warmstart", password=password)
    )
    asked.check(f"{service} with a password", expected, asked.refusal(lambda: asked.properties.send(request, service)))
    _await_restart(asked)


@pytest.mark.parametrize("state", ["coldstart", "warmstart"])
def test_restart_ends_a_disabled_communication(asked: Inquiry, state: str) -> None:
    """ReinitializeDevice (DM-RD-B, manual page 20) is executed while disabled; the meter communicates again after."""
    with _enabled_afterwards(asked):
        asked.meter.communication_control("disable")
        asked.meter.reinitialize(state)
        asked.check(f"after a {state}", "S4100 Energy Meter", _await_restart(asked))


@pytest.mark.parametrize("state", range(2, 7))
def test_backup_and_restore_are_refused(asked: Inquiry, state: int) -> None:
    """States of ReinitializeDevice other than cold- and warmstart belong to DM-BR-B, which the PICS lacks (page 20)."""
    found = asked.refusal(lambda: asked.properties.send_octets(20, bytes((0x09, state)), "ReinitializeDevice"))
    good = found != "accepted" and found != "no answer"
    asked.check(f"ReinitializeDevice to state {state}", "an error or a reject", found, good)


def test_restart_keeps_configuration_location_and_registers(asked: Inquiry) -> None:
    """What is non-volatile (manual pages 20 to 24) survives ReinitializeDevice; AI81 counts it by the profile."""
    location = asked.device("location")
    try:
        asked.properties.write("DE", THIS_DEVICE, "location", CharacterString("regression bench"))
        with asked.configured({8: 23.0, 9: 33.0}):
            before, values = asked.meter.read_configuration(), asked.inputs((*_REGISTERS, 81))
            asked.meter.reinitialize("coldstart")
            _await_restart(asked)
            asked.check("AV2 to AV11 after a restart", before, asked.meter.read_configuration())
            asked.check("Location after a restart", "regression bench", asked.device("location"))
            after = asked.inputs((*_REGISTERS, 81))
            lost = [f"AI{n} fell from {values[n]:g} to {after[n]:g}" for n in _REGISTERS if _fell(n, values, after)]
            asked.check_none("registers after a restart", "what they were or more", lost)
            counted = 1.0 if asked.profile.reinitialized is Reinitialized.WHOLE_METER else 0.0
            asked.check("AI81", values[81] + counted, after[81])
    finally:
        asked.properties.write("DE", THIS_DEVICE, "location", CharacterString(str(location)))


def _fell(instance: int, before: dict[int, float], after: dict[int, float]) -> bool:
    return instance not in (1, 8) and after[instance] < before[instance]


def _await_restart(asked: Inquiry) -> str:
    """Wait until the meter answers again; its model name, or "no answer" after half a minute."""
    began_s = asked.run.bench.clock.now_s()
    while True:
        asked.updates(10)
        said = asked.within_a_moment("model-name")
        if said != "no answer" or asked.run.bench.clock.now_s() - began_s > _RESTART_S:
            return said
