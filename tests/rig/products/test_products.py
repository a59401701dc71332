"""Product files: those of the rig load, what a meter would not take is refused, serial numbers stay text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_model.configuration import Configuration
from rig.errors import BenchFileError, UsageRefused
from rig.products import FailureClass, ScanRefused, available_products, json_schema, load_product, serial_number_of

MINIMAL = """\
schema: 1
name: small
serial_number: {pattern: "[0-9A-Z]{3,11}", words: 3 to 11 characters}
released_firmware: ["1000"]
configuration: {system_type: 40, ct_primary_a: 100, ct_secondary: 1, system_voltage_v: 480}
load: {voltage_v: 277}
"""


def product_of(tmp_path, text):
    path = tmp_path / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return load_product(path)


@pytest.mark.parametrize("name", available_products())
def test_each_product_of_the_rig_is_one_that_a_meter_takes(name):
    product = load_product(name)
    configuration = Configuration()
    for av, value in product.configuration.by_instance.items():
        configuration = configuration.write(av, value)
    assert configuration == product.configuration.configuration


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("ct_secondary: 1", "ct_secondary: 2", "small.yaml:5: configuration.ct_secondary"),
        ("ct_primary_a: 100", "ct_primary_a: 4", "AV3 does not take 4"),
        ("system_voltage_v: 480", "system_voltage_v: 700", "82 to 660 times the PT ratio"),
        ("released_firmware: [\"1000\"]", "released_firmware: []", "released_firmware"),
        ("[\"1000\"]", "[1000]", 'write "1000" in quotation marks'),
        ('pattern: "[0-9A-Z]{3,11}"', 'pattern: "[0-9"', "is no regular expression"),
        ("load:", "route: {file: a, url: b}\nload:", "give one of them"),
        ("load:", "route: {url: 'http://mes/x'}\nload:", "has {serial}"),
        ("load:", "retest: {after: [gian]}\nload:", "'gian' is no failure class; they are communication"),
        ("load:", "lode: 1\nload:", "unknown key 'lode'; did you mean 'load'?"),
    ],
)  # fmt: skip
def test_a_wrong_product_file_is_refused_in_one_sentence(tmp_path, was, becomes, says):
    assert was in MINIMAL
    with pytest.raises(BenchFileError) as refused:
        product_of(tmp_path, MINIMAL.replace(was, becomes))
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_unknown_product_name_is_refused_with_those_known():
    with pytest.raises(UsageRefused, match="there is no product 's4100-481'; known: s4100-208"):
        load_product("s4100-481")


def test_the_file_of_a_route_is_beside_the_product_file(tmp_path):
    product = product_of(tmp_path, MINIMAL + "route: {file: passed.csv}\n")
    assert product.route.file == str(tmp_path / "passed.csv")


def test_the_json_schema_knows_every_key_of_a_product():
    schema = json_schema()
    assert {"name", "serial_number", "released_firmware", "configuration", "route"} <= set(schema["properties"])


@pytest.mark.parametrize(
    ("scanned", "number"),
    [
        ("0012345\r\n", "0012345"),
        ("1E5", "1E5"),
        ("\t 1E5 \r", "1E5"),
        ("12345678901234567890", "1234567890"),
        ("1234567\n1234567\r\n", "1234567"),
        ("123123", "123123"),  # a serial number itself
        ("0000\x00", "0000"),
    ],
)
def test_a_scanned_text_gives_its_serial_number_as_text(scanned, number):
    assert serial_number_of(scanned, load_product("s4100-480")) == number


@pytest.mark.parametrize(
    ("scanned", "says"),
    [
        ("", "nothing was scanned"),
        (" \r\n", "nothing was scanned"),
        ("012345678905", "is no serial number of S4100-480-1V"),  # a UPC-A label
        ("HTTPS://X/1", "is no serial number"),
        ("123 456", "is more than one number"),
        ("abc", "is no serial number"),
        ("\x1b[2J" + "A" * 500, "is no serial number"),
        ("１２３４", "is no serial number"),
    ],
)
def test_what_is_no_serial_number_is_refused_in_one_sentence(scanned, says):
    with pytest.raises(ScanRefused, match=says) as refused:
        serial_number_of(scanned, load_product("s4100-480"))
    assert len(str(refused.value)) < 250
    assert "\x1b" not in str(refused.value)


@given(st.from_regex("[0-9A-Z]{6,11}", fullmatch=True), st.sampled_from(["", "\r", "\n", "\r\n", "\t"]))
def test_a_number_that_is_read_twice_is_that_number(number, end):
    product = load_product("s4100-480")
    assert serial_number_of(number + end, product) == number
    assert serial_number_of(number + end + number + end, product) == number


def test_each_failure_class_has_words_and_a_next_step():
    for each in FailureClass:
        assert each.words
        assert each.next_step.endswith(".")
