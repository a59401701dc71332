"""A real PostgreSQL server: kills and a cut network in mid-run, many stations at once, and users without rights."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from rig.load_point import LoadPoint
from rig.records import sqlite_file
from rig.records._database import url_of
from rig.records.errors import RecordsUnusable
from rig.records.outbox.sender import NotSent, Sender
from rig.records.store import RunStore
from rig.records.tables import METADATA
from tests.network_cut import Network
from tests.postgres_server import running
from tests.rig.records.fabricated_run import fabricate
from tests.rig.records.outbox.contents import HEADER, contents, record_unit
from tests.waiting import wait_for

pytestmark = pytest.mark.realtime
_ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def postgres():
    with running() as server:
        yield server


@pytest.fixture
def url(postgres):
    return postgres.new_database()


@pytest.fixture
def station(tmp_path):
    path = tmp_path / "station.sqlite"
    with RunStore.open(path) as store:
        fabricate(store, points=2)
    return path


def send(path, url, **options):
    with Sender(path, url, **options) as sender:
        return sender.send()


def test_the_server_has_exactly_the_tables_of_the_models(url):
    RunStore.open(url).close()
    engine = create_engine(url_of(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert context.get_current_revision() == sqlite_file.REVISIONS[-1]
        assert compare_metadata(context, METADATA) == []
        largest = connection.execute(text("SELECT sequencename, max_value FROM pg_sequences")).all()
        assert {max_value for _, max_value in largest} == {2**63 - 1}
    engine.dispose()


def test_what_is_sent_reads_back_as_it_was_recorded(tmp_path, url):
    with RunStore.open(tmp_path / "station.sqlite") as store:
        run = fabricate(store, points=5, hostile="\N{GREEK SMALL LETTER OMEGA}'\"\\")
        record_unit(store, serial_number="1E5")
        record_unit(store, serial_number="00\x00123")
    assert send(tmp_path / "station.sqlite", url).refused == 0
    with RunStore.open_to_read(url) as store:
        assert repr(store.run(run.run_id)) == repr(run)
        assert [each.serial_numbers[0] for each in store.runs()][:2] == ["00\u2400123", "1E5"]


_KILLED_SENDER = """
import itertools, os, signal, sys
from rig.records.outbox.sender import Sender
commits = itertools.count()
def kill():
    if next(commits) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
with Sender(sys.argv[1], sys.argv[2], batch=40, on_commit=kill) as sender:
    sender.send()
