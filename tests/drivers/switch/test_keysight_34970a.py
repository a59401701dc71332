"""The Keysight 34970A driver, command by command against a transcript."""

import pytest

from drivers.errors import AnswerInvalid, InstrumentError, InstrumentLost, SettingNotTaken, SettingOutOfRange
from drivers.switch.base import RelayRole, SafetyContacts, SenseRole, SwitchRoles
from drivers.switch.keysight_34970a import Keysight34970A
from drivers.testing import SCRIPTED_RESOURCE, expected_protocol, scripted_session

OK = '+0,"No error"'
LOST = InstrumentLost(SCRIPTED_RESOURCE, "no answer")
OPENED = [("SYST:ERR?", OK)]
IDN = ("*IDN?", "HEWLETT-PACKARD,34970A,0,13-2-2")
ROLES = SwitchRoles(RelayRole(201, "open"), RelayRole(211), SenseRole(101))
DIGITAL = SwitchRoles(alarm_contact=SenseRole(302, "digital", bit=3))


def module(slot, model):
    return (f"SYST:CTYP? {slot}", f"HEWLETT-PACKARD,{model},0,1.5")


def wrote(command):
    return [(command, None), ("SYST:ERR?", OK)]


def unit(*script, roles=ROLES):
    return expected_protocol(lambda session: Keysight34970A(session, roles), [*OPENED, *script])


