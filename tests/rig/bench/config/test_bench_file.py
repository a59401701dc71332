"""Bench files: found, extended, filled in from the launched process, and refused with file and line."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from drivers.analyzer import ANALYZERS
from drivers.scpi.serial_line import SerialLine
from drivers.source import SOURCES
from rig.bench.config.files import SAFETY_ROLES, json_schema, load_bench
from rig.bench.config.finding import bench_names
from rig.bench.config.meter_type import load_meter_type
from rig.bench.drivers import scpi_session
from rig.bench.off import safe_off_of
from rig.errors import BenchFileError, UsageRefused
from rig.safety.switching_off.raw_off import recipe_from_json, recipe_to_json

ENDPOINTS = {
    "source": "TCPIP0::127.0.0.1::5001::SOCKET",
    "analyzer": "TCPIP0::127.0.0.1::5002::SOCKET",
    "clock": "tcp://127.0.0.1:5003",
    "switch": "TCPIP0::127.0.0.1::5004::SOCKET",
    "generator": "TCPIP0::127.0.0.1::5005::SOCKET",
    "counter": "TCPIP0::127.0.0.1::5006::SOCKET",
    "climate_probe": "TCPIP0::127.0.0.1::5008::SOCKET",
    "bus": "/dev/pts/7",
    "bus_ports": ["/dev/pts/8"],
    "meters": [{"mac": 1, "device_instance": 1234567, "serial_number": "x"}],
}

TERMINALS = {
    "switch", "control_power", "pulse_input", "alarm_contact", "timed_control_power", "timed_pulse_input"
}  # fmt: skip

SMALL = """\
schema: 1
name: small
bus:
  port: /dev/ttyUSB0
positions:
  - name: "1"
    mac: 5
    meter_type: s4100
