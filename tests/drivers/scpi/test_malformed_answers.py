"""A malformed answer is an error of the rig's own, or "no valid data": never a crash, and never a wrong number.

Every registered driver that speaks lines does all that the rig does with it on its own emulated instrument; one of the
answers on the way is spoiled. A failure names the seed, what was asked and what was answered.
"""

import pytest

from drivers.errors import RigError
from tests.drivers.scpi.spoiled_answers import agrees, connected, seeded, setting_for, spoilers, uses
from tests.rig.emulation.in_process import DRIVERS, SPEAKING_LINES, in_process

SHORT, LONG = 40, 4000
SEED = 1


def unspoiled(name, instrument, setting):
    """What each use returns, and the number of answers that all of them take."""
    driver, transport = connected(DRIVERS[name], instrument)
    results = {use: act() for use, act in uses(driver, setting)}
    return results, transport.count


def trial(name, instrument, setting, expected, answers, seed):
    chosen = seeded(name, seed)
    driver, transport = connected(DRIVERS[name], instrument)
    kind, spoil = chosen.choice(list(spoilers(chosen).items()))
    transport.spoiled, transport.spoil = chosen.randrange(answers), spoil
    use = "nothing"
    try:
        for use, act in uses(driver, setting):
            found = act()
            assert agrees(found, expected[use]), f"{found} was taken, {expected[use]} is true"
    except RigError:
        pass
    except Exception as error:
        raise AssertionError(f"{name}, seed {seed}, {kind}, in {use}: {transport.what}") from error
    if hasattr(driver, "make_safe"):
        transport.spoiled = None
        driver.make_safe()
    driver.close()


def campaign(name, folder, trials, seed):
    with in_process(name, folder) as instrument:
        setting = setting_for(DRIVERS[name], instrument)
        expected, answers = unspoiled(name, instrument, setting)
        assert answers > len(expected) // 2
        for number in range(trials):
            trial(name, instrument, setting, expected, answers, seed * 1_000_000 + number)


@pytest.mark.parametrize("name", SPEAKING_LINES)
def test_a_malformed_answer_is_an_error_or_no_data_and_never_a_number(name, tmp_path):
    campaign(name, tmp_path, SHORT, SEED)


@pytest.mark.soak
@pytest.mark.parametrize("name", SPEAKING_LINES)
def test_thousands_of_malformed_answers_give_no_wrong_number(name, tmp_path):
    campaign(name, tmp_path, LONG, SEED + 1)


def test_a_driver_that_reads_past_the_junk_would_be_found(tmp_path, monkeypatch):
    name = "fluke_6105a"
    monkeypatch.setattr("drivers.scpi.session.parse_bool", lambda text: "1" in text)
    with pytest.raises(AssertionError, match=r"fluke_6105a, seed \d+, .*OUTP:STAT\?"):
        campaign(name, tmp_path, LONG, SEED)
