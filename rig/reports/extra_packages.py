"""The refusal where the packages that draw reports are not installed; they are an extra."""

from __future__ import annotations

import importlib

from rig.errors import UsageRefused


class ReportsNotInstalled(UsageRefused):
    """A package of an extra, ``report`` or another one, is missing (exit 11); ``package`` is its name."""

    def __init__(self, package: str, extra: str = "report") -> None:
        what = "reports need" if extra == "report" else f"the {extra} needs"
        super().__init__(f"{what} the package {package}, which is not installed; pip install 's4100-rig[{extra}]'")
        self.package = package


def need(*packages: str, extra: str = "report") -> None:
    """Raise ``ReportsNotInstalled`` for the first of ``packages``, of an ``extra``, that cannot be imported."""
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise ReportsNotInstalled(package, extra) from error