"""


def write(tmp_path, text, name="bench.yaml"):
    path = tmp_path / name
    path.write_text(text)
    return path


def refused(path):
    with pytest.raises(BenchFileError) as caught:
        load_bench(path)
    return caught.value


@pytest.mark.parametrize("name", bench_names())
def test_every_bench_that_comes_with_the_rig_is_good(name):
    bench = load_bench(name)
    assert bench.capabilities - {*SAFETY_ROLES, "chamber"} == {
        "source",
        "analyzer",
        "bus",
        "meter",
        "climate_probe",
        *TERMINALS,
    }
    assert bench.meter_types["s4100"].ratings["UL"].accuracy.voltage_ln_v == 347


def test_emulated_bench_starts_with_the_python_that_runs_the_rig():
    argv = load_bench("emulated").launch_argv()
    assert argv[:4] == [sys.executable, "-m", "rig.emulation", "--json"]


def test_a_variant_adds_its_defect_to_the_bench_it_extends():
    variant = load_bench("emulated-phase-b-gain")
    assert variant.launch_argv()[-2:] == ["--defect", "phase-b-current-gain=+1.0%"]
    assert variant.name == "emulated-phase-b-gain"
    assert variant.parts.wiring == load_bench("emulated").parts.wiring


def test_the_coarse_analyzer_is_ten_times_as_coarse_in_every_row():
    fine, coarse = (load_bench(n).parts.analyzer.accuracy for n in ("emulated", "emulated-coarse-analyzer"))
    for row in ("voltage", "current", "power", "phase"):
        for field in ("reading_pct", "range_pct", "fixed_deg"):
            assert getattr(getattr(coarse, row), field) == pytest.approx(10 * getattr(getattr(fine, row), field))


def test_endpoints_of_the_launched_process_fill_the_file_in():
    parts = load_bench("emulated").with_endpoints(ENDPOINTS).parts
    assert parts.source.resource == ENDPOINTS["source"]
    assert parts.clock.endpoint == ENDPOINTS["clock"]
    assert parts.bus.port == "/dev/pts/7"
    assert parts.bus.listen_port == "/dev/pts/8"
    assert parts.positions[0].mac == 1


def test_an_endpoint_that_is_not_given_is_named_with_what_is_given():
    given = "analyzer, bus, bus_ports, climate_probe, clock, counter, generator, meters, switch"
    with pytest.raises(BenchFileError, match=rf"launch\.source.*gave {given} only"):
        load_bench("emulated").with_endpoints({k: v for k, v in ENDPOINTS.items() if k != "source"})


def test_an_endpoint_of_the_wrong_type_is_refused():
    with pytest.raises(BenchFileError, match="mac"):
        load_bench("emulated").with_endpoints(ENDPOINTS | {"meters": [{"mac": 200}]})


def test_unknown_key_is_refused_with_its_line_and_the_key_that_was_meant(tmp_path):
    error = refused(write(tmp_path, SMALL.replace("  port:", "  baudd: 9600\n  port:")))
    assert error.line == 4
    assert "unknown key 'bus.baudd'; did you mean 'baud'?" in str(error)


def test_an_unknown_key_in_a_variant_is_reported_in_the_variant(tmp_path):
    path = write(tmp_path, "schema: 1\nextends: emulated\nname: v\nanalyzer:\n  udpate_s: 0.5\n")
    error = refused(path)
    assert (error.path, error.line) == (str(path), 5)
    assert "did you mean 'update_s'?" in str(error)


def test_a_mistake_in_the_extended_file_is_reported_in_that_file(tmp_path):
    base = write(tmp_path, SMALL.replace("mac: 5", "mac: 200"), "base.yaml")
    error = refused(write(tmp_path, "schema: 1\nextends: ./base.yaml\nname: v\n"))
    assert (error.path, error.line) == (str(base), 7)


def test_a_bench_that_extends_itself_is_refused(tmp_path):
    assert "extends itself" in str(refused(write(tmp_path, "schema: 1\nextends: ./bench.yaml\nname: v\n")))


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("mac: 5", "mac: 5.0", 7, "positions[0].mac"),
        ("mac: 5", 'mac: "5"', 7, "positions[0].mac"),
        ("mac: 5", "mac: ${launch.meters[0].mac}", 7, "needs a 'launch' part"),
        ("meter_type: s4100", "meter_type: s4200", 8, "no meter type 's4200'; known: s4100"),
        ("schema: 1", "schema: 2", 1, "'schema' must be 1"),
        ("name: small", "name: small\nname: large", 3, "'name' stands twice"),
        ("    mac: 5\n", "", 1, "position 1 needs 'mac' or 'device_instance'"),
        ("name: small", "name: [small", 3, "is not YAML"),
        ("name: small\n", "", 1, "'name' is missing"),
    ],
)
def test_a_mistake_is_reported_with_its_line(tmp_path, old, new, line, says):
    error = refused(write(tmp_path, SMALL.replace(old, new)))
    assert says in str(error)
    assert error.line == line


def test_an_unknown_bench_name_lists_those_that_are_known():
    with pytest.raises(UsageRefused, match=r"no bench 'emulatde'; known benches: .*emulated"):
        load_bench("emulatde")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert "no such file" in str(refused(tmp_path / "nothing.yaml"))


def test_a_meter_alone_is_a_legal_bench(tmp_path):
    assert load_bench(write(tmp_path, SMALL)).capabilities == {"bus", "meter"}


def test_a_source_without_wiring_is_refused(tmp_path):
    text = "schema: 1\nname: s\nsource: {driver: fluke_6105a, resource: 'GPIB0::17::INSTR'}\n"
    assert "needs 'wiring' and 'nominal'" in str(refused(write(tmp_path, text)))


def test_rating_unknown_to_the_meter_type_is_refused_with_its_line(tmp_path):
    error = refused(write(tmp_path, "schema: 1\nextends: emulated\nname: v\nnominal:\n  rating: IEC\n"))
    assert error.line == 5
    assert "has ratings CE, UL, not IEC" in str(error)


@pytest.mark.parametrize("written", [0.33, 0.333, 0.3333, 1 / 3])
def test_a_third_of_a_volt_means_one_third_however_it_is_written(tmp_path, written):
    text = f"schema: 1\nextends: emulated\nname: v\nwiring: {{ct: {{secondary_v: {written}}}}}\n"
    assert load_bench(write(tmp_path, text)).parts.wiring.ct.secondary_v == 1 / 3


def test_the_json_schema_knows_every_key_of_the_example():
    schema = json_schema()
    example = yaml.safe_load(Path(load_bench("example-real-bench").path).read_text())
    assert set(example) <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    json.dumps(schema)


def test_a_changed_base_changes_the_digest_of_the_variant(tmp_path):
    write(tmp_path, SMALL, "base.yaml")
    variant = write(tmp_path, "schema: 1\nextends: ./base.yaml\nname: v\n")
    before = load_bench(variant).sha256
    write(tmp_path, SMALL + "# changed\n", "base.yaml")
    assert load_bench(variant).sha256 != before


def test_the_damage_limits_of_the_meter_are_not_known_and_not_invented():
    for rating in load_meter_type("s4100").ratings.values():
        assert rating.damage.voltage_ln_v is None


@pytest.mark.parametrize(
    ("without", "missing"),
    [
        ("switch: null", {"switch", "control_power", "pulse_input", "alarm_contact"}),
        ("switch: {control_power: null}", {"control_power"}),
        ("switch: {alarm_contact: null}", {"alarm_contact"}),
        ("generator: null", {"timed_control_power", "timed_pulse_input"}),
        ("counter: null", {"timed_control_power", "timed_pulse_input"}),
        ("generator: {outputs: {pulse_input: null}}", {"timed_pulse_input"}),
        ("counter: {inputs: {control_power: null}}", {"timed_control_power"}),
    ],
)
def test_terminals_without_wiring_are_not_among_the_capabilities(tmp_path, without, missing):
    path = write(tmp_path, f"schema: 1\nextends: emulated\nname: other\n{without}\n")
    assert load_bench("emulated").capabilities - load_bench(path).capabilities == missing


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("switch: {driver: keysight_34980a}", "no switch driver 'keysight_34980a'; known: keysight_34970a"),
        ("generator: {driver: fluke_6105a}", "no generator driver 'fluke_6105a'; known: keysight_33500b"),
        ("counter: {driver: keysight_53131a}", "no counter driver 'keysight_53131a'; known: keysight_53220a"),
        ("switch: {pulse_input: {channel: 11}}", "101"),
        ("switch: {alarm_contact: {channel: 301, method: digital, bit: 8}}", "7"),
        ("counter: {inputs: {pulse_input: {channel: 1, active: rising}}}", "high"),
    ],
)
def test_mistakes_at_the_other_terminals_are_refused_with_their_line(tmp_path, part, words):
    error = refused(write(tmp_path, f"schema: 1\nextends: emulated\nname: other\n{part}\n"))
    assert words in str(error)
    assert error.line == 4


@pytest.mark.parametrize("role", ["source", "analyzer", "switch", "generator", "counter"])
def test_bad_resource_name_is_refused_with_its_line_and_the_valid_kinds(tmp_path, role):
    error = refused(write(tmp_path, f"schema: 1\nextends: emulated\nname: v\n{role}:\n  resource: 192.168.1.20:5025\n"))
    assert error.line == 5
    assert f"{role}.resource: '192.168.1.20:5025' is no VISA resource name; the kinds are TCPIP0::" in str(error)


def test_a_launched_process_that_gives_no_resource_name_is_refused():
    with pytest.raises(BenchFileError, match=r"source\.resource: 'nowhere' is no VISA resource name"):
        load_bench("emulated").with_endpoints(ENDPOINTS | {"source": "nowhere"})


def test_a_serial_line_is_described_beside_its_resource(tmp_path):
    serial = "{baud: 19200, parity: even, data_bits: 7, stop_bits: 2, flow: rts-cts, termination: crlf}"
    text = f"schema: 1\nextends: emulated\nname: v\nsource:\n  resource: ASRL/dev/ttyS0::INSTR\n  serial: {serial}\n"
    part = load_bench(write(tmp_path, text)).parts.source
    line = SerialLine(19200, data_bits=7, parity="even", stop_bits=2, flow="rts-cts", termination="crlf")
    assert part.serial.line() == line
    recipes = safe_off_of(SOURCES[part.driver](scpi_session(part)), part)
    assert [recipe_from_json(recipe_to_json(recipe)).line for recipe in recipes] == [line]


def test_a_serial_line_that_the_driver_sets_by_itself_is_refused(tmp_path):
    (name,) = [name for name, driver in ANALYZERS.items() if hasattr(driver, "open_link")]
    text = f"schema: 1\nextends: emulated\nname: v\nanalyzer:\n  driver: {name}\n  serial: {{baud: 9600}}\n"
    error = refused(write(tmp_path, text))
    assert error.line == 6
    assert f"analyzer.serial: {name} sets its line by itself" in str(error)


@pytest.mark.parametrize(
    ("serial", "says"),
    [
        ("{baudd: 9600}", "unknown key 'source.serial.baudd'; did you mean 'baud'?"),
        ("{parity: mark}", "source.serial.parity"),
        ("{baud: 9600}", "source.serial: GPIB0::5::INSTR is no serial line"),
    ],
)
def test_a_serial_line_that_cannot_be_is_refused_with_its_line(tmp_path, serial, says):
    text = f"schema: 1\nextends: emulated\nname: v\nsource:\n  resource: GPIB0::5::INSTR\n  serial: {serial}\n"
    error = refused(write(tmp_path, text))
    assert error.line == 6
    assert says in str(error)


WIRED = "schema: 1\nextends: emulated\nname: wired\n"


def test_safety_inputs_are_among_the_capabilities_where_they_are_wired(tmp_path):
    path = write(tmp_path, WIRED + "safety_inputs: {interlock: {channel: 302}}\n")
    bench = load_bench(path)
    assert bench.capabilities - load_bench("emulated").capabilities == {"interlock"}
    assert bench.parts.safety_inputs.interlock.safe_when == "closed"


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("safety_inputs: {}", "needs 'interlock' or 'emergency_stop'"),
        ("safety_inputs: {interlock: {channel: 302, safe_when: shut}}", "closed"),
        (
            "safety_inputs: {door: {channel: 302}}",
            "unknown key 'safety_inputs.door'; known keys: emergency_stop, inter",
        ),
        ("limits: {voltage_ln_v: 420}", "limits: voltage_ln_v 420 V is beyond 416.4 V: a bench may narrow"),
        ("limits: {ramp_v_per_s: 40}", "rise of the voltage 55.4 V/s is beyond 40 V/s"),
        ("limits: {frequency_hz: [66, 67]}", "leave nothing"),
        ("source: {ramp_s: 1}", "rise of the voltage 277 V/s is beyond 100 V/s: damage envelope of S4100, rating UL"),
        ("source: {ramp_s: 61}", "ramp 61 s is beyond 60 s: source's soft start"),
    ],
)
def test_what_a_bench_says_wrongly_about_safety_is_refused_with_its_line(tmp_path, part, words):
    error = refused(write(tmp_path, WIRED + part + "\n"))
    assert words in str(error)
    assert error.line == (1 if "ramp_v_per_s" in part else 4)


def test_safety_inputs_need_a_switch_unit_to_read_them(tmp_path):
    error = refused(write(tmp_path, WIRED + "switch: null\nsafety_inputs: {interlock: {channel: 302}}\n"))
    assert "this bench has no 'switch'" in str(error)


def test_a_bench_that_narrows_the_meters_limits_plans_within_them(tmp_path):
    bench = load_bench(write(tmp_path, WIRED + "limits: {voltage_ln_v: 280, why: the leads are for 300 V}\n"))
    rating = bench.meter_types["s4100"].ratings["UL"]
    assert rating.accuracy.voltage_ln_v == rating.measuring.voltage_ln_v == 280
    assert "the leads are for 300 V" in rating.accuracy.why
    assert bench.meter_types["s4100"].ratings["CE"].accuracy.voltage_ln_v == 300
    with pytest.raises(TypeError):
        bench.meter_types["s4100"] = None  # type: ignore[index]


ROWS = """schema: 1
extends: emulated
name: v
analyzer:
  accuracy:
    voltage: {reading_pct: 0.01, range_pct: 0.02}
    current: {range_pct: 0.02, distribution: normal, k: 3}
    power: [{reading_pct: 0.03, frequency_hz: {from: 45, to: 66}}]
