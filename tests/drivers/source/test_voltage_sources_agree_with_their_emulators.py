"""Each setting of a voltage-only driver comes out of its emulator: the two agree on volts, angles and signs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.source.base import SourceSetting, Tone
from drivers.source.itech_it7800 import ItechIT7800
from drivers.source.pacific_upc import PacificUPC
from rig.emulation.sources.itech_it7800 import ItechSource
from rig.emulation.sources.pacific_upc import PacificSource
from tests.rig.emulation.sources.one_source import one_source, session_to

NOTHING = ((), (), ())
RESOLUTION_V, RESOLUTION_DEG, RESOLUTION_HZ = 0.051, 0.056, 0.0056

volts = st.one_of(st.just(0.0), st.floats(1.0, 330.0))
angles = st.floats(-360.0, 360.0)
frequencies = st.floats(45.0, 65.0)


def off_by_deg(one, other):
    return abs((one - other + 180.0) % 360.0 - 180.0)


@pytest.mark.parametrize(("make_driver", "make_source"), [(PacificUPC, PacificSource), (ItechIT7800, ItechSource)])
@settings(max_examples=40, deadline=None)
@given(frequency_hz=frequencies, rms=st.tuples(volts, volts, volts), b_deg=angles, c_deg=angles)
def test_what_is_set_comes_out(tmp_path_factory, make_driver, make_source, frequency_hz, rms, b_deg, c_deg):
    with one_source(make_source, tmp_path_factory.mktemp("source")) as unit:
        session, _ = session_to(unit.source.engine)
        source = make_driver(session)
        wanted_deg = (0.0, b_deg, c_deg)
        channels = tuple((Tone(1, v, deg),) if v else () for v, deg in zip(rms, wanted_deg, strict=True))
        setting = SourceSetting(frequency_hz, channels, NOTHING)
        source.select_ranges(setting)
        source.set_point(setting)
        source.set_output(True)
        assert unit.after(5.0) == pytest.approx(rms, abs=RESOLUTION_V)
        for found, wanted, v in zip(unit.angles(), wanted_deg, rms, strict=True):
            assert (found is None) == (v == 0.0)
            assert found is None or off_by_deg(found, wanted) < RESOLUTION_DEG
        with unit.world:
            assert unit.terminals().frequency_hz == pytest.approx(frequency_hz, abs=RESOLUTION_HZ)
        source.make_safe()
        assert unit.volts() == [0.0, 0.0, 0.0]
