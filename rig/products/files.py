"""Product files: by the name of one that comes with the rig, or by path; strict, with file and line in complaints."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from rig.errors import UsageRefused
from rig.files.yaml_file import load_yaml_model, path_of
from rig.products.product import Product

_SHELF = "fixtures.products"


def available_products() -> tuple[str, ...]:
    """Return the names of the product variants that come with the rig."""
    shelf = resources.files(_SHELF)
    return tuple(sorted(entry.name[:-5] for entry in shelf.iterdir() if entry.name.endswith(".yaml")))


def load_product(name_or_path: str | Path) -> Product:
    """Load a product variant by NAME (one that comes with the rig) or PATH (a slash or a .yaml ending).

    Raises UsageRefused for an unknown name, BenchFileError with file and line for a file that is not right.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith((".yaml", ".yml")) or "/" in text:
        return _load(path_of(text))
    if text not in available_products():
        known = ", ".join(available_products())
        raise UsageRefused(f"there is no product {text!r}; known: {known}; a file is named by a path ending in .yaml")
    with resources.as_file(resources.files(_SHELF) / f"{text}.yaml") as path:
        return _load(path)


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a product file, for editors that complete and check YAML."""
    schema = Product.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "S4100 rig product variant"
    return schema


def _load(path: Path) -> Product:
    return load_yaml_model(path, Product).placed(path.parent)
