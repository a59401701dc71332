"""Switching off with a recipe and a plain socket; and ``rig off`` for a bench that is open elsewhere."""

import os
import subprocess
import sys

import pytest

from drivers.source.base import SafeOff
from rig.safety.off import forget_open_bench, note_open_bench, switch_everything_off
from rig.safety.raw_off import recipe_from_json, recipe_to_json, switch_all_off, switch_off

pytestmark = pytest.mark.realtime


def test_a_source_that_confirms_is_confirmed(fake_source):
    result = switch_off(fake_source.recipe)
    assert result.confirmed
    assert not fake_source.is_on
    assert fake_source.received == ["OUTP:STAT OFF", "OUTP:STAT?"]


@pytest.mark.parametrize(("behaviour", "says"), [("deaf", "no connection or no answer"), ("stuck", "answered '1'")])
def test_a_source_that_does_not_confirm_is_not_confirmed(fake_source, behaviour, says):
    fake_source.behaviour = behaviour
    result = switch_off(fake_source.recipe, deadline_s=0.3)
    assert not result.confirmed
    assert says in result.details


def test_a_port_where_nothing_listens_is_not_confirmed():
    recipe = SafeOff("TCPIP0::127.0.0.1::1::SOCKET", ("OUTP:STAT OFF",), "OUTP:STAT?", ("0",))
    assert not switch_off(recipe, deadline_s=0.2).confirmed


def test_a_resource_that_is_no_socket_goes_through_visa_and_is_not_confirmed_where_visa_cannot_reach_it():
    recipe = SafeOff("ASRL/dev/no-such-port::INSTR", ("OUTP:STAT OFF",), "OUTP:STAT?", ("0",))
    result = switch_off(recipe, deadline_s=0.3)
    assert not result.confirmed


def test_one_source_that_hangs_does_not_keep_another_on(fake_source, second_source):
    fake_source.behaviour = "deaf"
    first, second = switch_all_off([fake_source.recipe, second_source.recipe], deadline_s=0.5)
    assert (first.confirmed, second.confirmed) == (False, True)
    assert not second_source.is_on


def test_a_recipe_survives_the_way_to_another_process(fake_source):
    assert recipe_from_json(recipe_to_json(fake_source.recipe)) == fake_source.recipe


def test_the_source_of_a_bench_that_is_open_elsewhere_is_switched_off(fake_source):
    note_open_bench("lab", [fake_source.recipe], launched_pid=os.getpid())
    (result,) = switch_everything_off("lab")
    assert result.confirmed
    assert not fake_source.is_on


def test_a_source_in_the_file_is_switched_off_though_no_run_is_open(fake_source):
    (result,) = switch_everything_off("lab", fixed=[fake_source.recipe])
    assert result.confirmed


def test_a_source_that_is_in_the_file_and_open_is_switched_off_once(fake_source):
    note_open_bench("lab", [fake_source.recipe], launched_pid=None)
    assert len(switch_everything_off("lab", fixed=[fake_source.recipe])) == 1


def test_a_source_whose_launched_process_is_gone_is_nothing_to_switch_off(fake_source):
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    note_open_bench("lab", [fake_source.recipe], launched_pid=int(gone.stdout))
    assert switch_everything_off("lab") == []


def test_a_bench_that_was_closed_has_nothing_to_switch_off(fake_source):
    note_open_bench("lab", [fake_source.recipe], launched_pid=None)
    forget_open_bench("lab")
    assert switch_everything_off("lab") == []
