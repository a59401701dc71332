"""The route check: a unit without a pass of the dielectric test is not admitted, and neither is one that is unknown."""

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from rig.errors import UsageRefused
from rig.exit_codes import ExitCode, exit_code_of
from rig.products.admission import admit
from rig.products.files import load_product
from rig.products.product import RoutePart
from rig.products.route import RouteRefused, evidence_of
from rig.products.scan import ScanRefused

CSV = """\
serial_number,result,time
0012,pass,2026-11-30 08:00
1E5,fail,2026-11-30 08:01
77,pass,2026-11-30 08:02
77,fail,2026-11-30 08:03
78,fail,2026-11-30 08:04
78,Passed,2026-11-30 08:05
"""


def route_of(tmp_path, text, name="passed.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return RoutePart(file=str(path))


@contextmanager
def server(answers, status=200):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            found = answers.get(self.path)
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(404 if found is None else status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            pass

    serving = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{serving.server_port}/hipot/{{serial}}"
    finally:
        serving.shutdown()
        thread.join()
        serving.server_close()


@pytest.mark.parametrize("number", ["0012", "78"])
def test_unit_with_a_pass_is_admitted(tmp_path, number):
    assert "dielectric test passed at 2026-11-30" in evidence_of(route_of(tmp_path, CSV), number)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("12", "has no dielectric test of it"),  # no number: 0012 is another text
        ("100000", "has no dielectric test of it"),  # 1E5 is a text
        ("1E5", "says 'fail'"),
        ("77", "at 2026-11-30 08:03 says 'fail'"),  # the last one counts
    ],
)
def test_unit_without_a_pass_is_refused_in_one_sentence(tmp_path, number, says):
    with pytest.raises(RouteRefused) as refused:
        evidence_of(route_of(tmp_path, CSV), number)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert exit_code_of(refused.value) is ExitCode.REFUSED


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "serial,outcome\n0012,pass\n", "has no columns serial_number and result"),
        ("a.csv", "", "has no columns"),
        ("a.csv", b"serial_number,result\n\xff,pass\n", "cannot be read"),
        ("a.json", "{", "does not answer in JSON"),
        ("a.json", '[{"serial_number": 12, "result": "pass"}]', "as texts"),
        ("a.json", '["0012"]', "as texts"),
    ],
)
def test_route_that_cannot_be_read_admits_nothing(tmp_path, name, text, says):
    with pytest.raises(RouteRefused, match="is not known") as refused:
        evidence_of(route_of(tmp_path, text, name), "0012")
    assert says in str(refused.value)


def test_route_file_that_is_not_there_admits_nothing(tmp_path):
    with pytest.raises(RouteRefused, match="there is no file"):
        evidence_of(RoutePart(file=str(tmp_path / "none.csv")), "0012")


def test_route_over_http_answers_for_one_unit():
    answers = {
        "/hipot/0012": {"serial_number": "0012", "result": "pass", "time": "08:00"},
        "/hipot/13": {"serial_number": "13", "result": "fail"},
        "/hipot/14": {"serial_number": "0012", "result": "pass"},  # of another unit
        "/hipot/15": b"<html>",
    }
    with server(answers) as url:
        route = RoutePart(url=url)
        assert "passed at 08:00" in evidence_of(route, "0012")
        for number, says in (
            ("13", "says 'fail'"),
            ("14", "has no dielectric test of it"),
            ("15", "does not answer in JSON"),
            ("16", "has no dielectric test of it"),  # 404
        ):
            with pytest.raises(RouteRefused, match=says):
                evidence_of(route, number)
    with pytest.raises(RouteRefused, match="does not answer"):
        evidence_of(route, "0012")


def test_route_server_with_an_error_admits_nothing():
    answers = {"/hipot/0012": {"serial_number": "0012", "result": "pass"}}
    with server(answers, status=500) as url, pytest.raises(RouteRefused, match="answers 500"):
        evidence_of(RoutePart(url=url), "0012")


def test_route_server_that_says_nothing_admits_nothing():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/{{serial}}"
        with pytest.raises(RouteRefused, match="does not answer"):
            evidence_of(RoutePart(url=url, timeout_s=0.05), "0012")


PRODUCT = load_product("s4100-480")


def test_units_are_admitted_by_position():
    admission = admit(["2=0012", "1=1E5"], PRODUCT, ["1", "2"])
    assert admission.scanned == {"1": "1E5", "2": "0012"}
    assert admit(["0012\r\n"], PRODUCT, ["1"]).scanned == {"1": "0012"}


@pytest.mark.parametrize(
    ("texts", "masked", "says"),
    [
        ([], [], "position 1 has no scan"),
        (["1=123"], [], "position 2 has no scan"),
        (["123"], [], "names no position"),
        (["1=123", "2=123"], [], "serial number 123 was scanned at positions 1 and 2"),
        (["1=123", "1=124"], [], "position 1 was scanned twice"),
        (["1=123", "3=124"], ["3"], "position 3 is masked"),
        (["1=123", "9=124"], [], "there is no position '9'"),
        (["1=x y", "2=124"], [], "is more than one number"),
    ],
)
def test_scans_that_do_not_fit_the_positions_are_refused(texts, masked, says):
    with pytest.raises(UsageRefused, match=says):
        admit(texts, PRODUCT, ["1", "2"], masked)


def test_one_unit_without_a_pass_refuses_the_run(tmp_path):
    """All positions share one source: a unit that may not be energised must be taken out."""
    product = PRODUCT.model_copy(update={"route": route_of(tmp_path, CSV)})
    with pytest.raises(RouteRefused, match="serial number 1E5 is not tested"):
        admit(["1=0012", "2=1E5"], product, ["1", "2"])


def test_a_wrong_scan_is_a_refusal():
    with pytest.raises(ScanRefused) as refused:
        admit(["1=é"], PRODUCT, ["1"])
    assert exit_code_of(refused.value) is ExitCode.REFUSED
