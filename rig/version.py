"""The version of this software, and the commit where it runs from a checkout."""

from __future__ import annotations

import subprocess
from importlib import metadata
from pathlib import Path

NOT_INSTALLED = "0+unknown"
"""The version of a source tree that was copied and never installed."""


def software_version() -> str:
    """The version in the installed package's metadata, made from the git tag at build time; else ``NOT_INSTALLED``."""
    try:
        return metadata.version("s4100-rig")
    except metadata.PackageNotFoundError:
        return NOT_INSTALLED


def git_sha() -> str | None:
    """The commit of the checkout this runs from, with ``+changes`` where files differ; None outside a checkout."""
    folder = Path(__file__).resolve().parent.parent
    try:
        sha = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{sha}+changes" if changed else sha


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words],  # noqa: S607 - git from the path
        capture_output=True,
        text=True,
        timeout=5,
        check=True,
    )
    return done.stdout.strip()