"""


@pytest.mark.parametrize("survived", [0, 2])
def test_a_sender_killed_between_commit_and_mark_doubles_nothing(station, url, survived):
    killed = subprocess.run([sys.executable, "-c", _KILLED_SENDER, str(station), url, str(survived)], timeout=60)
    assert killed.returncode == -signal.SIGKILL
    with RunStore.open_to_read(station) as store:
        (destination,) = store.destinations()[1] or (None,)
    arrived = sum(rows.total() for rows in contents(url).values())
    assert arrived >= 40 * (survived + 1) - 4  # all but the ends of point and run are rows of their own
    assert destination is None or destination.waiting > 0
    send(station, url)
    assert contents(url) == contents(station)


def test_a_sender_killed_at_any_moment_loses_and_doubles_nothing(station, url):
    RunStore.open(url).close()
    command = [sys.executable, "-c", _KILLED_SENDER.replace("batch=40", "batch=3"), str(station), url, "-1"]
    for _ in range(2):
        sender = subprocess.Popen(command)
        wait_for(lambda: _is_under_way(station), "a part was sent", 60)
        sender.kill()
        sender.wait()
    send(station, url)
    assert contents(url) == contents(station)


def _is_under_way(station):
    with RunStore.open_to_read(station) as store:
        rows, destinations = store.destinations()
    return any(each.waiting < rows for each in destinations)


def test_a_server_killed_in_mid_run_has_all_of_it_later(postgres, tmp_path, url):
    path = tmp_path / "station.sqlite"
    with RunStore.open(path) as store:
        run = store.begin_run(HEADER)
        point = run.begin_point(LoadPoint(277.0, 5.0, 0.0))
        with Sender(path, url, batch=2) as sender:
            for number in range(10):
                point.meter_reading({11: float(number)}, requested_monotonic_s=0.0, answered_monotonic_s=0.1)
                if number == 3:
                    sender.send()
                    postgres.kill()
            with pytest.raises(NotSent, match=r"the connection is gone .*nothing is lost, \d+ rows wait"):
                sender.send()
        point.finish()
        run.finish("PASS", 0)
    with pytest.raises(RecordsUnusable):
        send(path, url)
    postgres.start()
    send(path, url)
    assert contents(url) == contents(path)


def test_a_cut_network_holds_up_no_run_and_loses_nothing(postgres, tmp_path, url):
    path = tmp_path / "station.sqlite"
    network = Network(postgres.socket)
    through = url.replace(f"host={postgres.folder}", f"host=127.0.0.1&port={network.port}")
    with RunStore.open(path) as store:
        run = store.begin_run(HEADER)
        point = run.begin_point(LoadPoint(277.0, 5.0, 0.0))
        with Sender(path, through, longest_s=3.0) as sender:
            sender.send()
            network.cut()
            refused = []
            sending = threading.Thread(target=lambda: refused.append(_refusal_of(sender)))
            point.meter_reading({11: 1.0}, requested_monotonic_s=0.0, answered_monotonic_s=0.1)
            sending.start()
            recorded = 0
            while sending.is_alive():
                point.meter_reading({11: 1.0}, requested_monotonic_s=0.0, answered_monotonic_s=0.1)
                recorded += 1
            assert recorded > 3, "readings were recorded while the sender waited"
            assert "nothing is lost" in refused[0]
            network.mend()
            sender.send()
        run.finish("PASS", 0)
    send(path, through)
    network.close()
    assert contents(url) == contents(path)


def _refusal_of(sender):
    try:
        sender.send()
    except NotSent as refusal:
        return str(refusal)
    return ""


def test_stations_that_begin_at_once_make_the_schema_once(tmp_path, url):
    def record_and_send(number):
        path = tmp_path / f"{number}.sqlite"
        with RunStore.open(path) as store:
            record_unit(store, serial_number=f"{number:05}", station=f"s{number}")
        return send(path, url).refused

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(record_and_send, range(3))) == [0, 0, 0]
    with RunStore.open_to_read(url) as store:
        assert sorted(run.serial_numbers[0] for run in store.runs()) == ["00000", "00001", "00002"]


def test_stations_that_record_at_once_all_arrive(url):
    """The short form of the benchmark; the long one has 20 stations for five minutes."""
    rates = ["--stations", "4", "--seconds", "5", "--times", "40"]
    command = [sys.executable, "-m", "benchmarks.stations_to_one_database", *rates, "--server", url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, cwd=_ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "14 of 14 units recorded" in done.stdout


def test_a_role_that_may_not_write_is_said_and_nothing_is_marked(station, url):
    RunStore.open(url).close()
    engine = create_engine(url_of(url))
    with engine.begin() as connection:
        connection.execute(text("CREATE ROLE reader LOGIN"))
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    as_reader = url.replace("user=rig", "user=reader")
    try:
        with Sender(station, as_reader) as sender:
            before = sender.waiting()
            with pytest.raises(NotSent, match="permission denied"):
                sender.send()
            assert sender.waiting() == before
        with RunStore.open_to_read(as_reader) as store:
            assert store.runs() == ()
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP OWNED BY reader"))
            connection.execute(text("DROP ROLE reader"))
        engine.dispose()


_AS_NOBODY = """
import sys
from drivers.errors import RigError
from rig.records.data import RunHeader
from rig.records.store import RunStore
try:
    with RunStore.open(sys.argv[1]) as store:
        store.begin_run(RunHeader(kind="eol", bench_name="b", bench_file_sha256="0", software_version="0"))
except RigError as error:
    print(error)
    sys.exit(10)
"""


@pytest.mark.parametrize("what", ["folder", "file"])
def test_records_that_this_user_may_not_write_are_refused(what, postgres):
    folder = postgres.folder / f"others-{what}"  # every user may look for it
    postgres.folder.chmod(0o755)
    folder.mkdir()
    path = folder / "records.sqlite"
    if what == "file":
        RunStore.open(path).close()
        folder.chmod(0o777)
    unprivileged = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
    if not unprivileged:
        folder.chmod(0o555)
        path.is_file() and path.chmod(0o444)
    command = [*unprivileged, sys.executable, "-c", _AS_NOBODY, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd="/")
    if done.returncode == 1 and "rig.records" not in done.stderr and "Error" in done.stderr:
        pytest.skip("an unprivileged user cannot run this interpreter")
    assert done.returncode == 10, done.stderr
    assert done.stdout.count("\n") == 1
    assert str(path) in done.stdout
    if what == "file":
        with sqlite3.connect(path) as connection:
            assert connection.execute("SELECT count(*) FROM run").fetchone() == (0,)
        connection.close()
