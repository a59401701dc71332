"""Every driver against its emulated instrument over real sockets: written from the same manuals by different roads."""

import contextlib
import json
import math
import socket
import subprocess
import sys

import pytest

from drivers.analyzer.yokogawa_wt import YokogawaWT
from drivers.counter.base import CounterInput
from drivers.counter.keysight_53220a import Keysight53220A
from drivers.errors import InstrumentError, InstrumentLost, InstrumentRefused, SettingOutOfRange
from drivers.generator.base import PulseTrain
from drivers.generator.keysight_33500b import Keysight33500B
from drivers.scpi.session import ScpiSession
from drivers.scpi.transport import RecordingTransport
from drivers.scpi.visa import VisaTransport
from drivers.source.base import SourceSetting, Tone
from drivers.source.fluke_6105a import Fluke6105A
from drivers.switch.base import RelayRole, SenseRole, SwitchRoles
from drivers.switch.keysight_34970a import Keysight34970A
from rig.bench.auxiliary.switching import TimedPulses
from rig.errors import BenchFault

pytestmark = pytest.mark.realtime

DIVIDER = 8.0
OFF = ((), (), ())


class Channel:
    """One of the emulated bench's line-by-line JSON channels."""

    def __init__(self, address):
        host, port = address.removeprefix("tcp://").split(":")
        self._socket = socket.create_connection((host, int(port)), 10)
        self._file = self._socket.makefile("rw")

    def ask(self, **question):
        self._file.write(json.dumps(question) + "\n")
        self._file.flush()
        return json.loads(self._file.readline())

    def close(self):
        self._file.close()
        self._socket.close()


class Bench:
    """Emulated source and analyzer with the drivers on them, and the recorders of every connection made."""

    def __init__(self, endpoints):
        self.clock = Channel(endpoints["clock"])
        self.control = Channel(endpoints["control"])
        self.recorders = []
        self.source_session = self._session(endpoints["source"])
        self.analyzer_session = self._session(endpoints["analyzer"])
        self.source = Fluke6105A(self.source_session)
        self.analyzer = YokogawaWT(self.analyzer_session, self.sleep)

    def _session(self, resource):
        def open_recorded():
            self.recorders.append(RecordingTransport(VisaTransport(resource)))
            return self.recorders[-1]

        return ScpiSession(resource, open_transport=open_recorded, deadline_s=5.0)

    def sleep(self, dt_s):
        self.clock.ask(sleep_s=dt_s)

    def exchanges(self):
        return sum(len(recorder.exchanges) for recorder in self.recorders)

    def apply(self, setting):
        self.source.select_ranges(setting)
        self.source.set_point(setting)
        self.source.set_output(True)
        self.sleep(2.0)

    def close(self):
        self.source.close()
        self.analyzer.close()
        self.clock.close()
        self.control.close()


@contextlib.contextmanager
def launched():
    command = [sys.executable, "-m", "rig.emulation", "--json", "--ideal", "--meters", "0"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())
        process.stdin.close()
        process.wait(10)


@pytest.fixture(scope="module")
def endpoints():
    with launched() as found:
        yield found


@pytest.fixture
def bench(endpoints):
    opened = Bench(endpoints)
    yield opened
    opened.close()


def three(rms, angle_deg=0.0):
    return tuple((Tone(1, rms, phase_deg + angle_deg),) for phase_deg in (0.0, -120.0, 120.0))


def configure(bench):
    bench.source.identify()
    bench.analyzer.identify()
    bench.analyzer.configure()
    bench.analyzer.select_ranges(277.0, (1.0, 1.0, 1.0))


@pytest.fixture
def configured(bench):
    configure(bench)
    return bench


