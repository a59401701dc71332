"""Resource names: all kinds that VISA knows and the rig takes, and what is said of one that is none."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scpi.resource import ResourceKind, resource_kind

GOOD = {
    "TCPIP0::192.168.1.20::5025::SOCKET": ResourceKind.SOCKET,
    "tcpip::source.lab.example::5025::socket": ResourceKind.SOCKET,
    "TCPIP0::192.168.1.20::hislip0::INSTR": ResourceKind.HISLIP,
    "TCPIP::127.0.0.1::hislip0,40001::INSTR": ResourceKind.HISLIP,
    "TCPIP::wt5000::HISLIP0": ResourceKind.HISLIP,
    "TCPIP0::192.168.1.20::inst0::INSTR": ResourceKind.VXI11,
    "TCPIP0::192.168.1.20::INSTR": ResourceKind.VXI11,
    "TCPIP::192.168.1.20": ResourceKind.VXI11,
    "TCPIP0::gateway::gpib0,5::INSTR": ResourceKind.VXI11,
    "GPIB0::17::INSTR": ResourceKind.GPIB,
    "GPIB::5::96": ResourceKind.GPIB,
    "USB0::0x0957::0x1234::MY12345678::INSTR": ResourceKind.USB,
    "USB::2391::4660::MY12345678::0::INSTR": ResourceKind.USB,
    "ASRL1::INSTR": ResourceKind.SERIAL,
    "ASRL/dev/ttyUSB0::INSTR": ResourceKind.SERIAL,
    "ASRL/dev/serial/by-id/usb-FTDI_A1-if00-port0::INSTR": ResourceKind.SERIAL,
    "ASRLCOM3": ResourceKind.SERIAL,
}
BAD = [
    "",
    "source",
    "192.168.1.20",
    "TCPIP0:192.168.1.20:5025:SOCKET",
    "TCPIP0::192.168.1.20::5025",
    "TCPIP0::192.168.1.20::SOCKET",
    "TCPIP0::::5025::SOCKET",
    "TCPIP0::192.168.1.20::port::SOCKET",
    "TCPIP0::192.168.1.20::hislip::INSTR",
    "TCPIP0::192.168.1.20::inst0::INSTRUMENT",
    "GPIB0::INSTR",
    "GPIB0::five::INSTR",
    "USB0::0x0957::0x1234::INSTR",
    "USB0::manufacturer::0x1234::X::INSTR",
    "/dev/ttyUSB0",
    "ASRL::INSTR",
    "PXI0::1::INSTR",
    " TCPIP0::192.168.1.20::5025::SOCKET",
]


@pytest.mark.parametrize(("name", "kind"), GOOD.items())
def test_each_form_is_the_kind_it_is(name, kind):
    assert resource_kind(name) is kind


@pytest.mark.parametrize("kind", ResourceKind)
def test_the_form_shown_for_a_kind_is_of_that_kind(kind):
    assert resource_kind(kind.value) is kind


@pytest.mark.parametrize("name", BAD)
def test_what_is_none_is_refused_with_the_kinds_that_are(name):
    with pytest.raises(ValueError, match=r"is no VISA resource name; the kinds are TCPIP0::.*, ASRL/dev") as caught:
        resource_kind(name)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("TCPIP0::h::0::SOCKET", "a port is 1 to 65535, not 0"),
        ("TCPIP0::h::70000::SOCKET", "a port is 1 to 65535, not 70000"),
        (f"TCPIP0::h::{'9' * 5000}::SOCKET", "a port is 1 to 65535"),
        ("TCPIP0::h::hislip0,99999::INSTR", "a port is 1 to 65535"),
        ("GPIB0::31::INSTR", "a GPIB address is 0 to 30, not 31"),
        ("GPIB0::5::31::INSTR", "a secondary GPIB address is 0 to 30 or 96 to 126, not 31"),
    ],
)
def test_a_number_that_cannot_be_is_named(name, says):
    with pytest.raises(ValueError, match=says):
        resource_kind(name)


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["TCPIP0", "GPIB", "5", "::", "INSTR", "hislip0", ",", "x"])).map("".join)
)
def test_any_text_is_a_kind_or_refused(name):
    known = None
    with contextlib.suppress(ValueError):
        known = resource_kind(name)
    assert known is None or name.upper().startswith(("TCPIP", "GPIB", "USB", "ASRL"))
