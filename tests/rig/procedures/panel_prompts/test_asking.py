"""Steps are chosen by key, answers that cannot be judged are asked again, and what people type is read as meant."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from meter_model.panel.keys import key_named
from rig.emulation.defects.panel import PANEL_DEFECTS
from rig.errors import UsageRefused
from rig.operator import Answer, NoAnswer, PromptKind
from rig.operator.panel import PanelOperator
from rig.operator.panel_link import PanelNotThere
from rig.operator.prompts import Prompt
from rig.procedures.panel_prompts import ask, ask_all, prompts_for
from rig.procedures.panel_prompts.judging import complaint, judge
from rig.procedures.panel_prompts.steps import steps_for
from rig.products.files import load_product
from tests.rig.procedures.panel_prompts.asked_meter import WYE, Unit, failed

STEPS = {each.key: each for each in steps_for(WYE)}
BUS: dict[str, float | str] = {
    "AI55": 27.71234,
    "BI9": 0,
    "BI10": 1,
    "BI11": 0,
    "serial-number": "007",
    "AI18": math.nan,
}


class Typist:
    """Answers with texts in turn, and keeps the prompts."""

    def __init__(self, *texts):
        self.texts = list(texts)
        self.prompts = []

    def ask(self, prompt, timeout_s=None):
        self.prompts.append(prompt)
        return Answer(prompt.prompt_id, self.texts.pop(0))


def judged(key, text, **bus):
    return judge(STEPS[key], Answer("", text), BUS | bus, BUS | bus)


@pytest.mark.parametrize("text", ["27.712 kW", "27,712kw", " 27.712  KW ", "27.7125 kW"])
def test_value_within_the_last_digit_passes_as_people_type_it(text):
    assert judged("panel.value-W-A", text).passed


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("27.752 kW", "by the bus it is 27.712 kW"),
        ("27.712 kVAR", "none of the units"),
        ("27712 W", "a meter shows that value as 27.712 kW"),
        ("27.712 W", "by the bus it is 27.712 kW"),
        ("----", "none of the units"),
        ("-27.712 kW", "by the bus it is"),
    ],
)
def test_value_or_unit_that_is_not_the_bus_value_fails(text, says):
    found = judged("panel.value-W-A", text)
    assert not found.passed
    assert says in found.detail
    assert found.low is not None
    assert found.low < 27.71234 < found.high


@pytest.mark.parametrize(("text", "passed"), [("----", True), ("--", True), ("60.00 Hz", False), ("", False)])
def test_value_that_is_not_valid_has_to_be_dashes(text, passed):
    assert judged("panel.value-3PHASE-HZ", text).passed is passed


@pytest.mark.parametrize(
    ("key", "text", "passed"),
    [
        ("panel.value-PLOSS", "-B-", True),
        ("panel.value-PLOSS", "---", False),
        ("panel.value-SN", "007", True),
        ("panel.value-SN", "7", False),
        ("panel.icons", "wrench, heart, alert", True),
        ("panel.icons", "heart", False),
        ("panel.icons", "none", False),
    ],
)
def test_texts_and_icons_are_compared_with_the_bus(key, text, passed):
    assert judged(key, text).passed is passed


@pytest.mark.parametrize(
    ("text", "passed"), [("00100", True), ("100", True), ("100,0", True), ("00101", False), ("x", False)]
)
def test_setting_is_compared_with_what_the_bus_reads(text, passed):
    assert judged("panel.setup-CT-SZ", text, AV3=100.0).passed is passed


def test_setting_is_judged_by_the_bus_and_not_by_the_product():
    assert judged("panel.setup-CT-SZ", "00400", AV3=400.0).passed
    assert judged("panel.setup-SYSTM", "3l", AV2=31.0).passed
    assert not judged("panel.setup-SYSTM", "3L-1n", AV2=31.0).passed


def test_reading_between_two_readings_of_a_growing_value_passes():
    step = STEPS["panel.value-KWh"]
    before, after = {"AI1": 0.100}, {"AI1": 0.150}
    for text, passed in (("100.00 Wh", True), ("130.00 Wh", True), ("149.99 Wh", True), ("151.00 Wh", False)):
        assert judge(step, Answer("", text), before, after).passed is passed


@pytest.mark.parametrize(
    ("key", "text", "says"),
    [
        ("panel.value-W-A", "", "Nothing was typed."),
        ("panel.value-W-A", "27.712", "The unit is missing."),
        ("panel.value-W-A", "about 27", "not a number"),
        ("panel.icons", "hart", "There is no icon hart."),
    ],
)
def test_answer_that_cannot_be_judged_is_asked_again_with_the_reason(key, text, says):
    typist = Typist(text, "27.712 kW" if key != "panel.icons" else "heart alert wrench")
    found = ask(STEPS[key], typist, lambda _objects: BUS, lambda _seconds: None)
    assert found.passed
    assert says in typist.prompts[1].text
    assert typist.prompts[1].keys == ()  # they have been pressed


def test_third_answer_that_cannot_be_judged_fails_the_step():
    found = ask(STEPS["panel.value-W-A"], Typist("", "x", "27.712"), lambda _objects: BUS, lambda _seconds: None)
    assert not found.passed


def test_power_factor_needs_no_unit():
    assert complaint(STEPS["panel.value-PF-A"], Answer("", "0.866")) is None


def test_chosen_steps_are_asked_alone_by_a_way_of_their_own():
    unit = Unit()
    found = unit.asked(["panel.value-KWh", "panel.setting", "panel.value-SN"])
    assert [each.key for each in found] == [
        "panel.start", "panel.value-KWh", "panel.value-SN", "panel.setup-password", "panel.setup-password-right",
        "panel.setting-at", "panel.setting", "panel.setting-back-at", "panel.setting-back", "panel.end",
    ]  # fmt: skip
    assert failed(found) == []
    assert unit.meter.configuration == WYE


@pytest.mark.parametrize("chosen", [each for each in STEPS if "password" in each])
def test_each_password_step_is_possible_alone(chosen):
    assert failed(Unit().asked([chosen])) == []
    assert chosen in failed(Unit(["panel-password-ignored"]).asked([chosen])) or not chosen.endswith("wrong")


@pytest.mark.parametrize("name", sorted(PANEL_DEFECTS))
def test_no_defect_lets_the_prompts_change_what_they_must_not(name):
    unit = Unit([name])
    before = unit.meter.panel_settings, unit.meter.device_instance, unit.meter.analog_input(78)
    unit.asked()
    unit.sleep(3.0)
    assert (unit.meter.panel_settings, unit.meter.device_instance, unit.meter.analog_input(78)) == before
    kept = replace(unit.meter.configuration, imbalance_pct=WYE.imbalance_pct)
    assert kept == WYE


def test_keys_from_the_start_lead_where_the_keys_of_the_way_lead():
    for step in STEPS.values():
        if step.keys_from_start is not None and step.key != "panel.icons":
            unit = Unit()
            assert unit.press(0, *step.keys_from_start).label == step.prompt.screen, step.key


def test_panel_that_opens_without_a_password_is_brought_back():
    found = Unit(["panel-password-ignored"]).asked()
    assert failed(found) == ["panel.reset-password-wrong", "panel.setup-password-wrong"]
    asked = [each.key for each in found]
    assert "panel.setup-password" in asked
    assert not {"panel.setup-CT-SZ", "panel.setting"} & set(asked)
    assert asked[-1] == "panel.end"


def test_nothing_more_is_asked_where_a_key_is_dead():
    assert [each.key for each in Unit(["panel-key-enter-dead"]).asked()] == ["panel.start", "panel.keys"]
    assert failed(Unit(["panel-dark"]).asked()) == ["panel.start"]


def test_unknown_step_is_refused_with_the_known_ones():
    with pytest.raises(UsageRefused, match=r"no panel step panel.value-X; there are .*panel.value-KWh"):
        steps_for(WYE, chosen=["panel.value-X"])


@pytest.mark.parametrize("name", ["s4100-480", "s4100-400", "s4100-208"])
def test_prompts_of_a_product_are_in_its_notation_and_name_the_position(name):
    product = load_product(name)
    steps = prompts_for(product, position="3")
    labels = {each.prompt.screen for each in steps}
    assert ("W A" in labels) == (product.configuration.display_units == 1) != ("P A" in labels)
    assert {each.prompt.position for each in steps} == {"3"}
    assert len({each.prompt.prompt_id for each in steps}) == len(steps)
    assert all(each.prompt.text.endswith(".") for each in steps)
    assert all(key == "PLUS until shown" or key_named(key) for each in steps for key in each.prompt.keys)


def test_still_values_are_read_once_for_all_steps():
    unit = Unit()
    growing = ("panel.value-D", "panel.value-M-", "panel.setting")
    steps = steps_for(WYE, chosen=[key for key in STEPS if not key.startswith(growing)])
    assert all(each.passed for each in ask_all(steps, PanelOperator(unit), unit.read, unit.sleep))
    assert unit.read_calls == 7  # once, and twice for each of the three energies


def test_operator_reads_the_serial_number_for_a_scan():
    unit = Unit()
    unit.press(0, "PLUS", "ENTER")
    assert PanelOperator(unit).ask(Prompt("scan", PromptKind.SCAN, "Scan the label.")).text == "0012345678"


def test_operator_says_no_and_what_is_shown_where_another_screen_is_there():
    answer = PanelOperator(Unit()).ask(Prompt("x", PromptKind.CONFIRM, "Is KWh shown?", screen="KWh"))
    assert (answer.confirmed, answer.text) == (False, "D W")


def test_operator_chooses_the_meter_by_the_position():
    class Two(Unit):
        def view(self, meter=0):
            self.asked_of = meter
            return super().view()

    unit = Two()
    PanelOperator(unit, {"1": 0, "2": 1}).ask(Prompt("x", PromptKind.CONFIRM, "Is the display on?", position="2"))
    assert unit.asked_of == 1


@pytest.mark.parametrize(("prompt_id", "is_connected"), [("take-out-2", False), ("put-back-2", True)])
def test_a_unit_is_taken_out_by_its_leads(prompt_id, is_connected):
    unit = Unit()
    unit.is_connected = not is_connected
    assert PanelOperator(unit).ask(Prompt(prompt_id, PromptKind.CONFIRM, "All outputs are off.")).confirmed
    assert unit.is_connected is is_connected


def test_lost_panel_is_no_answer():
    class Lost:
        def view(self, meter=0):
            raise PanelNotThere("the emulated bench is lost")

    with pytest.raises(NoAnswer, match="prompt x was not answered: the emulated bench is lost"):
        PanelOperator(Lost()).ask(Prompt("x", PromptKind.CONFIRM, "Is the display on?"))  # type: ignore[arg-type]
