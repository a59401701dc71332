"""A meter that is not reached on a noisy bus: the noise is reported, not another address."""

import pytest

from drivers.meter.application import FoundDevice
from drivers.meter.requests.exchange import BusStatistics
from drivers.mstp.settings import PortSettings
from drivers.mstp.statistics import Statistics
from rig.bench.meters import _no_answer, noise_text
from rig.bench.schema.bench import PositionPart


class Bus:
    settings = PortSettings("/dev/ttyUSB0", 76800, 0)

    def __init__(self, port, others=()):
        self._port, self._others = port, list(others)

    def who_is(self, timeout_s):
        return self._others

    def statistics(self):
        return BusStatistics(self._port, 1, 0, 1)


NOISY = Statistics(octets_received=9000, frames_received=500, header_crc_errors=20, data_crc_errors=3, stray_octets=70)
CLEAN = Statistics(octets_received=9000, frames_received=500)
METER, OTHER = FoundDevice(1, 2605522, 480, 133), FoundDevice(4, 77, 480, 5)
POSITION = PositionPart(name="1", mac=1, meter_type="s4100")


@pytest.mark.parametrize(
    ("port", "others", "told", "not_told"),
    [
        (NOISY, [METER], "the bus is noisy, 23 damaged frames and 70 octets of no frame", "no meter answers"),
        (
            NOISY,
            [OTHER],
            "no meter answers at MAC 1 on /dev/ttyUSB0; on the bus: MAC 4 (device 77); the bus is noisy",
            "swapped",
        ),
        (NOISY, [], "nothing answers on /dev/ttyUSB0 at 76800 baud: the bus is noisy", "swapped"),
        (CLEAN, [OTHER], "no meter answers at MAC 1 on /dev/ttyUSB0; on the bus: MAC 4 (device 77)", "noisy"),
        (CLEAN, [METER], "answers Who-Is but not what a meter is asked", "no meter answers"),
        (CLEAN, [], "swapped", "noisy"),
        (Statistics(), [], "not one octet was received", "noisy"),
    ],
)
def test_what_is_told_fits_what_was_heard(port, others, told, not_told):
    said = str(_no_answer(POSITION, 1, Bus(port, others)))
    assert told in said
    assert not_told not in said


def test_one_damaged_frame_in_very_many_is_no_noise():
    assert noise_text(Statistics(frames_received=5000, header_crc_errors=1)) == ""
    assert "1 damaged" in noise_text(Statistics(frames_received=500, header_crc_errors=1))
