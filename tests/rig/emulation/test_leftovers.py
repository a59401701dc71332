"""What another user left set on an instrument does not change what a driver makes of it."""

import pytest

from drivers.generator.base import PulseTrain
from drivers.generator.keysight_33500b import Keysight33500B
from drivers.source.base import SourceSetting, Tone
from drivers.source.pacific_upc import PacificUPC
from rig.emulation.auxiliary.keysight_33500b import KeysightGenerator
from rig.emulation.sources.pacific_upc import PacificSource
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import Wiring
from rig.emulation.world.surroundings import Surroundings
from rig.emulation.world.world import World
from tests.rig.emulation.sources.one_source import one_source, session_to

TRAIN = PulseTrain(3, 0.02, 0.06)
LEFT_OVER = [
    "TRIG1:DEL 0.5",
    "TRIG1:SOUR TIM",
    "SOUR1:BURS:MODE GAT;STAT ON",
    "SOUR1:BURS:PHAS 90",
    "OUTP1:POL INV",
    "OUTP1:LOAD 50",
    "SOUR1:FUNC:PULS:HOLD DCYC",
    "SOUR1:FUNC ARB",
]


@pytest.fixture
def emulated(tmp_path):
    world = World(BenchTime(lambda: 0.0), Wiring())
    log = EventLog(tmp_path / "events.jsonl", world.now_s)
    yield KeysightGenerator(Surroundings(errors=True, seed=1, world=world, log=log, serial_number="MY1"))
    world.close()
    log.close()


@pytest.mark.parametrize("left", LEFT_OVER)
def test_train_begins_with_its_trigger_after_any_earlier_setting(emulated, left):
    emulated.engine.execute(left, "another user")
    session, _ = session_to(emulated.engine)
    generator = Keysight33500B(session)
    generator.identify()
    generator.arm(1, TRAIN, 5.0)
    generator.trigger(1)
    output = emulated.outputs[0]
    assert [output.is_active(at_s) for at_s in (0.01, 0.03, 0.07, 0.13, 0.19)] == [True, False, True, True, False]
    assert not output.is_busy(TRAIN.count * TRAIN.period_s)


def test_a_pacifics_waveform_of_another_user_is_made_a_sine_again(tmp_path):
    voltage = tuple((Tone(1, 120.0, turn),) for turn in (0.0, -120.0, 120.0))
    setting = SourceSetting(60.0, voltage, ((), (), ()))
    with one_source(PacificSource, tmp_path) as upc:
        upc.write(":SOURce:WAVEFORM,2")
        session, _ = session_to(upc.source.engine)
        driver = PacificUPC(session)
        driver.select_ranges(setting)
        driver.set_point(setting)
        driver.set_output(True)
        assert upc.after(5.0) == pytest.approx([120.0] * 3)
        with upc.world:
            orders = [[phasor.order for phasor in spectrum] for spectrum in upc.terminals().voltages]
        assert orders == [[1]] * 3
