"""Golden units unlock a station, and others are tested only where that is in order and their policy permits it."""

from contextlib import closing

import pytest

from rig.bench.schema.bench import GoldenPart
from rig.errors import UsageRefused
from rig.products import load_product
from rig.quality.at_the_line import StationLocked, kind_of, refuse_units
from rig.quality.retest import RetestRefused
from rig.records.data import FindingRecord, RunHeader, UnitRecord
from rig.records.store import RunStore

PRODUCT = load_product("s4100-480")
GOLDEN = GoldenPart(units=("00G1", "00G2"))


def test_units_are_golden_by_the_bench_file():
    assert kind_of({"1": "123"}, None) == "eol"
    assert kind_of({"1": "123"}, GOLDEN) == "eol"
    assert kind_of({"1": "00G1", "2": "00G2"}, GOLDEN) == "golden"
    with pytest.raises(UsageRefused, match="00G1 is a golden unit and 123 is not"):
        kind_of({"1": "00G1", "2": "123"}, GOLDEN)


def test_station_is_locked_until_its_golden_unit_was_tested(tmp_path):
    with closing(RunStore.open(tmp_path / "r.sqlite")) as store:
        with pytest.raises(StationLocked, match="golden unit check of station L1 is due at position 1"):
            refuse_units(store, "L1", {"1": "123"}, PRODUCT, GOLDEN)
        refuse_units(store, "L1", {"1": "00G1"}, PRODUCT, GOLDEN)
        refuse_units(store, "L1", {"1": "123"}, PRODUCT, None)


def test_unit_that_failed_for_good_is_not_tested_again(tmp_path):
    with closing(RunStore.open(tmp_path / "r.sqlite")) as store:
        header = RunHeader(
            kind="eol", bench_name="b", bench_file_sha256="0", software_version="0", product=PRODUCT.name, station="L1"
        )
        run = store.begin_run(header)
        run.unit(UnitRecord(serial_number="123", device_instance=1, scanned="123", position="1"))
        run.finding(FindingRecord(name="x", expected="", found="", outcome="FAIL", failure_class="gain"))
        run.finish("FAIL", 1)
        refuse_units(store, "L1", {"1": "124"}, PRODUCT, None)
        with pytest.raises(RetestRefused, match="unit 123 is not tested again"):
            refuse_units(store, "L1", {"1": "123"}, PRODUCT, None)
