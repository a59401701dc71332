"""Lock files: everything pinned with hashes, no registry named, and within the bounds of pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)(?: ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def asked(lock: str) -> list[str]:
    project = SETTINGS["project"]
    if lock == "requirements.lock":
        return [
            *project["dependencies"],
            *(text for each in project["optional-dependencies"].values() for text in each),
        ]
    return list(SETTINGS["dependency-groups"][lock.removeprefix("requirements-").removesuffix(".lock")])


@pytest.fixture(params=sorted(path.name for path in ROOT.glob("requirements*.lock")))
def lock(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def pins(lock: str) -> list[tuple[str, str]]:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    found = [match for line in lines if (match := PIN.match(line))]
    return [(match["name"], match["version"]) for match in found]


def test_every_line_is_a_pin_or_a_hash(lock: str) -> None:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not PIN.match(line) and not HASH.match(line)] == []
    assert sum("--hash" in line for line in lines) >= len(pins(lock)) > 0


def test_what_pyproject_asks_for_is_pinned_within_its_bounds(lock: str) -> None:
    pinned = pins(lock)
    for requirement in map(Requirement, asked(lock)):
        versions = [version for name, version in pinned if name == canonicalize_name(requirement.name)]
        assert versions, f"{requirement.name} is not in {lock}; run make lock"
        assert all(version in requirement.specifier for version in versions), f"{requirement}: {versions}"


def test_a_tools_lock_file_shares_the_versions_of_the_environment(lock: str) -> None:
    environment = {
        name: {v for n, v in pins("requirements.lock") if n == name} for name, _ in pins("requirements.lock")
    }
    assert [(name, v) for name, v in pins(lock) if v not in environment.get(name, {v})] == []
