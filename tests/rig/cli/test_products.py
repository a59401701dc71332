"""``rig products``: variants are listed, a file is checked and shown, and editors have its schema."""

import json

import pytest
from click.testing import CliRunner

from rig.cli.eol.products import products
from rig.errors import BenchFileError


def said(*words):
    result = CliRunner().invoke(products, list(words), catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_products_are_listed_and_shown():
    assert "s4100-480    S4100-480-1V: S4100 for 277/480 V" in said()
    shown = said("s4100-208")
    assert "AV4 3" in shown
    assert "3 to 11 digits and capital letters" in shown
    assert json.loads(said("s4100-208", "--json"))["configuration"]["ct_secondary"] == 3
    assert json.loads(said("--schema"))["title"] == "S4100 rig product variant"


def test_a_wrong_product_file_is_refused(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("schema: 1\nname: x\n")
    with pytest.raises(BenchFileError, match="is missing"):
        CliRunner().invoke(products, [str(path)], catch_exceptions=False)
