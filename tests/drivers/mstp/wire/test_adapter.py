"""What the system says about an adapter, and what is advised: on a made-up sysfs and a real pseudo-terminal."""

import os

import pytest

from drivers.mstp.wire.adapter import actual_baud, lasting_name, latency_advice, latency_timer_ms


@pytest.fixture
def sysfs(tmp_path):
    def make(timer):
        folder = tmp_path / "sys/bus/usb-serial/devices/ttyUSB0"
        folder.mkdir(parents=True)
        (folder / "latency_timer").write_text(timer)
        return tmp_path / "sys"

    return make


@pytest.fixture
def by_id(tmp_path):
    """A folder of lasting names, as udev makes it, for two adapters in ``tmp_path``."""
    folder = tmp_path / "by-id"
    folder.mkdir()
    for number in (0, 1):
        (tmp_path / f"ttyUSB{number}").write_text("")
        (folder / f"usb-FTDI_serial{number}-port0").symlink_to(tmp_path / f"ttyUSB{number}")
    return folder


def test_a_slow_latency_timer_is_advised_against_with_what_to_do(sysfs, tmp_path):
    folder = sysfs("16\n")
    advice = str(latency_advice("/dev/ttyUSB0", folder))
    assert latency_timer_ms("/dev/ttyUSB0", folder) == 16
    assert "16 ms" in advice
    assert f"sudo tee {folder}/bus/usb-serial/devices/ttyUSB0/latency_timer" in advice


def test_a_device_named_by_a_link_is_looked_up_as_what_it_is(sysfs, tmp_path):
    (tmp_path / "ttyUSB0").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "ttyUSB0")
    assert latency_timer_ms(str(tmp_path / "link"), sysfs("16")) == 16


@pytest.mark.parametrize("timer", ["1", "not a number"])
def test_where_nothing_is_to_be_done_nothing_is_advised(sysfs, timer):
    assert latency_advice("/dev/ttyUSB0", sysfs(timer)) is None


def test_an_adapter_without_such_a_timer_gives_no_advice(tmp_path):
    assert latency_advice("/dev/ttyS0", tmp_path) is None


def test_a_numbered_device_has_its_lasting_name(by_id, tmp_path):
    assert lasting_name(str(tmp_path / "ttyUSB1"), by_id) == str(by_id / "usb-FTDI_serial1-port0")


def test_device_named_by_a_link_or_without_lasting_name_keeps_its_name(by_id, tmp_path):
    (tmp_path / "mine").symlink_to(tmp_path / "ttyUSB0")
    (tmp_path / "ttyS0").write_text("")
    for device in (tmp_path / "mine", tmp_path / "ttyS0"):
        assert lasting_name(str(device), by_id) == str(device)
    assert lasting_name("/dev/ttyUSB0", tmp_path / "nowhere") == "/dev/ttyUSB0"


def test_what_is_no_terminal_does_not_say_its_rate(tmp_path):
    with (tmp_path / "file").open("w") as file:
        assert actual_baud(file.fileno()) is None
    read, write = os.pipe()
    assert actual_baud(read) is None
    os.close(read)
    os.close(write)