"""


def test_accuracy_row_of_a_variant_inherits_no_key_of_the_replaced_row(tmp_path):
    accuracy: Any = load_bench(write(tmp_path, ROWS)).parts.analyzer.reference_accuracy
    base = load_bench("emulated").parts.analyzer.reference_accuracy
    assert (accuracy.voltage.distribution, accuracy.voltage.k) == ("rectangular", None)
    assert (accuracy.current.reading_pct, accuracy.current.k) == (0.0, 3)
    assert [row.distribution for row in accuracy.power] == ["rectangular"]
    assert accuracy.phase == base.phase, "a row that the variant does not state is the base's"


def test_an_accuracy_row_replaced_over_two_files_is_the_last_one(tmp_path):
    write(tmp_path, ROWS, "base.yaml")
    over = "schema: 1\nextends: ./base.yaml\nname: w\nanalyzer:\n  accuracy:\n    current: {reading_pct: 0.05}\n"
    accuracy: Any = load_bench(write(tmp_path, over)).parts.analyzer.reference_accuracy
    assert (accuracy.current.reading_pct, accuracy.current.range_pct, accuracy.current.k) == (0.05, 0.0, None)
    assert accuracy.voltage.reading_pct == 0.01


def test_calibration_of_a_variant_inherits_nothing_of_another_certificate(tmp_path):
    calibration = "serial: '1', certificate: A, date: 2026-01-01, due: 2027-01-01, laboratory: first"
    write(
        tmp_path, f"schema: 1\nextends: emulated\nname: b\nanalyzer:\n  calibration: {{{calibration}}}\n", "base.yaml"
    )
    new = "serial: '2', certificate: B, date: 2026-02-01, due: 2027-02-01"
    over = f"schema: 1\nextends: ./base.yaml\nname: v\nanalyzer:\n  calibration: {{{new}}}\n"
    assert load_bench(write(tmp_path, over)).parts.analyzer.calibration.laboratory == ""
    error = refused(write(tmp_path, over.replace(", certificate: B", "")))
    assert "certificate" in str(error)
