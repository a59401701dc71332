"""``rig off`` opens the contactor after the source was sent OFF, and says so; it is no confirmation."""

import json
import os
import socketserver
import threading

import pytest
from click.testing import CliRunner

from drivers.instrument import Identity
from drivers.switch import RELAY_LINES
from rig.bench.config.off_parts import parts_to_switch_off
from rig.bench.contactor import contactor_recipe
from rig.bench.schema.bench import SwitchPart
from rig.cli import cli
from rig.safety.off import note_open_bench
from rig.safety.state import RECIPES, Opening

pytestmark = pytest.mark.realtime

KNOWN = "FLUKE,6105A,123456,1.0"
UNIT = "Agilent Technologies,34972A,MY1,1.0"
COIL = RELAY_LINES["keysight_34970a"](219)
BENCH = """\
schema: 1
extends: emulated
name: lab
launch: null
source: {{resource: '{source}'}}
analyzer: null
switch: {{resource: '{unit}', contactor: {{channel: 219, pulse_channel: 220, hold_s: 3}}}}
"""


class Unit(socketserver.ThreadingTCPServer):
    """A switch unit whose contactor is closed; ``before``: whether the source was on when it was told to open."""

    daemon_threads = True

    def __init__(self, source):
        self.is_closed, self.identification, self.before = True, UNIT, []
        unit = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                for line in self.rfile:
                    self.wfile.write(unit.answer(line.decode().strip(), source))

        super().__init__(("127.0.0.1", 0), Handler)
        self.resource = f"TCPIP0::127.0.0.1::{self.server_address[1]}::SOCKET"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def answer(self, command, source):
        if command == COIL.open:
            self.is_closed = False
            self.before.append(source.is_on)
        if command == "*IDN?":
            return self.identification.encode() + b"\n"
        if command == COIL.verify_query:
            return (COIL.closed_answers if self.is_closed else COIL.open_answers)[0].encode() + b"\n"
        return b""


@pytest.fixture
def unit(fake_source):
    fake_source.identification = KNOWN.encode()
    unit = Unit(fake_source)
    yield unit
    unit.shutdown()
    unit.server_close()


@pytest.fixture
def left_on(fake_source, unit):
    """The opening of a bench with a contactor, left on by a rig and a guardian that were killed."""
    part = SwitchPart.model_validate(
        {
            "driver": "keysight_34970a",
            "resource": unit.resource,
            "contactor": {"channel": 219, "pulse_channel": 220, "hold_s": 3.0},
        }
    )
    recipe = contactor_recipe(part, Identity.from_idn(UNIT))
    opening = Opening.begin("lab")
    note_open_bench(opening, [fake_source.recipe_for(KNOWN, "6105A")], contactor=recipe.to_json())
    opening.write(RECIPES, {**opening.note(RECIPES), "pid": 2**22 + 1, "pid_since": "earlier"})
    return opening


def off(*options):
    return CliRunner().invoke(cli, ["off", *options], catch_exceptions=False, standalone_mode=False)


def test_contactor_of_an_opening_is_opened_after_the_source_was_sent_off(fake_source, unit, left_on):
    result = off()
    assert (result.return_value, fake_source.is_on, unit.is_closed) == (0, False, False)
    assert unit.before == [False]
    assert f"{unit.resource}: contactor opened, confirmed by its relay" in result.output


def test_a_contactor_that_opens_is_no_confirmation(fake_source, unit, left_on):
    fake_source.behaviour = "stuck"
    result = off("--json")
    assert (result.return_value, fake_source.is_on, unit.is_closed) == (13, True, False)
    (said,) = json.loads(result.stdout)["contactors"]
    assert (said["switch"], said["open"]) == (unit.resource, True)


@pytest.mark.parametrize("what", ["another instrument", "gone"])
def test_one_that_does_not_open_is_said_and_takes_nothing_back(fake_source, unit, left_on, what):
    if what == "gone":
        unit.shutdown()
        unit.server_close()
    else:
        unit.identification = "FLUKE,6105A,7,1.0"
    result = off()
    assert (result.return_value, fake_source.is_on, unit.is_closed) == (0, False, True)
    assert "the contactor falls 3 s after its last pulse" in result.output


def test_a_bench_that_is_not_open_is_known_from_its_file(fake_source, unit, tmp_path):
    path = tmp_path / "lab.yaml"
    path.write_text(BENCH.format(source=fake_source.recipe.resource, unit=unit.resource))
    result = off("--bench", os.fspath(path))
    assert (result.return_value, fake_source.is_on, unit.is_closed) == (0, False, False)


MISTAKES = {
    "one relay for two": "{{resource: '{unit}', contactor: {{channel: 219, pulse_channel: 219}}}}",
    "held too long": "{{resource: '{unit}', contactor: {{channel: 219, pulse_channel: 220, hold_s: 300}}}}",
    "no relay": "{{resource: '{unit}', contactor: {{channel: 899, pulse_channel: 220}}}}",
    "no socket": "{{resource: 'GPIB0::9::INSTR', contactor: {{channel: 219, pulse_channel: 220}}}}",
    "no such driver": "{{driver: keysight_1, resource: '{unit}', contactor: {{channel: 219, pulse_channel: 220}}}}",
}


@pytest.mark.parametrize("switch", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_the_contactor_is_a_note_and_no_hindrance(fake_source, unit, tmp_path, switch):
    path = tmp_path / "lab.yaml"
    text = BENCH.partition("switch:")[0] + f"switch: {switch}\n"
    path.write_text(text.format(source=fake_source.recipe.resource, unit=unit.resource))
    assert parts_to_switch_off(path).contactor is None
    result = off("--bench", os.fspath(path))
    assert (result.return_value, fake_source.is_on, unit.is_closed) == (0, False, True), result.output
    assert "switch: contactor: " in result.output