@pytest.mark.parametrize("angle_deg", [0.0, -60.0, 36.87, 180.0, -150.0])
def test_analyzer_measures_what_the_source_is_set_to_in_every_quadrant(configured, angle_deg):
    configured.apply(SourceSetting(60.0, three(277.0), three(1.0 * DIVIDER, angle_deg)))
    for index, element in enumerate(configured.analyzer.read().elements):
        assert element.u_v == pytest.approx(277.0, rel=1e-3)
        assert element.i == pytest.approx(1.0, rel=1e-2)  # the divider is loaded by the inputs behind it
        s = element.u_v * element.i
        assert element.s == pytest.approx(s, rel=1e-4)
        assert element.p == pytest.approx(s * math.cos(math.radians(angle_deg)), abs=2e-3 * s)
        assert element.q == pytest.approx(-s * math.sin(math.radians(angle_deg)), abs=2e-3 * s)
        assert element.frequency_hz == pytest.approx(60.0, abs=0.01)
        u_phase_deg = (0.0, -120.0, 120.0)[index]
        assert element.u_phase_deg == pytest.approx(u_phase_deg, abs=0.02)
        lead = (element.i_phase_deg - element.u_phase_deg - angle_deg + 180.0) % 360.0 - 180.0
        assert lead == pytest.approx(0.0, abs=0.1)


def test_a_channel_that_is_off_reads_nothing_and_has_no_angle(configured):
    configured.apply(SourceSetting(60.0, three(277.0), ((), three(8.0)[1], ())))
    off, on, _ = configured.analyzer.read().elements
    assert off.i == pytest.approx(0.0, abs=1e-4)
    assert on.p == pytest.approx(277.0, rel=1e-2)


def test_harmonics_come_and_go(configured):
    distorted = ((Tone(1, 277.0, 0.0), Tone(5, 27.7, 0.0)), *three(277.0)[1:])
    configured.apply(SourceSetting(60.0, three(277.0), OFF))
    clean_v = configured.analyzer.read().elements[0].u_v
    configured.apply(SourceSetting(60.0, distorted, OFF))
    assert configured.analyzer.read().elements[0].u_v == pytest.approx(clean_v * math.sqrt(1.01), rel=1e-4)
    configured.apply(SourceSetting(60.0, three(277.0), OFF))
    assert configured.analyzer.read().elements[0].u_v == pytest.approx(clean_v, rel=1e-4)


def test_energy_is_counted_by_direction_over_the_instruments_own_time(configured):
    export = ((), *three(8.0)[1:])
    current = ((Tone(1, 8.0, 180.0),), *export[1:])
    configured.apply(SourceSetting(60.0, three(277.0), current))
    configured.analyzer.start_integration()
    configured.sleep(30.0)
    energy = configured.analyzer.stop_integration()
    hours = energy.elapsed_s / 3600.0
    assert energy.elapsed_s == pytest.approx(30.0, abs=1.0)
    assert energy.import_wh == pytest.approx((0.0, 277.0 * hours, 277.0 * hours), rel=0.05, abs=1e-4)
    assert energy.export_wh == pytest.approx((277.0 * hours, 0.0, 0.0), rel=0.05, abs=1e-4)


def test_set_point_costs_three_exchanges_and_more_only_for_a_new_range(configured):
    configured.apply(SourceSetting(60.0, three(277.0), three(8.0)))
    before = configured.exchanges()
    for step in range(1, 11):
        setting = SourceSetting(60.0, three(277.0), three(8.0 - 0.5 * step, -60.0))
        configured.source.select_ranges(setting)
        configured.source.set_point(setting)
    assert configured.exchanges() - before == 30  # the message, the error queue, the read-back


def test_the_whole_span_of_a_certification_fits_the_low_level_ranges(configured):
    for percent in (1, 2, 5, 10, 20, 50, 100, 120):
        configured.apply(SourceSetting(60.0, three(277.0), three(DIVIDER * percent / 100.0)))
        assert configured.analyzer.read().elements[2].i == pytest.approx(percent / 100.0, rel=2e-2)
    with pytest.raises(SettingOutOfRange):
        configured.source.select_ranges(SourceSetting(60.0, three(277.0), three(0.04)))


