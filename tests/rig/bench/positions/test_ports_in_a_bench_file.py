"""Positions with ports of their own in a bench file: what each takes over, what is one port, and what is refused."""

import pytest

from rig.bench import load_bench, one_position
from rig.bench.lock import hold_bench
from rig.errors import BenchBusy, BenchFileError, UsageRefused
from rig.safety.locks import kernel_lock

TWO = """\
schema: 1
name: two
bus: {port: /dev/ttyA, baud: 38400, apdu_repeats: 3, listen_port: /dev/ttyL, max_master: 5}
positions:
  - {name: left, mac: 1, meter_type: s4100}
  - {name: right, mac: 1, meter_type: s4100, bus: {port: /dev/ttyB, max_master: 7}}
"""


@pytest.fixture
def written(tmp_path):
    def write(text, name="bench"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(text)
        return path

    return write


def test_a_position_takes_over_what_its_bus_leaves_out(written):
    parts = load_bench(written(TWO)).parts
    left, right = parts.buses
    assert (left.port, left.baud, left.max_master, left.listen_port) == ("/dev/ttyA", 38400, 5, "/dev/ttyL")
    assert (right.port, right.baud, right.max_master, right.apdu_repeats) == ("/dev/ttyB", 38400, 7, 3)
    assert right.listen_port is None


def test_a_chosen_position_has_its_port_as_the_bus_of_the_bench(written):
    alone = one_position(load_bench(written(TWO)), "right")
    assert alone.parts.bus.port == "/dev/ttyB"
    assert [bus.port for bus in alone.parts.buses] == ["/dev/ttyB"]
    assert "meter" in alone.capabilities
    again = alone.with_endpoints({})  # from its data, as a launched bench is
    assert [(bus.port, bus.max_master) for bus in again.parts.buses] == [("/dev/ttyB", 7)]
    other = one_position(load_bench(written(TWO)), "left").with_endpoints({})
    assert [bus.port for bus in other.parts.buses] == ["/dev/ttyA"]


def test_ports_alone_make_a_bench_whose_meters_can_be_read(written):
    text = "schema: 1\nname: b\npositions: [{name: a, mac: 1, meter_type: s4100, bus: {port: /dev/ttyC}}]\n"
    assert {"bus", "meter"} <= load_bench(written(text)).capabilities


def test_positions_at_one_port_share_one_bus(written):
    parts = load_bench(
        written(
            TWO.replace("mac: 1, meter_type: s4100, bus: {port: /dev/ttyB, max_master: 7}", "mac: 2, meter_type: s4100")
        )
    ).parts
    assert [bus.port for bus in parts.buses] == ["/dev/ttyA"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("/dev/ttyB, max_master: 7", "/dev/ttyA, max_master: 7", "its port /dev/ttyA has other settings"),
        ("bus: {port: /dev/ttyB, max_master: 7}", "bus: null", "positions left and right have the same MAC, 1"),
        ("mac: 1, meter_type: s4100, bus", "meter_type: s4100, bus", "position right needs 'mac' or 'device_instance'"),
        ("port: /dev/ttyB, ", "", "bus.port"),
        ("max_master: 7", "mac: 1", "the rig and position right have the same MAC, 1"),
        (
            "bus: {port: /dev/ttyA, baud: 38400, apdu_repeats: 3, listen_port: /dev/ttyL, max_master: 5}\n",
            "",
            "left has no bus",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(written, old, new, said):
    assert old in TWO
    with pytest.raises(BenchFileError) as refused:
        load_bench(written(TWO.replace(old, new)))
    assert said in str(refused.value)


def test_a_bus_that_is_listened_to_must_be_named(written):
    from rig.bench.discovery.listening import open_listening_port

    with pytest.raises(UsageRefused, match="say which with --position NAME"), open_listening_port(written(TWO), "x"):
        pass


def test_each_port_is_locked(written, monkeypatch, tmp_path):
    monkeypatch.setattr(kernel_lock, "PREFIX", f"s4100-test-{tmp_path.name}/")
    other = "schema: 1\nname: other\nbus: {port: /dev/ttyB}\npositions: [{name: a, mac: 1, meter_type: s4100}]\n"
    with (
        hold_bench(load_bench(written(TWO))),
        pytest.raises(BenchBusy, match="bus port /dev/ttyB is in use by bench 'two'"),
        hold_bench(load_bench(written(other, "other"))),
    ):
        pass


@pytest.mark.parametrize(("name", "ports"), [("emulated-eol", 1), ("emulated-eol-8", 8)])
def test_end_of_line_benches_have_a_port_for_each_position(name, ports):
    bench = load_bench(name)
    assert len(bench.parts.buses) == len(bench.parts.positions) == ports
    assert {position.mac for position in bench.parts.positions} == {1}
    assert {bus.max_master for bus in bench.parts.buses} == {7}
