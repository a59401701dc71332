"""Bench files that say what cannot be: one sentence with file and line, before anything is started or sent."""

import pytest

from rig.bench.config.files import load_bench
from rig.errors import BenchFileError
from tests.rig.bench.config.test_bench_file import ENDPOINTS

HEAD = "schema: 1\nextends: example-real-bench\nname: x\n"
TWO = '[{name: "1", mac: %s, meter_type: s4100}, {name: "2", mac: %s, meter_type: s4100}]'


def refusal(tmp_path, text, head=HEAD):
    path = tmp_path / "bench.yaml"
    path.write_text(head + text)
    with pytest.raises(BenchFileError) as caught:
        load_bench(path)
    assert str(caught.value).startswith(f"{path}:")
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"positions: {TWO % (1, 1)}", "positions 1 and 2 have the same MAC, 1"),
        ('positions:\n- {name: a, device_instance: 7, meter_type: s4100}\n'
         '- {name: b, device_instance: 7, meter_type: s4100}',
         "positions a and b have the same device instance, 7"),
        ("bus: {mac: 1}", "the rig and position 1 have the same MAC, 1"),
        (f"bus: {{mac: 5}}\npositions: {TWO % (3, 5)}", "the rig and position 2 have the same MAC, 5"),
        (f"positions: {TWO % (3, '010')}", "010 has leading zeros"),
        ("bus: {baud: 21:20:00}", "21:20:00 is no number"),
        ("nominal: {voltage_v: 120}", "120 V line to neutral does not fit system_voltage_v 480"),
        ("nominal: {system_voltage_v: 208}", "277 V line to neutral does not fit system_voltage_v 208"),
        ("nominal: {voltage_v: 277, system_type: 10}", "which is 480 V line to neutral"),
        ("nominal: {voltage_v: 277, system_type: 12}", "which is 240 V line to neutral"),
        ("nominal: {voltage_v: 480, system_type: 31}", "which is 277.1 V line to neutral"),
        ("nominal: {voltage_v: 1.0e+308}", "too large"),
        ("nominal: {voltage_v: 1.0e+9}", "1000000"),
        ("wiring: {current_divider: {ratio: 1.0e+300}}", "too large"),
        ("wiring: {current_divider: {ratio: 1.0e+9}}", "1000000"),
        ("wiring: {current_divider: {ratio: 8:1}}", "the ratio 8:1 is 8"),
        ("wiring: {voltage: {ratio: 1:1}}", "write one number"),
        ("wiring: {pt_ratio: 2:1}", "write one number"),
        ("wiring: {pt_ratio: 010}", "write 10"),
        ("limits: {voltage_ln_v: 5:30}", "write one number"),
        ("source: {ramp_s: 1.0e+14}", "604800"),
        ("source: {options: {low_level: off}}", "low_level"),
        ("simulated: no", "write true or false"),
        ("source: {single_client: yes}", "write true or false"),
        ("analyzer: {calibration: {serial: '1', certificate: C, date: 2026-02-01, due: 2027-02-29}}",
         "'2027-02-29' is no"),
        ("analyzer: {calibration: {serial: 0012, certificate: C, date: 2026-02-01, due: 2027-02-28}}", "leading zeros"),
        (f"description: {'[' * 3000}", "within each other"),
        ("positions: &p [*p]", "no end"),
        ("schema: true", "stands twice"),
        ("calibration: ~nobody/x.yaml", "unknown key 'calibration'"),
    ],
)  # fmt: skip
def test_bench_file_that_says_what_cannot_be_is_refused_with_its_line(tmp_path, text, said):
    assert said in str(refusal(tmp_path, text))


@pytest.mark.parametrize("name", ['"a\\x1b[31m"', '"a\\nb"', "x" * 101, '""', '"\\u202etxt"', "2026", "[]"])
def test_name_that_is_no_line_of_text_is_refused(tmp_path, name):
    assert refusal(tmp_path, f"name: {name}\n", "schema: 1\nextends: emulated\n").line == 3


@pytest.mark.parametrize("name", ['"[/bold]"', "'[red]x'", "no", "on", "'=1+1'", "2026-01-01", "Prüfplatz – 3"])
def test_name_that_is_odd_but_a_text_is_taken(tmp_path, name):
    path = tmp_path / "bench.yaml"
    path.write_text(f"schema: 1\nextends: emulated\nname: {name}\n")
    assert load_bench(path).name == name.strip("'\"")


@pytest.mark.parametrize(
    ("volts", "system", "kind"),
    [(277, 480, 40), (230, 400, 40), (240, 415, 40), (120, 208, 31), (120, 240, 12), (120, 120, 10), (120, 208, 11)],
)
def test_usual_systems_fit_their_nominal_voltage(tmp_path, volts, system, kind):
    path = tmp_path / "bench.yaml"
    path.write_text(f"{HEAD}nominal: {{voltage_v: {volts}, system_voltage_v: {system}, system_type: {kind}}}\n")
    assert load_bench(path).parts.nominal.voltage_v == volts


def test_launched_process_address_equal_to_the_rigs_own_is_refused(tmp_path):
    path = tmp_path / "bench.yaml"
    path.write_text("schema: 1\nextends: emulated\nname: x\nbus: {mac: 1}\n")
    with pytest.raises(BenchFileError, match="the rig and position 1 have the same MAC, 1") as caught:
        load_bench(path).with_endpoints(ENDPOINTS)
    assert caught.value.line == 4


def test_schema_that_is_a_boolean_is_refused(tmp_path):
    assert "'schema' must be 1" in str(refusal(tmp_path, "", "schema: true\nname: x\n"))


def test_calibration_or_meter_type_that_is_a_pipe_or_folder_is_refused(tmp_path):
    (tmp_path / "folder.yaml").mkdir()
    assert "is a folder" in str(refusal(tmp_path, "analyzer: {calibration: folder.yaml}"))
    positions = "positions: [{name: a, mac: 3, meter_type: folder.yaml}]"
    with pytest.raises(BenchFileError, match="is a folder"):
        load_bench(_written(tmp_path, HEAD + positions))


def test_bases_that_extend_each_other_without_end_are_refused(tmp_path):
    for number in range(15):
        (tmp_path / f"b{number}.yaml").write_text(f"schema: 1\nextends: ./b{number + 1}.yaml\nname: x\n")
    with pytest.raises(BenchFileError, match="more than 10 bench files"):
        load_bench(tmp_path / "b0.yaml")


def _written(tmp_path, text):
    path = tmp_path / "b.yaml"
    path.write_text(text)
    return path