def test_make_safe_takes_the_volts_off_the_terminals(configured):
    configured.apply(SourceSetting(60.0, three(277.0), OFF))
    assert configured.control.ask(status=True)["terminal_volts"][0] == pytest.approx(277.0, rel=1e-2)
    configured.source.make_safe()
    configured.sleep(1.0)
    status = configured.control.ask(status=True)
    assert not status["output_on"]
    assert max(status["terminal_volts"]) < 2.0


def test_a_command_that_the_instrument_does_not_know_is_raised(configured):
    with pytest.raises(InstrumentRefused):
        configured.source_session.write("SOUR:NONSENSE 1")
    with pytest.raises(InstrumentRefused):
        configured.analyzer_session.write(":NONSENSE 1")


def test_an_analyzer_that_is_disconnected_is_lost_and_says_so():
    with launched() as endpoints, contextlib.closing(Bench(endpoints)) as bench:
        configure(bench)
        bench.control.ask(fault="analyzer-disconnect", value=True)
        with pytest.raises(InstrumentLost):
            bench.analyzer.read()
        with pytest.raises(InstrumentError):
            bench.analyzer.read()


def test_the_output_can_be_ramped_up(configured):
    setting = SourceSetting(60.0, three(277.0), OFF)
    configured.source.select_ranges(setting)
    configured.source.set_point(setting)
    configured.source.set_output(True, ramp_s=10.0)
    configured.sleep(1.0)
    low = configured.control.ask(status=True)["terminal_volts"][0]
    configured.sleep(12.0)
    assert low < 200.0
    assert configured.control.ask(status=True)["terminal_volts"][0] == pytest.approx(277.0, rel=1e-2)


def test_relays_follow_and_go_to_rest(endpoints):
    roles = SwitchRoles(RelayRole(201, "open"), RelayRole(211), SenseRole(101))
    switch = Keysight34970A(ScpiSession(endpoints["switch"]), roles)
    assert switch.identify().model == "34972A"
    assert switch.control_power_is_on()
    switch.set_control_power(False)
    switch.set_pulse_contact(True)
    assert not switch.control_power_is_on()
    assert not switch.alarm_contact_is_closed()  # nothing is connected
    switch.make_safe()
    assert switch.control_power_is_on()
    switch.close()


def test_a_digital_port_is_read_where_a_multifunction_module_is(endpoints):
    switch = Keysight34970A(
        ScpiSession(endpoints["switch"]), SwitchRoles(alarm_contact=SenseRole(301, "digital", bit=2))
    )
    switch.identify()
    assert not switch.alarm_contact_is_closed()
    switch.close()


def test_a_role_on_a_module_of_another_kind_is_refused(endpoints):
    switch = Keysight34970A(ScpiSession(endpoints["switch"]), SwitchRoles(control_power=RelayRole(101)))
    with pytest.raises(InstrumentError, match="slot 100 has a 34901A"):
        switch.identify()
    switch.close()


def test_unseen_pulses_are_an_error_of_the_bench_and_the_output_is_off(endpoints, bench):
    class BenchTime:
        sleep = staticmethod(bench.sleep)

    generator_session, counter_session = ScpiSession(endpoints["generator"]), ScpiSession(endpoints["counter"])
    generator, counter = Keysight33500B(generator_session), Keysight53220A(counter_session)
    assert (generator.identify().model, counter.identify().model) == ("33522B", "53220A")
    pulses = TimedPulses("pulse input", generator, 1, 5.0, counter, CounterInput(1), BenchTime())
    with pytest.raises(BenchFault, match=r"3 pulses of 0\.02 s were given at pulse input, the counter has seen 0"):
        pulses.give(PulseTrain(3, 0.02, 0.1))
    assert not generator_session.query_bool("OUTP1?")
    counter.make_safe()
    generator.close()
    counter.close()
