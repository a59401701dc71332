"""``rig products``: list the product variants, show one, or print the JSON schema of their files."""

from __future__ import annotations

import json

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import LINE


@click.command()
@click.argument("product", required=False, type=LINE, metavar="[NAME|PATH]")
@click.option("--schema", is_flag=True, help="Print the JSON schema of product files, for editors.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def products(product: str | None, schema: bool, as_json: bool) -> None:
    """List the product variants that come with the rig, or check a product file and show what it says."""
    from rig.products import available_products, json_schema, load_product

    if schema:
        echo(json.dumps(json_schema(), indent=2))
        return
    if product is None:
        found = {name: load_product(name) for name in available_products()}
        if as_json:
            echo(json.dumps({name: each.model_dump(mode="json", by_alias=True) for name, each in found.items()}))
            return
        for name, each in found.items():
            echo(f"{name:<12} {each.name}: {each.description}")
        return
    one = load_product(product)
    if as_json:
        echo(json.dumps(one.model_dump(mode="json", by_alias=True), indent=1))
        return
    echo(f"{one.name}: {one.description}")
    echo(f"serial number: {one.serial_number.words}")
    echo(f"released firmware: {', '.join(one.released_firmware)}")
    values = ", ".join(f"AV{av} {value:g}" for av, value in one.configuration.by_instance.items())
    echo(f"configuration: {values}")
    route = one.route
    echo(f"route: {'none' if route is None else route.file or route.url}")
    after = ", ".join(each.words for each in one.retest.after) or "no failure"
    echo(f"tests of one unit: {one.retest.most_attempts} at most, once more after {after}")
    echo(f"required parts: {', '.join(one.required) or 'none'}")
