"""What a bench cannot change is said by name, before anything is energised."""

import pytest

from rig.bench import load_bench
from rig.errors import UsageRefused
from rig.metrology.standards.programme_rows import Influence
from rig.procedures.accuracy.variations.possible import why_not, why_not_waveform

ON_EVERY_BENCH = {"voltage", "frequency", "phase_sequence", "voltage_unbalance", "phases_missing", "self_heating"}
WAVEFORMS = {"fifth_harmonic", "phase_fired", "quadriform", "peaked"}


@pytest.mark.parametrize(
    ("bench", "can"),
    [("emulated", ON_EVERY_BENCH | WAVEFORMS), ("emulated-on-chroma-rigol-norma", ON_EVERY_BENCH)],
)
def test_a_bench_says_what_it_cannot_change_and_why(bench, can):
    found = {
        str(influence): why_not(load_bench(bench), influence)
        for influence in Influence
        if influence is not Influence.WAVEFORM
    }
    assert {name for name, why in found.items() if not why} == can
    assert "'burst' repeats after 4 cycles only" in found["burst"]
    assert "no waveform of that name is known" in found["interharmonics"]
    assert "climate chamber" in found["temperature"]
    assert "control power" in found["auxiliary_voltage"]


def test_a_source_of_sine_waves_is_named_as_the_reason():
    why = why_not(load_bench("emulated-on-chroma-rigol-norma"), Influence.FIFTH_HARMONIC)
    assert why.endswith("the source gives sine waves only")


def test_a_waveform_of_a_file_is_possible_where_its_harmonics_are(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("source: measured\ncurrent: [{order: 1, percent: 100}, {order: 3, percent: 30}]\n")
    assert why_not_waveform(load_bench("emulated"), str(path)) == ""
    assert "up to order 3, and the source gives" in why_not_waveform(
        load_bench("emulated-on-chroma-rigol-norma"), str(path)
    )
    with pytest.raises(UsageRefused, match="no waveform 'sawtooth'"):
        why_not_waveform(load_bench("emulated"), "sawtooth")
