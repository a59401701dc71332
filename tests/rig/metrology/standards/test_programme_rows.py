"""Rows beside the error limits: what the files state, and how a wrong one is refused."""

from __future__ import annotations

import pytest

from rig.errors import BenchFileError
from rig.metrology.limit_files import load_limit_table
from rig.metrology.standards.programme_rows import Influence, MeanPowerOf, NoLoadRow

CLASS_0_2S = load_limit_table("iec62053-22-2003-class-0.2S")

GOOD = """\
standard: House rule 7
edition: "2024"
accuracy_class: ""
wording: the house rule
tables:
  - title: all there is
    rows:
      - quantities: [active_power]
        load: balanced
        factors: [PF 1]
        limit_pct: 1.0
        provenance: own
influences:
  - title: influence
    influence: voltage
    values: [90, 110]
    quantities: [active_power]
    current_pct: 100
    factors: [PF 1]
    limit_pct: 0.1
    provenance: own
repeatability:
  - title: repeats
    quantities: [active_power]
    currents_pct: [100]
    factors: [PF 1]
    share_of_limit: 0.1
    repeats: 3
    provenance: own
"""


def rows(influence: Influence, factor: str, current_pct: float) -> list[float]:
    return [
        row.limit_pct
        for row in CLASS_0_2S.influences
        if row.influence is influence
        and current_pct in row.current_pct
        and factor in [each.text for each in row.factors]
    ]


@pytest.mark.parametrize(
    ("influence", "factor", "current_pct", "limits"),
    [  # the French decree of 1 August 2013, annex 3, sections 3.2, 4.1 and 5.2
        (Influence.VOLTAGE, "PF 1", 5, [0.1]),
        (Influence.VOLTAGE, "PF 0.5 lag", 10, [0.2]),
        (Influence.VOLTAGE, "PF 1", 100, [0.1, 0.3]),
        (Influence.VOLTAGE, "PF 0.5 lag", 100, [0.2, 0.6]),
        (Influence.FREQUENCY, "PF 0.5 lag", 120, [0.1]),
        (Influence.PHASE_SEQUENCE, "PF 1", 10, [0.05]),
        (Influence.PHASES_MISSING, "PF 1", 100, [0.5]),
        (Influence.FIFTH_HARMONIC, "PF 1", 60, [0.4]),
        (Influence.BURST, "PF 1", 50, [0.6]),
        (Influence.TEMPERATURE, "PF 0.5 lag", 10, [0.02]),
        (Influence.SELF_HEATING, "PF 0.5 lag", 120, [0.1]),
    ],
)
def test_class_0_2s_limits_variations_as_the_decree_does(influence, factor, current_pct, limits):
    assert rows(influence, factor, current_pct) == limits


def test_a_large_variation_of_voltage_is_limited_at_in_only():
    wide = [row for row in CLASS_0_2S.influences if 80.0 in row.values]
    assert {(row.current_pct.low, row.current_pct.high) for row in wide} == {(100.0, 100.0)}


def test_each_row_knows_standard_edition_class_and_table():
    for row in CLASS_0_2S.programme_rows:
        assert (row.standard, row.edition, row.accuracy_class) == ("IEC 62053-22", "2003", "0.2S")
        assert row.table
        assert not row.verified


def test_starting_and_repeatability_are_as_the_decree_has_them():
    (start,), (repeat,) = CLASS_0_2S.starting, CLASS_0_2S.repeatability
    assert (start.current_pct, start.both_directions, start.tolerance_pct) == (0.1, True, None)
    assert (repeat.share_of_limit, repeat.currents_pct) == (0.1, (5.0, 10.0, 100.0))
    assert repeat.limit_pct(0.2) == pytest.approx(0.02)


def test_creep_of_2003_is_a_15000th_of_maximum_power():
    (row,) = CLASS_0_2S.no_load
    assert row.mean_power_w(3, 120.0, maximum_a=120.0, starting_a=0.1) == pytest.approx(2.88)


def test_creep_of_2020_is_a_quarter_of_starting_power_at_test_voltage():
    row = NoLoadRow(
        title="no load",
        quantities=("active_energy",),
        voltage_pct=110.0,
        mean_power_share_of=MeanPowerOf.STARTING_POWER,
        formula_constant=240e3,
        provenance="own",
    )
    assert row.mean_power_w(3, 120.0, maximum_a=120.0, starting_a=0.1) == pytest.approx(9.9)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("influence: voltage", "influence: voltag", 15, "voltage"),
        ("    values: [90, 110]\n", "", 14, "needs 'values'"),
        ("influence: voltage", "influence: fifth_harmonic", 14, "has no 'values'"),
        ("influence: voltage\n    values: [90, 110]\n", "influence: waveform\n", 14, "names its 'waveform'"),
        ("influence: voltage\n", "influence: voltage\n    waveform: rectifier\n", 14, "has no 'waveform'"),
        ("current_pct: 100\n", "current_pct: yes\n", 18, "current_pct"),
        ("repeats: 3", "repeats: 2", 28, "repeats"),
        ("share_of_limit: 0.1", "share_of_limit: 2", 27, "share_of_limit"),
        ("  - title: influence\n", "  - title: influence\n    standard: other\n", 15, "unknown key"),
    ],
)
def test_a_wrong_programme_row_is_named_with_file_and_line(tmp_path, old, new, line, says):
    assert old in GOOD
    path = tmp_path / "house.yaml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BenchFileError) as caught:
        load_limit_table(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert says in str(caught.value)