def test_identify_checks_the_model_and_that_the_modules_fit_the_roles():
    slots = [module(200, "34903A"), module(200, "34903A"), module(100, "34901A")]
    with unit(IDN, *slots) as switch:
        identity = switch.identify()
    assert (identity.manufacturer, identity.model, identity.firmware) == ("HEWLETT-PACKARD", "34970A", "13-2-2")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ([("*IDN?", "Keysight Technologies,DAQ970A,MY1,A.01")], "DAQ970A is not one of"),
        ([IDN, module(200, "34901A")], "slot 200 has a 34901A, whose channel 201 is not for control power"),
        ([IDN, module(200, "0")], "slot 200 has no module"),
        ([IDN, module(200, "34903A"), module(200, "34903A"), module(100, "34907A")], "not for alarm contact"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(script, words):
    with unit(*script) as switch, pytest.raises(InstrumentError, match=words):
        switch.identify()


def test_a_digital_alarm_contact_needs_the_multifunction_module():
    with unit(IDN, module(300, "34907A"), roles=DIGITAL) as switch:
        switch.identify()


@pytest.mark.parametrize("script", [[("*IDN?", "hello")], [IDN, ("SYST:CTYP? 200", "34903A")]])
def test_answers_that_say_nothing_are_refused(script):
    with unit(*script) as switch, pytest.raises(AnswerInvalid):
        switch.identify()


def test_power_over_a_normally_closed_contact_is_on_with_the_relay_open():
    script = [
        *wrote("ROUT:CLOS (@201)"), ("ROUT:CLOS? (@201)", "1"), ("ROUT:CLOS? (@201)", "1"),
        *wrote("ROUT:OPEN (@201)"), ("ROUT:CLOS? (@201)", "0"), ("ROUT:CLOS? (@201)", "0"),
    ]  # fmt: skip
    with unit(*script) as switch:
        switch.set_control_power(False)
        assert not switch.control_power_is_on()
        switch.set_control_power(True)
        assert switch.control_power_is_on()


def test_power_over_a_normally_open_contact_is_on_with_the_relay_closed():
    script = [*wrote("ROUT:CLOS (@201)"), ("ROUT:CLOS? (@201)", "1"), ("ROUT:CLOS? (@201)", "0")]
    with unit(*script, roles=SwitchRoles(control_power=RelayRole(201))) as switch:
        switch.set_control_power(True)
        assert not switch.control_power_is_on()


def test_the_pulse_contact_follows_its_relay():
    script = [
        *wrote("ROUT:CLOS (@211)"), ("ROUT:CLOS? (@211)", "1"),
        *wrote("ROUT:OPEN (@211)"), ("ROUT:CLOS? (@211)", "0"),
    ]  # fmt: skip
    with unit(*script) as switch:
        switch.set_pulse_contact(True)
        switch.set_pulse_contact(False)


def test_a_relay_that_does_not_follow_is_an_error_that_shows_both():
    with (
        unit(*wrote("ROUT:CLOS (@201)"), ("ROUT:CLOS? (@201)", "0")) as switch,
        pytest.raises(SettingNotTaken) as caught,
    ):
        switch.set_control_power(False)
    assert (caught.value.setting, caught.value.wanted, caught.value.found) == ("relay 201", "closed", "open")


@pytest.mark.parametrize(
    ("answer", "closed"),
    [("+3.21000000E+01", True), ("-1.00000000E-02", True), ("+9.90000000E+37", False), ("+1.10000000E+03", False)],
)
def test_a_contact_is_closed_or_open_by_its_resistance(answer, closed):
    with unit(("MEAS:RES? 1000,(@101)", answer)) as switch:
        assert switch.alarm_contact_is_closed() is closed


@pytest.mark.parametrize("answer", ["+9.91000000E+37", "-9.90000000E+37", "nan", "-5.0E+00", "open"])
def test_a_resistance_that_is_none_is_never_taken_for_a_contact(answer):
    with unit(("MEAS:RES? 1000,(@101)", answer)) as switch, pytest.raises(AnswerInvalid):
        switch.alarm_contact_is_closed()


@pytest.mark.parametrize("answer", ["+2.00000000E+02", "+6.40000000E+02", "+1.00000000E+03"])
def test_a_resistance_between_closed_and_open_is_an_error_of_the_wiring(answer):
    with unit(("MEAS:RES? 1000,(@101)", answer)) as switch, pytest.raises(InstrumentError, match="neither closed"):
        switch.alarm_contact_is_closed()


@pytest.mark.parametrize(("answer", "closed"), [("+247", True), ("+255", False), ("0", True), ("8", False)])
def test_a_bit_that_is_pulled_up_is_low_while_the_contact_is_closed(answer, closed):
    with unit(("SENS:DIG:DATA:BYTE? (@302)", answer), roles=DIGITAL) as switch:
        assert switch.alarm_contact_is_closed() is closed


@pytest.mark.parametrize("answer", ["256", "-1", "1.5", "+9.91E37", "high"])
def test_a_byte_that_is_none_is_refused(answer):
    with unit(("SENS:DIG:DATA:BYTE? (@302)", answer), roles=DIGITAL) as switch, pytest.raises(AnswerInvalid):
        switch.alarm_contact_is_closed()


def test_safety_contacts_are_sensed_together_and_an_unwired_one_is_none():
    bits = SwitchRoles(interlock=SenseRole(302, "digital", 0), emergency_stop=SenseRole(302, "digital", 1))
    ask = "SENS:DIG:DATA:BYTE? (@302)"
    with unit((ask, "+252"), (ask, "+252"), (ask, "+254"), (ask, "+254"), roles=bits) as switch:
        assert switch.safety_contacts() == SafetyContacts(True, True)
        assert switch.safety_contacts() == SafetyContacts(True, False)
    wires = SwitchRoles(emergency_stop=SenseRole(120))
    with unit(("MEAS:RES? 1000,(@120)", "+9.90000000E+37"), roles=wires) as switch:
        assert switch.safety_contacts() == SafetyContacts(None, False)
    with scripted_session() as session:
        assert Keysight34970A(session, ROLES).safety_contacts() == SafetyContacts()


def test_a_safety_contact_that_is_neither_closed_nor_open_is_named():
    roles = SwitchRoles(interlock=SenseRole(119))
    with (
        unit(("MEAS:RES? 1000,(@119)", "+6.40000000E+02"), roles=roles) as switch,
        pytest.raises(InstrumentError, match="the interlock on channel 119 has 640 ohms"),
    ):
        switch.safety_contacts()


def test_a_safety_contact_where_no_module_can_sense_it_is_refused_by_name():
    roles = SwitchRoles(emergency_stop=SenseRole(302, "digital", 1))
    with (
        unit(IDN, module(300, "34901A"), roles=roles) as switch,
        pytest.raises(InstrumentError, match="not for emergency stop; that takes a 34907A"),
    ):
        switch.identify()


def test_make_safe_opens_the_relays_that_have_a_role_and_no_others():
    with unit(*wrote("ROUT:OPEN (@201,211)"), ("ROUT:CLOS? (@201,211)", "0,0")) as switch:
        switch.make_safe()


def test_make_safe_says_so_when_a_relay_stays_closed():
    with (
        unit(*wrote("ROUT:OPEN (@201,211)"), ("ROUT:CLOS? (@201,211)", "0,1")) as switch,
        pytest.raises(SettingNotTaken, match="relay 211"),
    ):
        switch.make_safe()


def test_make_safe_refuses_an_answer_of_another_length():
    with (
        unit(*wrote("ROUT:OPEN (@201,211)"), ("ROUT:CLOS? (@201,211)", "0")) as switch,
        pytest.raises(AnswerInvalid),
    ):
        switch.make_safe()


def test_make_safe_connects_anew_once_where_the_connection_is_lost():
    first = [*OPENED, ("ROUT:OPEN (@201,211)", LOST)]
    second = [*OPENED, *wrote("ROUT:OPEN (@201,211)"), ("ROUT:CLOS? (@201,211)", "0,0")]
    with expected_protocol(lambda session: Keysight34970A(session, ROLES), first, second) as switch:
        switch.make_safe()


def test_unit_without_relays_needs_no_make_safe_and_names_lacking_ones():
    with scripted_session() as session:
        switch = Keysight34970A(session)
        switch.make_safe()
        for ask, role in (
            (lambda: switch.set_control_power(True), "control power"),
            (switch.control_power_is_on, "control power"),
            (lambda: switch.set_pulse_contact(True), "pulse input"),
            (switch.alarm_contact_is_closed, "alarm contact"),
        ):
            with pytest.raises(InstrumentError, match=f"no channel is for.*{role}"):
                ask()


@pytest.mark.parametrize(
    "roles",
    [
        SwitchRoles(control_power=RelayRole(200)),
        SwitchRoles(pulse_input=RelayRole(421)),
        SwitchRoles(alarm_contact=SenseRole(121)),
        SwitchRoles(alarm_contact=SenseRole(101, "digital", bit=8)),
        SwitchRoles(alarm_contact=SenseRole(103, "digital")),
        SwitchRoles(interlock=SenseRole(303, "digital")),
        SwitchRoles(emergency_stop=SenseRole(302, "digital", bit=8)),
    ],
)
def test_channels_that_no_module_has_are_refused_before_any_io(roles):
    with scripted_session() as session, pytest.raises(SettingOutOfRange):
        Keysight34970A(session, roles)
