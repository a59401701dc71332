"""The support bundle: what helps is in it, what is broken keeps nothing else out, and nothing is overwritten."""

import json
import sys
import zipfile
from types import SimpleNamespace

import pytest

from rig.cli import main
from rig.records.data import RunHeader
from rig.records.store import RunStore

BENCH = """\
schema: 1
name: lab
# the analyzer of room 12
analyzer: {driver: yokogawa_wt, resource: "TCPIP0::wt.lab.example::inst0::INSTR", acuracy: 1}
launch: {argv: [gateway, --password, hunter2]}
"""


@pytest.fixture
def rig(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("LANG", "xx_YY.UTF-8")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["rig", "support-bundle", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return SimpleNamespace(code=ended.value.code, **capsys.readouterr()._asdict())

    return run


def contents(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def record_run(folder, runs=1):
    folder.mkdir(parents=True, exist_ok=True)
    with RunStore.open(folder / "records.sqlite") as store:
        for number in range(runs):
            header = RunHeader(
                kind="eol", bench_name="lab", bench_file_sha256="0", software_version="1", operator=f"Jane {number}"
            )
            recorder = store.begin_run(header)
            recorder.event("bus", "a word of trouble")
            recorder.finish("PASS", 0)
    return recorder.run_id


def test_everything_that_helps_is_packed_and_told_of_without_secrets(rig, tmp_path):
    work = tmp_path / "work"
    (work / "lab.yaml").write_text(BENCH.replace(", acuracy: 1", ""))
    run_id = record_run(work / "runs", runs=7)
    captures = work / "runs" / "x-eol" / "bus"
    captures.mkdir(parents=True)
    (captures.parent / "results.json").write_text(json.dumps({"run_id": run_id}))
    (captures / "lost.pcapng").write_bytes(b"\x0a\x0d\x0d\x0a")
    log = "INFO drivers.scpi.session: TCPIP0::wt.lab.example::inst0::INSTR: connected\n"
    (captures.parent / "run.log").write_text(log)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "guardian-journal.jsonl").write_text('{"id": "1", "reason": "the rig hung"}\n')
    done = rig("b.zip")
    assert done.code == 0, done.err
    packed = contents(work / "b.zip")
    assert {"versions.json", "visa.txt", "environment.json", "serial-ports.json", "README.txt"} <= set(packed)
    assert json.loads(packed["versions.json"])["packages"]["PyVISA"]
    assert json.loads(packed["environment.json"])["LANG"] == "xx_YY.UTF-8"
    assert b"TCPIP0::host-1::inst0::INSTR" in packed["benches/lab.yaml"]
    assert b"the rig hung" in packed["state/guardian-journal.jsonl"]
    records = [name for name in packed if name.endswith("record.json")]
    assert len(records) == 5
    assert json.loads(packed[f"runs/{run_id[:8]}-eol/record.json"])["events"][0]["text"] == "a word of trouble"
    assert packed[f"runs/{run_id[:8]}-eol/lost.pcapng"] == b"\x0a\x0d\x0d\x0a"
    assert packed[f"runs/{run_id[:8]}-eol/run.log"].endswith(b"::inst0::INSTR: connected\n")
    for name, content in packed.items():
        for word in (b"hunter2", b"AWS_", b"Jane", b"lab.example"):
            assert word not in content, (name, word)
    assert done.out.startswith(packed["README.txt"].decode())
    assert "environment variables that are not on the list" in done.out


def test_a_broken_bench_and_a_broken_database_keep_nothing_else_out(rig, tmp_path):
    work = tmp_path / "work"
    (work / "lab.yaml").write_text(BENCH)
    (work / "worse.yaml").write_text("schema: 1\nname: [\npassword: hunter2\n")
    (work / "runs").mkdir()
    (work / "runs" / "records.sqlite").write_bytes(b"this is no database" * 100)
    done = rig("b.zip")
    assert done.code == 0, done.err
    packed = contents(work / "b.zip")
    assert b"unknown key 'analyzer.acuracy'" in packed["benches/lab.refused.txt"]
    assert b"room 12" in packed["benches/lab.yaml"]
    assert b"hunter2" not in packed["benches/worse.yaml"]
    failed = done.out.partition("could not be packed:")[2]
    assert "runs: records" in failed


def test_a_bench_is_packed_with_what_it_extends(rig, tmp_path):
    (tmp_path / "work" / "base.yaml").write_text("schema: 1\nname: base\n")
    (tmp_path / "work" / "top.yaml").write_text("schema: 1\nextends: ./base.yaml\nname: top\n")
    done = rig("b.zip", "--bench", "./top.yaml", "--bench", "nobody")
    packed = contents(tmp_path / "work" / "b.zip")
    assert {"benches/base.yaml", "benches/top.yaml"} <= set(packed)
    assert "there is no bench 'nobody'" in done.out


def test_nothing_is_overwritten_and_nothing_half_made_is_left(rig, tmp_path):
    work = tmp_path / "work"
    (work / "b.zip").write_text("precious")
    assert rig("b.zip").code == 11
    assert (work / "b.zip").read_text() == "precious"
    assert rig("no/such/folder/b.zip").code == 11
    assert [path.name for path in work.iterdir()] == ["b.zip"]


def test_no_records_are_made_where_there_were_none(rig, tmp_path):
    done = rig("b.zip", "--last", "3")
    assert "there is no database" in done.out
    assert not (tmp_path / "work" / "runs").exists()
