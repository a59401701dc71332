"""The version: from the git tag when the package is built, from its metadata when it runs; known without git too."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from rig.cli.commands import cli
from rig.version import NOT_INSTALLED, software_version

ROOT = Path(__file__).resolve().parents[2]
BUILD_METADATA = "import setuptools.build_meta as b; b.prepare_metadata_for_build_wheel('.')"
BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE", "rig")


def last_release() -> str:
    releases = re.findall(r"^## (\d+\.\d+\.\d+) ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    return str(releases[0])


def test_rig_version_prints_the_version_of_the_metadata() -> None:
    shown = CliRunner().invoke(cli, ["--version"])
    assert (shown.exit_code, shown.output) == (0, f"rig, version {metadata.version('s4100-rig')}\n")


def test_a_tree_never_installed_has_a_version_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)
    assert software_version() == NOT_INSTALLED
    assert CliRunner().invoke(cli, ["--version"]).output == f"rig, version {NOT_INSTALLED}\n"


def test_a_copy_without_git_has_the_version_of_the_last_release(tmp_path: Path) -> None:
    for name in BUILT_FROM:
        source, copy = ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)
    environment = {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent), "PATH": "", "PYTHONPATH": str(tmp_path)}
    for words in (["-c", BUILD_METADATA], ["-m", "rig.cli", "--version"]):
        done = subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert done.stdout == f"rig, version {last_release()}\n"


def test_the_version_without_git_is_the_changelogs_last_release() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["setuptools_scm"]["fallback_version"] == last_release()
