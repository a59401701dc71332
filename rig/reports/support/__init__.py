"""The support bundle: what a person elsewhere needs to understand a bench's trouble, without its secrets."""

from rig.reports.support.bundle import BundleContent, write_bundle
from rig.reports.support.redaction import Redactor

__all__ = ["BundleContent", "Redactor", "write_bundle"]
