"""The engineer's password of a station, and its sessions."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rig.errors import UsageRefused
from rig.station.pages.engineer import LASTS_S, Sessions
from rig.station.password import PASSWORD_FILE, has_password, is_password, set_password


def test_only_the_password_that_was_set_is_right(tmp_path: Path) -> None:
    assert not has_password(tmp_path)
    assert not is_password(tmp_path, "")
    set_password(tmp_path, "correct horse")
    assert is_password(tmp_path, "correct horse")
    assert not is_password(tmp_path, "correct horse ")
    assert not is_password(tmp_path, "")
    set_password(tmp_path, "another horse")
    assert not is_password(tmp_path, "correct horse")


def test_the_file_has_no_password_and_is_for_its_user_alone(tmp_path: Path) -> None:
    set_password(tmp_path, "correct horse")
    file = tmp_path / PASSWORD_FILE
    assert "horse" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_short_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageRefused, match="less than 8"):
        set_password(tmp_path, "1234567")


@pytest.mark.parametrize("content", ["", "{}", '{"salt": 1, "hash": "zz"}', '{"salt": "zz", "hash": "00"}'])
def test_a_damaged_file_lets_no_password_in(tmp_path: Path, content: str) -> None:
    (tmp_path / PASSWORD_FILE).write_text(content)
    assert not has_password(tmp_path)
    assert not is_password(tmp_path, "")


def test_a_session_ends_after_a_shift_and_by_logging_out() -> None:
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    first, second = sessions.begin(), sessions.begin()
    assert sessions.has(first)
    sessions.end(first)
    assert not sessions.has(first)
    now[0] = LASTS_S + 1
    assert not sessions.has(second)
    assert not sessions.has("")


def test_the_number_of_sessions_is_bounded() -> None:
    sessions = Sessions(lambda: 0.0)
    tokens = [sessions.begin() for _ in range(40)]
    assert sum(map(sessions.has, tokens)) == 16
