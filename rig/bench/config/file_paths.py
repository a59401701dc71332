"""Which files a bench is read from, whether or not it is good."""

from __future__ import annotations

from pathlib import Path

from rig.bench.config.finding import find_bench_file
from rig.errors import BenchFileError, UsageRefused
from rig.files.yaml_file import parse_yaml, read_text


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
