"""The refusal where the packages that draw reports are not installed; they are an extra."""

from __future__ import annotations

import importlib

from rig.errors import UsageRefused


class ReportsNotInstalled(UsageRefused):
    """A package of the ``report`` extra is missing (exit 11); ``package`` is its name."""

    def __init__(self, package: str) -> None:
        super().__init__(f"reports need the package {package}, which is not installed; pip install 's4100-rig[report]'")
        self.package = package


def need(*packages: str) -> None:
    """Raise ``ReportsNotInstalled`` for the first of ``packages`` that cannot be imported."""
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise ReportsNotInstalled(package) from error
