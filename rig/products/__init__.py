"""Product variants: how a meter is scanned, set up, tested and shipped; read from files that people edit."""

from __future__ import annotations

from rig.products.failure_classes import FailureClass
from rig.products.files import available_products, json_schema, load_product
from rig.products.product import Product
from rig.products.scan import ScanRefused, serial_number_of

__all__ = [
    "FailureClass",
    "Product",
    "ScanRefused",
    "available_products",
    "json_schema",
    "load_product",
    "serial_number_of",
]
