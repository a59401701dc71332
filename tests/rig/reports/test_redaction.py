"""What leaves in a support bundle: no password, key, person or host; and what is no secret stays readable."""

import getpass
import json
import socket
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.reports.support.redaction import Redactor

SECRET = "hunter2 & Söhne"


def clean(text, **options):
    return Redactor(**options).text(text)


@pytest.mark.parametrize(
    "text",
    [
        f"password: {SECRET}",
        f'password: "{SECRET}"',
        f"password: '{SECRET}'",
        f'password: "{SECRET}',
        f"db_password={SECRET}",
        f"  RIG_PASSWORD: {SECRET}  # the old one",
        f"- secret: {SECRET}",
        f"{{user: x, passwd: {SECRET}, port: 3}}",
        f'{{"api_key": "{SECRET}", "port": 3}}',
        f"password: |\n  {SECRET}\n  more {SECRET}\nport: 3",
        f"gateway:\n  credentials:\n    - {SECRET}\n    - two\n  port: 3",
        f"passwords:\n- {SECRET}\n- {SECRET}\nport: 3",
        f'"passphrase": [\n  "{SECRET}",\n  "{SECRET}"\n ],',
        f"argv: [serve, --password, '{SECRET}', --port, 3]",
        f'argv: ["serve", "--db-password={SECRET}"]',
        f"Authorization: Bearer {SECRET}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{SECRET}",
        f"postgresql://rig:{SECRET.replace(' ', '')}@db/rig",
        f"postgresql://rig:p@{SECRET.split()[0]}@db.lab.example:5432/rig",
    ],
)
def test_a_secret_is_taken_out_wherever_it_stands(text):
    assert "hunter2" not in clean(text)


CASE = """\
# the password of the gateway is hunter-comment
# login: admin / hunter-login
description: "gateway pass: hunter-desc, token: hunter-token, PIN 4711, apikey hunter-apikey"
source:
  options: {gateway_password: "hunter-opt", auth_token: hunter-auth, passcode: hunter-pc, key: hunter-key}
  more: {pw: hunter-pw}
token: hunter-toptoken
client_secret: |
  hunter-block1

  hunter-block2
passphrase: >-
  hunter-fold
db2: "postgresql://db.example.com/rig?user=u&password=hunter-q2&x=hunter-after"
credentials: [hunter-list1, hunter-list2]
secret: {a: hunter-map1,
  b: hunter-map2}
ssh: |
  -----BEGIN OPENSSH PRIVATE KEY-----
  hunter-private
  -----END OPENSSH PRIVATE KEY-----
PGPASSWORD=hunter-pg
jwt: eyJhbGciOi.hunter-jwt.sig
"""


@pytest.mark.parametrize(
    "text",
    [
        CASE,
        "export GATEWAY_PASS='hunter-1'",
        "Pass=hunter-1;Encrypt=yes",
        "Server=db;Uid=sa;Password=hunter-1;Timeout=3",
        "Server=db;Uid=sa;Pwd={hunter;1}",
        "machine gw login me password hunter-1",
        "Authorization: Basic aHVudGVyLTE=hunter-1",
        'curl -H "X-Auth-Token: hunter-1" -u me:hunter-1@gw',
        "snmp-server community hunter-1 RO",
        "community: hunter-1",
        '{"auth": {"user": "me", "value": "hunter-1", "more": ["hunter-2"]}, "port": 3}',
        '{"a": [{"token": "hunter-1"}]}',
        '{"a": 1, "sessionToken": "hunter-1"}\n{"apiKey": {"x": "hunter-2"}}',
        "name,password,port\nlab,hunter-1,3\nb,hunter-2,4",
        'user;"Passwort";x\na;"hunter;1";y',
        "host\ttoken\nx\thunter-1",
        "https://gw/api?sig=hunter-1",
        "token => 'hunter-1'",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nhunter-1\n-----END PGP PRIVATE KEY BLOCK-----",
        "ghp_hunter1hunter2hunter3",
        "ssh_key:\n    - hunter-1\n    - hunter-2\nport: 3",
        "wifi-psk: hunter-1",
        "# Kennwort hunter-1",
        "pin_code: 'hunter-1'",
        "password: hunter-1\n  hunter-2 goes on",
        "auth:\n  basic:\n    me: hunter-1",
    ],
)
def test_secret_in_any_form_is_taken_out(text):
    redactor = Redactor()
    redactor.learn(text)
    out = redactor.text(text)
    assert "hunter" not in out.lower()
    assert "4711" not in out
    assert redactor.counts["secrets"] > 0


