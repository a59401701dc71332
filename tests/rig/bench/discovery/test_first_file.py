"""The first bench file: it loads for any find, holds what is known, and marks what only a person knows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.meter.application import FoundDevice
from drivers.meter.readings import Identity
from rig.bench import load_bench
from rig.bench.discovery import first_file
from rig.bench.discovery.bus_found import FoundMeter, FoundPort
from rig.bench.discovery.first_file import Matched, _comment, compose
from rig.bench.discovery.instruments_found import FoundInstrument
from rig.bench.discovery.matching import Fit, fitting_drivers
from rig.errors import BenchFault
from rig.files.yaml_file import parse_yaml

FLUKE = "FLUKE,6105A,637793173,2.02"
RIGOL = "Rigol Technologies,DG5254 Pro,DG5P1,00.02.07"
CHROMA = "Chroma ATE 61600,61604000,1.00,1.01,1.02"
WT = "YOKOGAWA,WT3003E-2A0-30A3,0,F6.01"
OTHERS = (
    "Agilent Technologies,34972A,MY1,1.16",
    "Agilent Technologies,33522B,MY2,2.09",
    "Agilent Technologies,53220A,MY3,02.05",
)
FACTORY = {2: 40.0, 3: 100.0, 4: 1.0, 5: 1.0, 6: 600.0, 7: 1.0, 8: 10.0, 9: 25.0, 10: 1.0, 11: 90000.0}


def instrument(answer, place=1):
    found = FoundInstrument(f"TCPIP0::192.168.1.{place}::5025::SOCKET", "@py", answer)
    return Matched(found, fitting_drivers(answer))


def meter(mac=1, name="Leviton S4100 - S/N: 1", **configuration):
    identity = Identity(100 + mac, name, "1", "Leviton", 133, "S4100", "1000", "", "", "", 4, 127)
    return FoundMeter(mac, identity, FACTORY | {int(av[2:]): value for av, value in configuration.items()})


def port(*meters, device="/dev/serial/by-id/usb-FTDI", **options):
    return FoundPort(device, "", "", baud=38400, own_mac=4, meters=meters, **options)


def loaded(tmp_path, first):
    path = tmp_path / "bench.yaml"
    path.write_text(first.text)
    return load_bench(path)


def test_what_was_found_is_in_the_file(tmp_path):
    found = [instrument(answer, place) for place, answer in enumerate((WT, *OTHERS, FLUKE), start=1)]
    first = compose("lab", found, [port(meter(1), meter(7))])
    file = loaded(tmp_path, first)
    parts = file.parts
    assert file.name == "lab"
    assert first.parts == ("analyzer", "switch", "generator", "counter", "source", "bus", "meter")
    assert (parts.source.driver, parts.source.resource) == ("fluke_6105a", "TCPIP0::192.168.1.5::5025::SOCKET")
    assert (parts.bus.port, parts.bus.baud, parts.bus.mac) == ("/dev/serial/by-id/usb-FTDI", 38400, 4)
    assert [(one.name, one.mac) for one in parts.positions] == [("1", 1), ("2", 7)]
    assert parts.clock.kind == "wall"


def test_until_somebody_fills_them_in_values_are_harmless(tmp_path):
    """No divider, the stricter rating, a low voltage; an accuracy so coarse that nothing can pass."""
    first = compose("lab", [instrument(FLUKE), instrument(WT)], [port(meter())])
    parts = loaded(tmp_path, first).parts
    assert parts.wiring.current_divider.ratio == parts.wiring.voltage.ratio == 1.0
    assert (parts.nominal.rating, parts.nominal.voltage_v) == ("CE", 120)
    assert parts.analyzer.accuracy.power.reading_pct == 1.0
    told = dict(first.to_fill_in)
    lines = first.text.splitlines()
    assert all(first_file.MARK in lines[number - 1] for number in told)
    words = " ".join(told.values())
    for what in ("source: its calibration", "analyzer: accuracy", "volts at the source", "rating", "AV6: 600 V"):
        assert what in words


def test_the_transducer_is_the_one_that_the_meter_is_set_to(tmp_path):
    first = compose("lab", [instrument(FLUKE)], [port(meter(AV3=400.0, AV4=3.0, AV5=2.5, AV2=12.0))])
    parts = loaded(tmp_path, first).parts
    assert (parts.wiring.ct.primary_a, parts.wiring.ct.secondary_v) == (400.0, pytest.approx(1 / 3))
    assert (parts.wiring.pt_ratio, parts.nominal.system_type) == (2.5, 12)


def test_two_sources_are_combined_and_a_second_of_a_kind_is_named(tmp_path):
    found = [instrument(answer, place) for place, answer in enumerate((RIGOL, FLUKE, WT, WT), start=1)]
    first = compose("lab", found, [port(meter()), port(meter(), device="/dev/ttyUSB7")])
    parts = loaded(tmp_path, first).parts
    assert (parts.source.driver, parts.low_level_source.driver) == ("fluke_6105a", "rigol_dg5000")
    assert parts.analyzer.resource.startswith("TCPIP0::192.168.1.3::")
    assert [line.partition(":: ")[2] or line for line in first.left_out] == [
        "TCPIP0::192.168.1.4::5025::SOCKET: a second analyzer",
        "/dev/ttyUSB7: a second bus",
    ]


def test_source_that_cannot_drive_a_meter_alone_is_left_out_with_a_reason(tmp_path):
    first = compose("lab", [instrument(CHROMA)], [port(meter())])
    assert first.parts == ("bus", "meter")
    assert "has no low-level channels" in first.left_out[0]
    assert loaded(tmp_path, first).parts.source is None


def test_the_serial_number_is_the_one_that_the_driver_reads():
    """Not every make has it in the third field of its answer."""
    assert instrument("Chroma ATE 61600,61604000,1.00,1.01,1.02").serial_number == "61604000"
    assert instrument(FLUKE).serial_number == "637793173"


def test_a_low_level_source_alone_is_no_source():
    with pytest.raises(BenchFault, match="nothing was found"):
        compose("lab", [instrument(RIGOL)], [])


@pytest.mark.parametrize(
    ("found", "ports", "parts"),
    [
        ([FLUKE], [], ("source",)),
        ([WT], [], ("analyzer",)),
        ([], [port(meter())], ("bus", "meter")),
        ([], [port(others=(FoundDevice(3, 77, 480, 5),))], ("bus",)),
    ],
)
def test_a_partial_bench_gets_a_file_that_loads(tmp_path, found, ports, parts):
    first = compose("lab", [instrument(answer) for answer in found], ports)
    assert first.parts == parts
    file = loaded(tmp_path, first)
    assert file.parts.positions == () or "meter" in parts


def test_nothing_found_is_told_with_what_to_do():
    silent = FoundPort("/dev/ttyS0", "", "silent")
    with pytest.raises(BenchFault, match="--resource"):
        compose("lab", [Matched(FoundInstrument("X", "@py", None, "dead"), ())], [silent])


ANYTHING = st.text(max_size=8)
HOST = "[a-z][a-z0-9]{0,8}([.][a-z]{1,9})?"
RESOURCES = st.from_regex(rf"(ASRL/dev/[a-z#'\\-]{{1,9}}|TCPIP0::{HOST}::inst0)::INSTR", fullmatch=True)


@settings(max_examples=25)
@given(name=ANYTHING.filter(bool), idn=ANYTHING, meter_name=ANYTHING, resource=RESOURCES)
def test_file_with_any_names_of_people_and_devices_quotes_them_and_loads(name, idn, meter_name, resource):
    found = FoundInstrument(resource, "@py", idn)
    first = compose(name, [Matched(found, (Fit("analyzer", "yokogawa_wt"),))], [port(meter(name=meter_name))])
    data, _ = parse_yaml("lab.yaml", first.text)
    assert (data["name"], data["analyzer"]["resource"]) == (_comment(name), resource)
    assert data["positions"] == [{"name": "1", "mac": 1, "meter_type": "s4100"}]
