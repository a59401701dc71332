"""Findings about a bus: each misfit is found where it is, a good bus gives none, and the advice says what to do."""

import pytest

from drivers.mstp.analysis import BusAnalysis
from drivers.mstp.diagnosis import diagnose
from drivers.mstp.judging.bus import ranges
from drivers.mstp.judging.devices import diagnose_devices
from drivers.mstp.judging.finding import DeviceFound, Severity
from tests.drivers.mstp.tape import Tape


def findings_of(tape, stray=0):
    analysis = BusAnalysis(tape.baud, tape.start_s)
    analysis.take_batch(tape.frames, 0)
    analysis.take_batch((), stray)
    return {finding.kind: finding for finding in diagnose(analysis.figures(tape.now_s))}


def good_ring():
    return Tape().ring(0, 1, 2, rounds=100).request(0, 1).reply(1, 0).token(0, 1)


def test_a_good_bus_has_no_findings():
    assert findings_of(good_ring()) == {}


def test_a_silent_bus_is_one_fault_that_names_power_and_wires():
    found = diagnose(BusAnalysis(76800, 0.0).figures(5.0))
    assert [finding.kind for finding in found] == ["silence"]
    assert "power" in found[0].advice
    assert found[0].where == "the bus"


def test_octets_that_make_no_frames_are_another_baud_rate():
    assert list(findings_of(Tape(), stray=500)) == ["wrong-baud"]


def test_noisy_bus_with_many_good_frames_is_not_taken_for_another_rate():
    assert "wrong-baud" not in findings_of(good_ring(), stray=2000)


def test_noise_everywhere_is_the_bus_and_noise_in_one_turn_is_the_station():
    tape = good_ring()
    for mac in (0, 1, 2) * 2:
        tape.token(mac, (mac + 1) % 3).broadcast((mac + 1) % 3).say(6, (mac + 1) % 3, 0, b"x", damage="data")
    found = findings_of(tape)["noise"]
    assert (found.mac, found.severity) == (None, Severity.FAULT)
    assert "termination" in found.advice
    tape = good_ring()
    for _ in range(6):
        tape.request(0, 2).reply(2, 0, damage="data").token(0, 1).token(1, 2).token(2, 0)
    assert findings_of(tape)["noise"].mac == 2


def test_a_single_damaged_frame_among_many_is_a_note():
    tape = good_ring().ring(0, 1, 2, rounds=500).reply(0, 1, damage="data").ring(0, 1, 2)
    assert findings_of(tape)["noise"].severity is Severity.NOTE


@pytest.mark.parametrize(
    ("act", "kind", "mac", "severity"),
    [
        (lambda t: t.poll(1, 2, after_s=0.6), "token-lost", None, Severity.FAULT),
        (lambda t: t.token(1, 2).token(1, 2, after_s=0.03).token(2, 0), "token-repeated", 2, Severity.WARNING),
        (lambda t: t.token(1, 2).token(1, 2, after_s=0.03).poll(1, 3, after_s=0.03), "token-unused", 2, Severity.FAULT),
        (lambda t: t.broadcast(1).broadcast(0).broadcast(0), "duplicate-mac", 0, Severity.FAULT),
        (lambda t: t.broadcast(1, after_s=0.019), "slow-token-use", 1, Severity.NOTE),
        (lambda t: t.broadcast(1, after_s=0.025), "slow-token-use", 1, Severity.WARNING),
        (lambda t: t.request(1, 9).token(1, 2, after_s=0.295), "no-reply", 9, Severity.FAULT),
        (lambda t: t.request(1, 9).reply(9, 1).request(1, 9).token(1, 2, after_s=0.3), "no-reply", 9, Severity.WARNING),
        (lambda t: t.request(1, 9).reply(9, 1, after_s=0.270), "slow-reply", 9, Severity.FAULT),
        (lambda t: t.request(1, 9).reply(9, 1, after_s=0.150), "slow-reply", 9, Severity.WARNING),
        (lambda t: t.request(1, 9).postponed(9, 1), "reply-postponed", 9, Severity.NOTE),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_found_where_it_is(act, kind, mac, severity):
    tape = good_ring()
    act(tape)
    tape.ring(1, 2, 0)
    found = findings_of(tape)[kind]
    assert (found.mac, found.severity) == (mac, severity)
    assert found.what
    assert found.advice


def test_a_sole_master_is_told_of():
    tape = Tape()
    for mac in range(1, 100):
        tape.poll(0, mac, after_s=0.03)
    found = findings_of(tape)["sole-master"]
    assert found.mac == 0
    assert "address-gaps" not in findings_of(tape)


def test_gaps_in_the_addresses_are_told_with_what_they_cost():
    tape = Tape()
    for mac in (1, 2, 3, 4, 11, 12):
        tape.ring(0, 10).poll(0 if mac < 10 else 10, mac).token(0 if mac < 10 else 10, 10 if mac < 10 else 0, 0.03)
    found = findings_of(tape)["address-gaps"]
    assert "1–4 between the masters" in found.what
    assert "11–12 above the highest master (10)" in found.what
    assert "% of the time" in found.what
    assert "consecutive" in found.advice
    assert "Max_Master of the station at 10 to 10" in found.advice


def devices_findings(*devices, masters=(0, 1, 5)):
    return {(finding.kind, finding.mac): finding for finding in diagnose_devices(devices, masters)}


def test_devices_that_fit_give_no_findings():
    assert devices_findings(DeviceFound(1, 100, max_master=5), DeviceFound(5, 500, max_master=5)) == {}
    assert devices_findings(DeviceFound(1, 100)) == {}


def test_shared_addresses_and_shared_device_instances_are_faults():
    found = devices_findings(DeviceFound(1, 100), DeviceFound(1, 101), DeviceFound(5, 7), DeviceFound(6, 7))
    assert set(found) == {("duplicate-mac", 1), ("duplicate-instance", 5)}
    assert all(finding.severity is Severity.FAULT for finding in found.values())
    assert "100, 101" in found["duplicate-mac", 1].what
    assert "MAC 5, 6" in found["duplicate-instance", 5].what


def test_a_max_master_below_a_master_or_its_own_address_is_found():
    found = devices_findings(DeviceFound(1, 100, max_master=3), DeviceFound(5, 500, max_master=4))
    assert found["max-master", 1].severity is Severity.WARNING
    assert "master at 5" in found["max-master", 1].what
    assert found["max-master", 5].severity is Severity.FAULT


def test_a_max_master_above_all_is_a_note_for_the_highest_only():
    found = devices_findings(DeviceFound(1, 100, max_master=127), DeviceFound(5, 500, max_master=127))
    assert list(found) == [("max-master", 5)]
    assert "122 addresses" in found["max-master", 5].what


def test_ranges_are_written_short():
    assert ranges([7, 1, 3, 2]) == "1–3, 7"
    assert ranges([]) == ""
