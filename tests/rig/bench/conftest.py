"""Fixtures of the bench tests: a state folder of their own."""

import pytest


@pytest.fixture(autouse=True)
def state_folder(tmp_path, monkeypatch):
    folder = tmp_path / "state"
    monkeypatch.setenv("RIG_STATE_DIR", str(folder))
    return folder
