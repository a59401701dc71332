"""Checking a bench: each part by itself, each problem with what to do, nothing switched."""

import datetime as dt
from types import SimpleNamespace

import pytest

from rig.bench import load_bench
from rig.bench.checking.check import check_bench
from rig.bench.checking.findings import CheckedPart, Level, PartFinding, worst_level
from rig.bench.lock import hold_port
from rig.errors import BenchBusy
from tests.rig.bench.instrument_on_a_socket import Instrument
from tests.rig.safety.stand_ins import FakeSource

ACCURACY = "{voltage: {reading_pct: 1}, current: {reading_pct: 1}, power: {reading_pct: 1}, phase: {fixed_deg: 1}}"
DEAD = f"""\
schema: 1
name: dead
source: {{driver: fluke_6105a, resource: "TCPIP0::127.0.0.1::1::SOCKET"}}
analyzer: {{driver: yokogawa_wt, resource: "GPIB0::3::INSTR", visa_library: "@ivi", accuracy: {ACCURACY}}}
bus: {{port: /dev/ttyUSB9}}
positions: [{{name: "1", mac: 1, meter_type: s4100}}]
wiring: {{ct: {{primary_a: 100, secondary_v: 1}}}}
nominal: {{voltage_v: 120, system_voltage_v: 208}}
"""


def check(tmp_path, text, **options):
    path = tmp_path / "bench.yaml"
    path.write_text(text)
    return {part.part: part for part in check_bench(load_bench(path), "a test", **options)}


def said(part):
    return "; ".join(f"{one.what}: {one.advice}" for one in part.findings)


@pytest.mark.realtime
def test_where_everything_is_dead_each_part_is_told_of_with_what_to_do(tmp_path):
    parts = check(tmp_path, DEAD)
    levels = {name: parts[name].level for name in ("source", "analyzer", "bus")}
    assert levels == dict.fromkeys(levels, Level.FAULT)
    assert "switch it on and check its cable, or correct 'source: resource' in bench.yaml" in said(parts["source"])
    assert "VISA library '@ivi' cannot be used" in said(parts["analyzer"])
    assert "there is no such device" in said(parts["bus"])
    assert "not looked for" in said(parts["meter at 1"])
    assert "not protected" in said(parts["protection"])
    assert "interlock: not wired to the rig" in said(parts["safety circuit"])


def test_an_output_that_is_on_though_nobody_uses_the_bench_is_a_danger(tmp_path):
    class On(FakeSource):
        def serve(self, command, out):
            answers = {"*IDN?": b"FLUKE,6105A,1,2\n", "SYST:ERR?": b'0,"No error"\n'}
            if "FITT?" in command:
                out.write(b";".join([b"1"] * command.count("?")) + b"\n")
            elif command in answers:
                self.received.append(command)
                out.write(answers[command])
            else:
                super().serve(command, out)

    source = On()
    port = source.server_address[1]
    text = DEAD.partition("analyzer:")[0].replace("127.0.0.1::1::", f"127.0.0.1::{port}::")
    text += "wiring: {ct: {primary_a: 100, secondary_v: 1}}\nnominal: {voltage_v: 120, system_voltage_v: 208}\n"
    parts = check(tmp_path, text)
    assert parts["source"].level is Level.DANGER
    assert "rig off" in said(parts["source"])
    assert source.is_on
    assert not [command for command in source.received if "?" not in command]
    source.shutdown()
    source.server_close()


def test_wrong_instrument_is_named_with_the_driver_that_fits(tmp_path):
    one = Instrument("Agilent Technologies,34972A,MY1,1.16")
    text = "schema: 1\nname: other\ncounter: {driver: keysight_53220a, inputs: {}, resource: RESOURCE}\n"
    parts = check(tmp_path, text.replace("RESOURCE", f"'{one.resource}'"))
    assert parts["counter"].level is Level.FAULT
    assert "fits switch: {driver: keysight_34970a}; correct bench.yaml" in said(parts["counter"])
    assert {line for line in one.received if b"ERR?" not in line} == {b"*IDN?\n"}
    one.shutdown()
    one.server_close()


@pytest.mark.parametrize(
    ("serial", "due", "level"),
    [
        ("637", dt.date(2027, 1, 31), Level.OK),
        ("637", dt.date(2026, 1, 31), Level.WARNING),
        ("638", dt.date(2027, 1, 31), Level.FAULT),
    ],
)
def test_a_calibration_is_looked_at(serial, due, level):
    from drivers.instrument import Identity
    from rig.bench.checking.check import _calibration
    from rig.metrology.calibration import CalibrationRecord

    record = CalibrationRecord(serial=serial, certificate="C-1", date=dt.date(2025, 1, 31), due=due)
    assert _calibration("source", record, Identity("A", "B", "637", "1"), dt.date(2026, 11, 22)).level is level


@pytest.mark.parametrize(
    ("closed", "level", "words"),
    [(True, Level.OK, "closed: safe to energise"), (False, Level.WARNING, "open, so nothing can be energised now")],
)
def test_the_interlock_is_read(tmp_path, closed, level, words):
    from drivers.switch.base import SafetyContacts
    from rig.bench.checking.check import _look_at_safety_contacts

    path = tmp_path / "bench.yaml"
    path.write_text(
        "schema: 1\nname: locked\nswitch: {driver: keysight_34970a, resource: 'GPIB0::9::INSTR'}\n"
        "safety_inputs: {interlock: {channel: 302, method: digital, safe_when: closed}}\n"
    )
    switch = SimpleNamespace(safety_contacts=lambda: SafetyContacts(interlock=closed))
    (finding,) = _look_at_safety_contacts(load_bench(path), switch)
    assert finding.level is level
    assert words in finding.what


def test_a_bench_in_use_is_not_looked_at(tmp_path):
    with hold_port("/dev/ttyUSB9"), pytest.raises(BenchBusy, match="bench 'dead': bus port /dev/ttyUSB9 is in use by"):
        check(tmp_path, DEAD)


def test_the_worst_finding_is_what_a_part_comes_to():
    findings = tuple(PartFinding(level, "x") for level in (Level.OK, Level.FAULT, Level.NOTE))
    assert CheckedPart("a", "", "", findings).level is Level.FAULT
    assert worst_level([]) is Level.OK
    assert worst_level([Level.FAULT, Level.DANGER]) is Level.DANGER
