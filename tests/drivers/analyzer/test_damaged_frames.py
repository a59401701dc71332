"""Instruments that speak frames of octets: damaged answers are errors, and nonsense brings the emulated one not down.

Every registered driver with a link of its own (``open_link``) is asked, through a pseudo-terminal on which the answers
of its emulated instrument are damaged on the way. A failure names the seed, and what became of which answer.
"""

import contextlib
import os
import select
import threading
import tty

import pytest

from drivers.errors import RigError
from tests.drivers.scpi.spoiled_answers import agrees, seeded, uses
from tests.rig.emulation.in_process import DRIVERS, NAMES, SPEAKING_LINES, in_process

FRAMES = [name for name in NAMES if name not in SPEAKING_LINES]
SHORT, LONG = 6, 300
NONSENSE_OCTETS = 20_000
DEADLINE_S, PATIENT_S = 0.15, 3.0

pytestmark = pytest.mark.realtime


class DamagingLine:
    """A line to ``device`` on which answers go through ``damage(octets)`` where it is set."""

    def __init__(self, device):
        self.damage = None
        self.what = "nothing was damaged"
        self._far = os.open(device, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._far)
        self._master, self._near = os.openpty()
        tty.setraw(self._near)
        self.device = os.ttyname(self._near)
        self._wake_reader, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            ready, _, _ = select.select([self._master, self._far, self._wake_reader], [], [])
            if self._wake_reader in ready:
                return
            if self._master in ready:
                os.write(self._far, os.read(self._master, 4096))
            if self._far in ready:
                octets = os.read(self._far, 4096)
                os.write(self._master, octets if self.damage is None else self._damaged(octets))

    def _damaged(self, octets):
        damaged = self.damage(octets)
        self.what = f"{octets.hex(' ')} became {damaged.hex(' ')}"
        return damaged

    def close(self):
        os.write(self._wake, b"x")
        self._thread.join(5)
        for descriptor in (self._far, self._master, self._near, self._wake, self._wake_reader):
            os.close(descriptor)


def damages(chosen):
    def at(octets):
        return chosen.randrange(len(octets))

    def one_bit(octets):
        place = at(octets)
        return octets[:place] + bytes([octets[place] ^ 1 << chosen.randrange(8)]) + octets[place + 1 :]

    return (
        one_bit,
        lambda octets: octets[: at(octets)],
        lambda octets: octets[at(octets) :] if len(octets) > 1 else b"",
        lambda octets: octets[: (place := at(octets))] + octets[place + 1 :],
        lambda octets: octets[: (place := at(octets))] + chosen.randbytes(1) + octets[place:],
        lambda octets: chosen.randbytes(len(octets)),
        lambda octets: b"",
    )


def driver_on(name, device, world, deadline_s):
    return DRIVERS[name](DRIVERS[name].open_link(device, deadline_s=deadline_s, on_progress=None), world.spend)


@contextlib.contextmanager
def lined_up(name, folder):
    with in_process(name, folder) as instrument, contextlib.ExitStack() as stack:
        server = stack.enter_context(contextlib.closing(instrument.engine.open_server(name)))
        yield instrument, stack.enter_context(contextlib.closing(DamagingLine(server.endpoint)))


def campaign(name, folder, trials, seed):
    with lined_up(name, folder) as (instrument, line):
        with contextlib.closing(driver_on(name, line.device, instrument.world, PATIENT_S)) as driver:
            expected = {use: act() for use, act in uses(driver, None)}
        for number in range(trials):
            trial(name, instrument, line, expected, seed * 1_000_000 + number)


def trial(name, instrument, line, expected, seed):
    chosen = seeded(name, seed)
    damage, left = chosen.choice(damages(chosen)), [chosen.randrange(len(expected) + 2)]

    def once(octets):
        left[0] -= 1
        return damage(octets) if left[0] == -1 else octets

    line.damage = once
    use = "nothing"
    with contextlib.closing(driver_on(name, line.device, instrument.world, DEADLINE_S)) as driver:
        try:
            for use, act in uses(driver, None):
                found = act()
                assert agrees(found, expected[use]), f"{found} was taken, {expected[use]} is true"
        except RigError:
            pass
        except Exception as error:
            raise AssertionError(f"{name}, seed {seed}, in {use}: {line.what}") from error
        finally:
            line.damage = None


@pytest.mark.parametrize("name", FRAMES)
def test_a_damaged_answer_is_an_error_and_never_a_number(name, tmp_path):
    campaign(name, tmp_path, SHORT, 1)


@pytest.mark.soak
@pytest.mark.parametrize("name", FRAMES)
def test_hundreds_of_damaged_answers_give_no_wrong_number(name, tmp_path):
    campaign(name, tmp_path, LONG, 2)


@pytest.mark.parametrize("name", FRAMES)
def test_nonsense_does_not_bring_the_emulated_instrument_down(name, tmp_path):
    chosen = seeded(name, 1)
    with lined_up(name, tmp_path) as (instrument, line):
        with contextlib.closing(driver_on(name, line.device, instrument.world, PATIENT_S)) as driver:
            before = driver.identify()
        line.damage = lambda _answer: b""
        for _ in range(NONSENSE_OCTETS // 100):
            os.write(line._far, chosen.randbytes(99) + b"\xa6")
        os.write(line._far, bytes(2048))  # whatever has begun ends here
        line.damage = None
        with contextlib.closing(driver_on(name, line.device, instrument.world, PATIENT_S)) as driver:
            assert driver.identify() == before
