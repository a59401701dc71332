"""The refusal where the packages that make certificates are not installed; they are the extra ``certificate``."""

from __future__ import annotations

import importlib

from rig.errors import UsageRefused


class CertificatesNotInstalled(UsageRefused):
    """A package of the ``certificate`` extra is missing (exit 11); ``package`` is its name."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"certificates need the package {package}, which is not installed; pip install 's4100-rig[certificate]'"
        )
        self.package = package


def need_certificates(*packages: str) -> None:
    """Raise CertificatesNotInstalled for the first of ``packages`` that cannot be imported."""
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise CertificatesNotInstalled(package) from error
