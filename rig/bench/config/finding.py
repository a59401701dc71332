"""Where a bench file is, by the name of one that comes with the rig or by path; which files a bench is read from."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from rig.errors import BenchFileError, UsageRefused
from rig.files.yaml_file import parse_yaml, path_of, read_text

_BENCHES = "fixtures.benches"


def bench_names() -> list[str]:
    """Names of the bench files that come with the rig."""
    folder = resources.files(_BENCHES)
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def find_bench_file(name_or_path: str | Path, *, beside: Path | None = None) -> Path:
    """Return the path of a bench by NAME or PATH, ``beside`` another file; raises UsageRefused for an unknown NAME."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text:
        path = path_of(text, beside=beside)
        try:
            return path.resolve()
        except (RuntimeError, ValueError):  # links in a circle, a NUL
            return path
    known = bench_names()
    if text in known:
        with resources.as_file(resources.files(_BENCHES) / f"{text}.yaml") as path:
            return path.resolve()
    names = ", ".join(known)
    raise UsageRefused(f"there is no bench {text!r}; known benches: {names}; a file is named by a path ending in .yaml")


def bench_file_paths(name_or_path: str | Path) -> tuple[Path, ...]:
    """Files that a bench is read from, the bases it extends after it, as far as they can be read; it may be refused.

    Raises UsageRefused for an unknown NAME, BenchFileError where the first file cannot be read.
    """
    paths = [find_bench_file(name_or_path)]
    read_text(paths[0])
    while True:
        try:
            data, _ = parse_yaml(paths[-1], read_text(paths[-1]))
            base = data.get("extends") if isinstance(data, dict) else None
            path = find_bench_file(base, beside=paths[-1]) if isinstance(base, str) else None
        except (BenchFileError, UsageRefused):
            path = None
        if path is None or path in paths or not path.is_file():
            return tuple(paths)
        paths.append(path)
