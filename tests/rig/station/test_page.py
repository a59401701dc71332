"""The operator's page in a real browser, with scripted runs: what an operator does, and what may go wrong meanwhile."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rig.station.password import set_password
from tests.rig.station.served import Network, Served, served
from tests.waiting import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

driver = pytest.importorskip("playwright.sync_api", reason="the extra browser-tests is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = Path(__file__).parent / "browser" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium"),
]

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with driver.sync_playwright() as running:
        launched = running.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=FLAGS
        )  # a new profile each time
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("station")) as one:
        yield one


@pytest.fixture
def page(browser, station: Served) -> Iterator[Page]:
    yield from _page(browser, station, station.port)
    _leave_idle(station)


def _page(browser, station: Served, port: int, **options: object) -> Iterator[Page]:
    station.off_confirms(confirms=True)
    with browser.new_context(viewport={"width": 1920, "height": 1080}, **options) as context:
        one = context.new_page()
        one.set_default_timeout(15_000)
        one.goto(f"http://127.0.0.1:{port}/")
        yield one


def _leave_idle(station: Served) -> None:
    station.off_confirms(confirms=True)
    if station.state()["phase"] not in ("idle", "pass", "fail", "stopped", "broken", "refused", "no-verdict"):
        station.request("POST", "/stop")
        if station.run_pid():
            _kill(station.run_pid())
    station.wait_for("idle", "pass", "fail", "stopped", "broken", "refused", "no-verdict")


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _scan(page, text: str) -> None:
    """Type as a scanner does: very fast, and CR LF at the end."""
    page.keyboard.type(text, delay=0)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")


def _phase(page, *phases: str) -> None:
    page.wait_for_function("(phases) => phases.includes(document.body.dataset.phase)", arg=list(phases))


def _is_shown(page, text: str) -> None:
    page.get_by_text(text).first.wait_for()


def test_a_scanned_unit_passes_and_the_result_stays_until_the_next_scan(page, station: Served) -> None:
    had = len(station.runs())
    _scan(page, "1000000001")
    _phase(page, "pass")
    assert page.locator("#state .big").inner_text().endswith("PASS")
    # Letters of 25 mm are read from 5 m; on a screen of 1080 lines and 300 mm that is 90 lines.
    assert page.locator("#state .big").evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)") * 0.7 > 90
    _is_shown(page, "Safe to open")
    _is_shown(page, "Take the meter out")
    time.sleep(1.2)
    assert page.locator("body").get_attribute("data-phase") == "pass"
    _scan(page, "2000000001")
    _phase(page, "running", "fail")
    _phase(page, "fail")
    assert page.locator("#state .big").inner_text().endswith("FAIL")
    _is_shown(page, "error +0.35 %, limit ±0.2 %")
    assert page.locator("#bars svg").count() == 3
    assert len(station.runs()) == had + 2


def test_outputs_off_in_mid_run_ends_it_and_says_when_it_is_safe(page, station: Served) -> None:
    _scan(page, "3000000001")
    _is_shown(page, "Outputs ON")
    _is_shown(page, "277.0 V")
    assert "Safe to open" not in page.locator("footer").inner_text()
    page.get_by_role("button", name="Outputs off").click()
    _phase(page, "stopped")
    _is_shown(page, "Safe to open")
    assert page.locator("#not-stopped").is_hidden()
    assert "PASS" not in page.locator("#state").inner_text()


def test_a_reload_in_mid_run_shows_the_same_state(page, station: Served) -> None:
    _scan(page, "3000000002")
    _is_shown(page, "Outputs ON")
    before = page.locator("#state").inner_text(), page.locator("footer").inner_text()
    page.reload()
    assert (page.locator("#state").inner_text(), page.locator("footer").inner_text()) == before
    assert page.evaluate("document.activeElement.id") == "entry"
    page.keyboard.press("Escape")
    _phase(page, "stopped")


@pytest.mark.parametrize("text", ["http://example.com/?a", "12345 67890", "<b>1</b>"])
def test_a_wrong_barcode_is_refused_in_words_and_starts_nothing(page, station: Served, text: str) -> None:
    had = len(station.runs())
    _scan(page, text)
    page.locator("#message .bad").wait_for()
    assert len(station.runs()) == had
    assert page.locator("#message b").count() == 0


@pytest.mark.parametrize("times", [2, 3])
def test_a_number_that_is_read_several_times_starts_one_run(page, station: Served, times: int) -> None:
    had, number = len(station.runs()), f"100000010{times}"
    for _ in range(times):
        _scan(page, number)
    _phase(page, "pass")
    time.sleep(0.5)
    assert len(station.runs()) == had + 1


def test_a_scan_in_mid_run_is_refused_and_changes_nothing(page, station: Served) -> None:
    _scan(page, "3000000003")
    _is_shown(page, "Outputs ON")
    had = len(station.runs())
    _scan(page, "1000000003")
    _is_shown(page, "Station busy")
    assert station.state()["scanned"] == {"1": "3000000003"}
    assert len(station.runs()) == had
    page.keyboard.press("Escape")
    _phase(page, "stopped")


def test_a_scan_while_a_button_has_the_focus_presses_no_button(page, station: Served) -> None:
    page.get_by_role("button", name="Outputs off").focus()
    _scan(page, "3000000004")
    _is_shown(page, "Outputs ON")
    page.get_by_role("button", name="Outputs off").focus()
    _scan(page, "1000000004")
    _is_shown(page, "Station busy")
    time.sleep(0.3)
    assert station.state()["phase"] == "running"
    page.get_by_role("button", name="Outputs off").focus()
    time.sleep(0.4)
    page.keyboard.press("Enter")  # a person at the keyboard
    _phase(page, "stopped")


def test_outputs_off_works_without_scripts_and_event_stream(browser, station: Served) -> None:
    for page in _page(browser, station, station.port, java_script_enabled=False):
        page.locator("#entry").fill("3000000005")
        page.locator("#entry").press("Enter")
        station.wait_for("running")
        page.get_by_role("button", name="Outputs off").click()
        station.wait_for("stopped")
        page.reload()
        assert "STOPPED" in page.locator("#state").inner_text()
    _leave_idle(station)


def test_not_stopped_is_shown_until_off_is_confirmed(page, station: Served) -> None:
    _scan(page, "7000000001")
    _is_shown(page, "Outputs ON")
    station.off_confirms(confirms=False)
    began_s = time.monotonic()
    page.keyboard.press("Escape")
    page.locator("#not-stopped").wait_for()
    assert time.monotonic() - began_s < 2.0
    assert "press the emergency stop" in page.locator("#not-stopped").inner_text()
    _phase(page, "not-stopped")
    page.reload()
    page.locator("#warning .keep-away").wait_for()
    assert "Safe to open" not in page.locator("footer").inner_text()
    station.off_confirms(confirms=True)
    page.locator("#warning .keep-away").wait_for(state="detached")
    _is_shown(page, "Safe to open") if station.state()["safe_to_open"] else None
    _kill(station.run_pid())
    _phase(page, "stopped")


def test_outputs_off_while_the_network_is_gone_for_8_s(browser, station: Served) -> None:
    network = Network(station.port)
    for page in _page(browser, station, network.port):
        _scan(page, "3000000006")
        _is_shown(page, "Outputs ON")
        network.go()
        gone_s = time.monotonic()
        time.sleep(0.5)
        page.get_by_role("button", name="Outputs off").click()
        page.locator("#not-stopped").wait_for(timeout=1600)
        page.locator("#link.lost").wait_for()
        while time.monotonic() - gone_s < 8.0:
            assert page.locator("#not-stopped").is_visible()
            time.sleep(0.5)
        assert station.state()["phase"] == "running"
        network.come_back()
        _phase(page, "stopped")
        page.locator("#not-stopped").wait_for(state="hidden")
    network.close()


def test_prompts_are_answered_with_keys_and_the_entry_field(page, station: Served) -> None:
    _scan(page, "4000000001")
    _is_shown(page, "Is the LCD lit")
    page.keyboard.press("Enter")  # the second half of CR LF answers nothing
    assert station.state()["prompt"] == "one"
    page.keyboard.press("F2")
    _is_shown(page, "Read the voltage of phase A.")
    _scan(page, "1000000077")
    _is_shown(page, "looks like a scanned number")
    page.keyboard.type("277.0")
    page.keyboard.press("Enter")
    _phase(page, "pass")


def test_pause_switches_off_and_continue_goes_the_whole_way_up(page, station: Served) -> None:
    _scan(page, "8000000001")
    page.get_by_role("button", name="Pause").click()
    _phase(page, "paused")
    _is_shown(page, "Safe to open")
    page.get_by_role("button", name="Continue").click()
    _phase(page, "pass")


def test_a_killed_run_is_never_shown_as_pass_and_says_what_to_do(page, station: Served) -> None:
    _scan(page, "6000000001")
    _phase(page, "broken")
    assert "NO RESULT" in page.locator("#state").inner_text()
    assert "PASS" not in page.locator("#state").inner_text()
    _is_shown(page, "The meter has not passed. Scan it to test it again.")


def test_a_refused_run_says_why(page, station: Served) -> None:
    _scan(page, "5000000001")
    _phase(page, "refused")
    _is_shown(page, "bench scripted is in use by process 4711")


def test_the_run_outlives_a_killed_service_and_is_shown_again(page, station: Served) -> None:
    _scan(page, "3000000007")
    _is_shown(page, "Outputs ON")
    pid = station.run_pid()
    station.kill()
    page.locator("#link.lost").wait_for()
    os.kill(pid, 0)
    station.start()
    page.locator("#link.lost").wait_for(state="detached")
    _phase(page, "running")
    assert station.state()["scanned"] == {"1": "3000000007"}
    page.keyboard.press("Escape")
    _phase(page, "stopped")
    wait_for(lambda: not Path(f"/proc/{pid}").exists(), "the end of the run", 10.0)


def test_several_positions_have_a_tile_each(browser, tmp_path: Path) -> None:
    with served(tmp_path, ("A", "B", "C")) as station:
        for page in _page(browser, station, station.port):
            _scan(page, "1000000011")
            _is_shown(page, "Scan the meter at position B")
            _scan(page, "1000000011")
            _scan(page, "1000000012")
            _is_shown(page, "Scan the meter at position C")
            assert page.locator(".tile").count() == 3
            page.keyboard.press("F9")
            _phase(page, "pass")
            assert station.state()["scanned"] == {"A": "1000000011", "B": "1000000012"}


def test_five_thousand_bare_requests_leave_the_memory_as_it_is(station: Served) -> None:
    def ask(times: int) -> None:
        for _ in range(times // 50):
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", station.port, timeout=10)) as link:
                for _ in range(50):
                    link.request("GET", "/")
                    assert link.getresponse().read().startswith(b"<!DOCTYPE html>")

    ask(500)
    before_kb = station.rss_kb()
    ask(4500)
    assert station.rss_kb() - before_kb < 20_000


def test_the_engineers_view_asks_for_the_password(page, station: Served) -> None:
    set_password(station.folder, "correct horse")
    page.goto(f"{station.url}/engineer")
    page.get_by_label("Password").fill("wrong horse")
    page.keyboard.press("Enter")
    _is_shown(page, "This is not the password.")
    _no_serious_fault(page)
    page.get_by_label("Password").fill("correct horse")
    page.keyboard.press("Enter")
    _is_shown(page, "Trends of the last runs")
    station.request("POST", "/scan", text="3000000030")
    page.locator("svg.vectors path[stroke='#1565c0']").first.wait_for(state="attached")
    assert "277 V at 0.0 degrees" in page.locator("svg.vectors").get_attribute("aria-label")
    _no_serious_fault(page)
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{station.url}/engineer/runs/1")
    page.get_by_label("Password").wait_for()


def test_another_sites_page_can_start_and_stop_nothing(station: Served) -> None:
    had = len(station.runs())
    for headers in ({"Origin": "http://elsewhere.example"}, {"Host": "elsewhere.example"}):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", station.port, timeout=10)) as link:
            link.request("POST", "/scan", "text=1000000099", {"Content-Length": "15", **headers})
            assert link.getresponse().status == 403
    assert len(station.runs()) == had


@pytest.mark.parametrize("number", ["1000000020", "2000000020", "3000000020", "4000000020", "5000000020"])
def test_axe_finds_no_serious_fault(page, station: Served, number: str) -> None:
    _scan(page, number)
    _phase(page, {"1": "pass", "2": "fail", "3": "running", "4": "prompt", "5": "refused"}[number[0]])
    if number[0] in "34":
        _is_shown(page, "Outputs ON")
    _no_serious_fault(page)


def _no_serious_fault(page) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: make page-tools (needs npm)")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then((all) => all.violations)")
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    said = [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in serious]
    assert not serious, "\n".join(said)
