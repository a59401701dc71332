"""What a scanner sends, where no product variant says what a serial number looks like."""

from __future__ import annotations

import pytest

from rig.errors import UsageRefused
from rig.station.scan import any_serial_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3718921039", "3718921039"),
        ("3718921039\r\n", "3718921039"),
        (" 0012\r", "0012"),
        ("1E5", "1E5"),
        ("3718921039\r\n3718921039\r\n", "3718921039"),
        ("37189210393718921039", "3718921039"),
        ("1111", "1111"),
    ],
)
def test_a_serial_number_stays_text(text: str, number: str) -> None:
    assert any_serial_number(text) == number


@pytest.mark.parametrize("text", ["", "\r\n", "12345 67890", "http://a?b", "<b>", "1" * 81, "é1", "-1"])
def test_what_is_no_serial_number_is_refused(text: str) -> None:
    with pytest.raises(UsageRefused):
        any_serial_number(text)