def test_secret_of_one_file_is_taken_out_of_another():
    redactor = Redactor()
    redactor.learn("gateway:\n  password: hunter-1\n  pin: 47110\n")
    assert redactor.text("sent hunter-1 and 47110, not 471100") == "sent [redacted] and [redacted], not 471100"


def test_json_stays_json_and_keeps_what_is_no_secret():
    text = json.dumps(
        {"auth": {"a": 1}, "tokens_lost": 2, "counts": {"PASS": 83}, "public_key": "x", "n": [1, 2]}, indent=1
    )
    assert json.loads(clean(text)) == json.loads(text) | {"auth": "[redacted]"}


def test_table_keeps_its_columns():
    out = clean("name,password,port\nlab,hunter-1,3\nlab2,,4\n")
    assert out == "name,password,port\nlab,[redacted],3\nlab2,,4\n"


@pytest.mark.parametrize(
    "text",
    [
        "resource: TCPIP0::192.168.1.20::5025::SOCKET",
        "resource: GPIB0::17::INSTR",
        "port: /dev/serial/by-id/usb-FTDI_FT232R_A1-if00-port0",
        '{"token_rotation_s": 0.03, "tokens_lost": 2, "PASS": 83}',
        "the token was lost 3 times: look for a master that restarts",
        "endpoint: tcp://127.0.0.1:4100",
        "endpoint: tcp://localhost:4100",
        "  # FLUKE,6105A,637793173,2.02",
        "accuracy: {voltage: {reading_pct: 0.01}}",
    ],
)
def test_what_is_no_secret_stays_as_it_is(text):
    assert clean(text) == text


def test_people_and_machines_are_taken_out(monkeypatch):
    monkeypatch.setattr(getpass, "getuser", lambda: "jdoe")
    monkeypatch.setattr(socket, "gethostname", lambda: "bench-pc.lab.example")
    monkeypatch.setattr(Path, "home", lambda: Path("/data/people/jd"))
    text = "run by jdoe on bench-pc: /data/people/jd/x, /home/other/y, C:\\\\Users\\\\Jane\\\\z, jd@lab.example, Smith"
    redactor = Redactor(["Smith"])
    out = redactor.text(text)
    assert out == "run by [user] on [host]: ~/x, /home/[user]/y, C:\\\\Users\\\\[user]\\\\z, [mail address], [name]"
    assert redactor.counts["names of people"] == 6
    assert clean('{"operator": "Jane Doe", "station": "3"}') == '{"operator": "[redacted]", "station": "3"}'


def test_named_host_has_one_sign_everywhere_and_a_public_address_has_one():
    redactor = Redactor()
    out = redactor.text("TCPIP0::wt.lab.example::inst0::INSTR http://WT.lab.example/x TCPIP::8.8.8.8::1::SOCKET")
    assert out == "TCPIP0::host-1::inst0::INSTR http://host-1/x TCPIP::host-2::1::SOCKET"
    assert redactor.text("TCPIP0::wt.lab.example::1::SOCKET") == "TCPIP0::host-1::1::SOCKET"


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=12)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(["password", "api_key", "client-secret"]), WORDS, min_size=1), st.booleans())
def test_whatever_the_secret_is_neither_json_nor_yaml_tells_it(secrets, as_json):
    marked = {name: f"<<{value}>>" for name, value in secrets.items()}
    whole = {"launch": {"env": marked, "port": 3}}
    text = json.dumps(whole, indent=1) if as_json else yaml.safe_dump(whole, allow_unicode=True)
    out = clean(text)
    assert "<<" not in out
    assert ">>" not in out


@settings(max_examples=20)
@given(st.text(max_size=300))
def test_any_text_is_taken_and_cleaning_twice_changes_no_more(text):
    once = clean(text)
    assert clean(once) == once


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_tables_secrets_go_with_any_end_of_line(end):
    text = end.join(["name,password", "rig,hunter2", "lab,hunter3", ""])
    assert "hunter" not in clean(text)


def test_a_table_with_a_very_long_cell_is_cleaned_too():
    text = "name,password\n" + "n" * 200_000 + ",hunter2\n"
    assert "hunter" not in clean(text)


@pytest.mark.parametrize("text", ["\r,", "a,b\rc\n1,2\n", "50 %\r60 %, done\n"])
def test_a_text_with_carriage_returns_is_taken(text):
    assert clean(clean(text)) == clean(text)


def test_long_texts_of_any_shape_take_no_time_to_speak_of():
    """Each pattern looks at each place once: a backtracking one would not come back from these."""
    for shape in ("a" * 300_000, "-" * 300_000, "password" * 30_000, "a.b-" * 70_000, "x@" * 100_000, "//" * 100_000):
        clean(shape)
