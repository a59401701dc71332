"""``rig certificate`` as a user runs it: files, folders, sentences and exit codes."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rig.cli.run import run
from rig.records.store import RunStore
from tests.rig.records.fabricated_run import fabricate

EXAMPLES = Path(__file__).parents[3] / "fixtures" / "certificates"
PARTIES = (
    "--laboratory", str(EXAMPLES / "example-laboratory.yaml"), "--customer", str(EXAMPLES / "example-customer.yaml"),
)  # fmt: skip


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("records") / "r.sqlite"
    with RunStore.open(path) as store:
        fabricate(store, points=2)
    return path


@pytest.fixture
def folder(database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect("r.sqlite")) as target:
        source.backup(target)
    return tmp_path


def test_issue_list_verify_and_amend(folder, capsys):
    records = ("--records", "r.sqlite")
    assert run(["certificate", "last", *PARTIES, *records]) == 0
    said = capsys.readouterr().out
    assert "issued: certificate EX-2" in said
    assert "structure checked" in said
    assert "XSD not checked" in said
    (first,) = folder.glob("EX-*.pdf")
    octets = first.read_bytes()
    assert run(["certificate", "issue", "last", *PARTIES, *records, "--out", "again.pdf"]) == 0
    assert (folder / "again.pdf").read_bytes() == octets
    assert run(["certificate", *PARTIES, *records, "--amends", first.stem, "--reason", "a wrong name"]) == 0
    capsys.readouterr()
    assert run(["certificate", "list", *records, "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["amends"] for each in listed] == [None, first.stem]
    assert run(["certificate", "verify", str(first)]) == 0
    assert "the parts belong together" in capsys.readouterr().out
    assert run(["certificate", "verify", str(first), *records, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["replaced_by"] == listed[1]["number"]


def test_file_of_other_content_is_not_replaced(folder, capsys):
    command = ["certificate", "last", *PARTIES, "--records", "r.sqlite", "--out", "c.pdf"]
    assert run(command) == 0
    signed = (folder / "c.pdf").read_bytes() + b"% a signature"
    (folder / "c.pdf").write_bytes(signed)
    assert run(command) == 11
    assert "c.pdf is there already with other content; certificate EX-2" in capsys.readouterr().err
    assert (folder / "c.pdf").read_bytes() == signed
    assert run([*command[:-1], "again.pdf"]) == 0
    assert signed.startswith((folder / "again.pdf").read_bytes())


def test_draft_enters_nothing(folder, capsys):
    assert run(["certificate", "last", *PARTIES, "--records", "r.sqlite", "--draft", "--out", "."]) == 0
    assert (folder / "DRAFT.pdf").exists()
    capsys.readouterr()
    assert run(["certificate", "verify", "DRAFT.pdf"]) == 1
    said = capsys.readouterr().out
    assert "draft, no certificate, of meter 4100-000123" in said
    assert "it is a DRAFT and no certificate" in said
    assert run(["certificate", "verify", "DRAFT.pdf", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["draft"] is True
    assert run(["certificate", "list", "--records", "r.sqlite"]) == 0
    assert "no certificates in r.sqlite" in capsys.readouterr().out


@pytest.mark.parametrize("which", ["laboratory", "customer", "layout"])
def test_template_is_written_once(folder, which, capsys):
    assert run(["certificate", "--template", which]) == 0
    name = capsys.readouterr().out.removeprefix("written: ").strip()
    assert (folder / name).stat().st_size > 500
    assert run(["certificate", "--template", which]) == 11
    assert "is there already" in capsys.readouterr().err


def test_layout_of_the_user_is_used_and_named_when_it_is_wrong(folder, capsys):
    own = folder / "own.typ"
    assert run(["certificate", "--template", "layout", "--out", str(own)]) == 0
    own.write_text(own.read_text(encoding="utf-8").replace("End of certificate", "Fin of"), encoding="utf-8")
    command = ["certificate", "last", *PARTIES, "--records", "r.sqlite", "--layout", str(own), "--out", "own.pdf"]
    assert run(command) == 0
    capsys.readouterr()
    assert run(["certificate", "verify", "own.pdf"]) == 0
    said = capsys.readouterr().out
    assert "made with another layout; name it with --layout" in said
    assert "the attachments belong together; the pages were NOT compared; it was not compared with the lab" in said
    assert run(["certificate", "verify", "own.pdf", "--layout", str(own)]) == 0
    assert "made once more, identical" in capsys.readouterr().out
    own.write_text("#nonsense(", encoding="utf-8")
    assert run(["certificate", "last", *PARTIES, "--records", "r.sqlite", "--layout", str(own), "--draft"]) == 11
    assert f"the layout {own} cannot be used" in capsys.readouterr().err


def test_specification_that_names_no_table_of_the_run_is_a_warning(folder, capsys):
    text = (EXAMPLES / "example-customer.yaml").read_text(encoding="utf-8")
    other = text.replace("specification: IEC 62053-22 class 0.2S,", "specification: ANSI C12.20,")
    (folder / "customer.yaml").write_text(other, encoding="utf-8")
    command = ["certificate", "last", *PARTIES, "--records", "r.sqlite", "--draft"]
    assert run(command) == 0
    assert "WARNING" not in capsys.readouterr().out
    assert run([*command, "--customer", "customer.yaml"]) == 0
    said = "WARNING: judged by IEC 62053-22 class 0.2S: agreed.specification of the customer file does not name it"
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("out", "missing"), [("none/c.pdf", "none"), ("none", "none"), ("a/b", "a/b"), ("r.sqlite/c.pdf", "r.sqlite")]
)
def test_folder_that_is_not_there_is_one_sentence(folder, out, missing, capsys):
    for command in (["last", *PARTIES, "--records", "r.sqlite"], ["--template", "customer"]):
        assert run(["certificate", *command, "--out", out]) == 11
        error = capsys.readouterr().err
        assert f"--out {out}: there is no folder {missing}; make it" in error
        assert error.count("\n") == 1
    assert run(["certificate", "list", "--records", "r.sqlite"]) == 0
    assert "no certificates" in capsys.readouterr().out


def test_layout_without_attachments_ends_in_no_success(folder, capsys):
    (folder / "bad.typ").write_text("Hello", encoding="utf-8")
    command = ["certificate", "last", *PARTIES, "--records", "r.sqlite", "--layout", "bad.typ", "--out", "bad.pdf"]
    assert run(command) == 11
    assert "the layout bad.typ cannot be used: each attachment is in the PDF: no" in capsys.readouterr().err
    assert not (folder / "bad.pdf").exists()
    assert run([*command, "--draft"]) == 1
    assert "structure NOT right" in capsys.readouterr().out
    assert run(["certificate", "list", "--records", "r.sqlite"]) == 0
    assert "no certificates in r.sqlite" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["last"], "needs a laboratory file"),
        (["last", "--laboratory", str(EXAMPLES / "example-laboratory.yaml")], "needs a customer file"),
        (["last", *PARTIES, "--amends", "X"], "--amends NUMBER and --reason TEXT are given together"),
        (["last", *PARTIES, "--unit", "3", "--records", "r.sqlite"], "it has 1 meter, and no meter 3"),
        (["last", *PARTIES, "--records", "none.sqlite"], "there is no such file"),
        (["abcdef", *PARTIES, "--records", "r.sqlite"], "there is no run 'abcdef'"),
        (
            ["last", *PARTIES, "--records", "r.sqlite", "--draft", "--xsd", "none.xsd"],
            "the XSD none.xsd cannot be used",
        ),
        (["last", *PARTIES, "--records", "r.sqlite", "--layout", "none.typ"], "the layout none.typ cannot be used"),
        (["verify", "r.sqlite"], "r.sqlite is no certificate of the rig: it is no PDF file"),
        (["verify", "none.pdf"], "none.pdf is no certificate of the rig: it does not exist"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(folder, arguments, said, capsys):
    assert run(["certificate", *arguments]) == 11
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (folder / "none.sqlite").exists()
