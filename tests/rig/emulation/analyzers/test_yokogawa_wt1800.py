"""The emulated WT1803E: names of its own for numeric items, and none of another family's."""

import math

import pytest

from rig.emulation.analyzers.yokogawa_wt_commands import yokogawa_analyzer
from rig.emulation.analyzers.yokogawa_wt_items import WT1800_NAMES, WT3000_NAMES
from tests.rig.emulation.energised import energise


@pytest.fixture
def wt1800e(bench_with):
    """A WT1803E, its client, and the bench that it measures on."""
    bench = bench_with(yokogawa_analyzer, model="WT1803E")
    client = bench.client("analyzer")
    client.write(":COMM:HEAD OFF;VERB OFF;:INP:WIR P3W4;:INP:VOLT:RANG:ALL 300V;:INP:CURR:RANG:ALL (EXT,1V)")
    client.write(":INP:CURR:SRAT:ALL 1000")
    return bench, client


def test_a_wt1800e_knows_its_own_names_only(wt1800e):
    _, client = wt1800e
    for name in ("U", "I", "WP", "PHIU1U2", "PHI_U1I2", "PHIU", "UPK"):
        client.write(f":NUM:ITEM1 {name},1")
        assert client.query(":STAT:ERR?") == '224,"Illegal parameter value"'
    client.write(":NUM:ITEM1 P,1,TOTAL")
    assert client.query(":STAT:ERR?") == '108,"Parameter not allowed"'
    for item in ("URMS,1", "IRMS,3", "P,SIGMA", "LAMB,2", "FU,1", "WHP,1", "PHI_U1U2,SIGMA", "UK,1,5", "PHIUK,2,3"):
        client.write(f":NUM:ITEM7 {item}")
        assert client.query(":NUM:ITEM7?") == item
    assert client.query(":STAT:ERR?") == '0,"No error"'
    assert client.query("*IDN?").startswith("YOKOGAWA,WT1803E,")
    client.write(":VOLT:RANG:ELEM1 1.5V")
    assert float(client.query(":VOLT:RANG:ELEM1?")) == 1.5


def test_a_wt1800e_has_harmonics_under_names_of_their_own(wt1800e):
    bench, client = wt1800e
    energise(bench).do("PHAS1:VOLT:MHAR:STAT ON;HARM5 13.85,40")
    client.write(":NUM:ITEM1 URMS,1;ITEM2 UK,1,1;ITEM3 UK,1,5;ITEM4 PHIUK,1,5;ITEM5 IRMS,1;NUM 5")
    bench.world.sleep(1.0)
    values = [float(text) for text in client.query(":NUM:VAL?").split(",")]
    sensor = 8.0 * bench.world.wiring.ct_factor
    assert values == pytest.approx([math.hypot(277.0, 13.85), 277.0, 13.85, 40.0, sensor], rel=5e-5)


def test_no_name_of_one_family_is_taken_by_the_other_but_the_common_ones():
    common = set(WT3000_NAMES) & set(WT1800_NAMES)
    assert {WT3000_NAMES[name].quantity for name in common} == {WT1800_NAMES[name].quantity for name in common}
    assert not common & {"U", "I", "URMS", "IRMS", "UK", "IK"}
    assert {"P", "Q", "S", "LAMB", "PHI", "FU", "TIME", "WHP", "WHM", "PHI_U1U2", "PHI_U1U3"} <= common
