"""The HTML report: whole, self-contained, safe against hostile text, and honest about what is not known."""

import dataclasses
import datetime as dt
import re
from html.parser import HTMLParser

import pytest

from rig.bench.protection import NOT_PROTECTED
from rig.records.data import EventRecord, InstrumentRecord, RunHeader
from rig.reports import extra_packages as extras
from rig.reports.extra_packages import ReportsNotInstalled
from rig.reports.html import render_html, write_html
from tests.rig.records.fabricated_run import fabricate, load_points
from tests.rig.reports.conftest import HOSTILE


class Page(HTMLParser):
    """Texts of the page, every table row as a tuple of its cells, and every tag with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.rows, self.texts, self._cell, self._open = [], [], [], None, []
        self.feed(text)
        self.close()
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta",):
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self._cell = []

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag
        if tag in ("td", "th"):
            self.rows[-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, text):
        self.texts.append(text)
        if self._cell is not None:
            self._cell.append(text)

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def good_html(good):
    return render_html(good)


@pytest.fixture(scope="module")
def bad_html(bad):
    return render_html(bad)


def test_the_file_refers_to_nothing_outside_itself(good_html):
    without_names = re.sub(r'xmlns(:\w+)?="[^"]*"', "", good_html)
    assert not re.findall(r"https?://|//\w+\.\w+|@import|src=|url\((?!#)", without_names)
    targets = [value for _, attributes in Page(good_html).tags for key, value in attributes.items() if "href" in key]
    assert all(target.startswith("#") for target in targets)


def test_what_a_plot_refers_to_is_in_that_plot(good_html):
    for svg in re.findall(r"<svg.*?</svg>", good_html, re.DOTALL):
        ids = set(re.findall(r'id="([^"]+)"', svg))
        used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
        assert used <= ids
        others = good_html.replace(svg, "")
        assert not {name for name in used if f'id="{name}"' in others}, "another plot would be hit"


def test_every_result_stands_in_the_table_with_its_numbers(bad, bad_html):
    page = bad_html[bad_html.index("<h2>All results") : bad_html.index("<h2>Configuration")]
    rows = [row for row in Page(page.partition("</h2>")[2]).rows if len(row) == 14][1:]
    shown = iter((row[0], row[1], row[2], row[5], row[3], row[6], row[-1]) for row in rows)
    assert len(rows) == sum(len(point.results) for point in bad.points)
    assert len(bad.points) == 90
    for point in bad.points:
        for result in point.results:
            line = (
                result.quantity,
                str(result.instance),
                result.phase,
                result.unit,
                f"{result.read_value:.7g}",
                f"{result.error_pct:+.4f}".replace("-0.0000", "+0.0000"),
                {"NOT_JUDGED": "NOT JUDGED", "COND_FAIL": "CONDITIONAL FAIL"}.get(result.outcome, result.outcome),
            )
            assert next(shown) == line


def test_what_failed_stands_before_everything_that_passed(bad, bad_html):
    failed = sum(result.outcome in ("FAIL", "COND_FAIL") for point in bad.points for result in point.results)
    attention = bad_html[bad_html.index("What needs attention") : bad_html.index("<h2>Findings")]
    rows = Page(attention.partition("</h2>")[2]).rows
    assert failed > 50
    assert 2 <= len(rows) <= 12, "what failed alike is one line"
    outcomes = [row[0] for row in rows[1:]]
    assert outcomes == sorted(outcomes, key=["FAIL", "CONDITIONAL FAIL"].index)
    assert "the worst of" in rows[1][2]
    assert bad_html.index("What needs attention") < bad_html.index("<h2>All results")


def test_the_verdict_is_in_words_not_in_colour_alone(good_html, bad_html):
    assert re.search(r'class="verdict".*?class="word">PASS<', good_html)
    assert re.search(r'class="verdict".*?class="word">FAIL<', bad_html)
    assert "outside its limit by more than the decision rule allows" in bad_html


@pytest.mark.parametrize(
    "sentence",
    [
        "limit table unverified",
        "calibration not recorded",
        "Limits of IEC 62053-22 class 0.2S applied to the meter with simulated sensor output.",
        "C-2026-0815 of 2026-03-02, due 2027-03-02",
        "The results relate only to the item tested.",
        "ILAC-G8 non-binary, guard band w = U",
        "ambient temperature 23.1 °C",
        "4100-000123",
        "2.013",
        "1234567",
        "rig 0.1.0",
        "checked by J. Ohm",
        "The meter was not left as it was found",
        "off nominal: voltage 0.004 %",
        "QNAN",
    ],
)
def test_the_report_says(good_html, sentence):
    assert sentence in Page(good_html).text


def test_it_never_says_that_the_meter_complies(good_html):
    assert not re.search(r"\bcompl(y|ies|iant)", Page(good_html).text)


def test_the_changed_configuration_value_is_marked_and_no_other(good_html):
    marked = re.findall(r'<tr class="changed">(.*?)</tr>', good_html)
    assert len(marked) == 1
    assert "AV8" in marked[0]


def test_largest_ratio_of_uncertainty_to_limit_is_printed_for_every_limit(good, good_html):
    wanted = {}
    for point in good.points:
        for result in point.results:
            if result.limit_pct is not None:
                key = (result.limit.table, result.quantity, f"±{result.limit_pct:g}")
                wanted[key] = max(wanted.get(key, 0.0), result.expanded_uncertainty_pct / result.limit_pct)
    rows = {(row[1], row[2], row[3]): row[6] for row in Page(good_html).rows if len(row) == 10}
    assert len(wanted) >= 10
    for key, ratio in wanted.items():
        assert rows[key] == f"{ratio:.2f}"


def test_a_simulated_run_says_so_loudly_and_a_real_one_does_not(store, good_html):
    real = render_html(fabricate(store, simulated=False, points=1))
    assert good_html.count("SIMULATED BENCH") == 1
    assert "SIMULATED BENCH" not in real
    assert "(simulated)" not in real


def test_the_air_is_told_at_each_point_and_as_a_range_over_the_run(store):
    recorder = store.begin_run(RunHeader(kind="certify", bench_name="b", bench_file_sha256="", software_version="0"))
    for load_point, air in zip(load_points(), ((22.94, 41.2), (23.31, None), None), strict=False):
        point = recorder.begin_point(load_point)
        if air is not None:
            point.climate(*air)
        point.finish()
    text = Page(render_html(store.run(recorder.run_id))).text
    assert "22.9 to 23.3 °C, 41 to 41 % RH, measured at 2 of 3 load points" in text
    assert "0 meter readings, 22.9 °C, 41 % RH" in text
    assert "0 meter readings, 23.3 °C" in text


def test_nobody_who_measured_the_air_is_told_too(store):
    recorder = store.begin_run(RunHeader(kind="eol", bench_name="b", bench_file_sha256="", software_version="0"))
    assert "Environment not recorded" in Page(render_html(store.run(recorder.run_id))).text


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("valid", "C of 2026-01-02, due 2027-01-02"),
        (None, "C of 2026-01-02, due 2027-01-02"),
        ("expired", "C of 2026-01-02, due 2027-01-02: expired"),
        ("of another instrument", "C of 2026-01-02, due 2027-01-02: of another instrument"),
    ],
)
def test_a_calibration_that_did_not_hold_is_printed_as_such(store, status, shown):
    recorder = store.begin_run(RunHeader(kind="eol", bench_name="b", bench_file_sha256="", software_version="0"))
    dates = {"calibration_date": dt.date(2026, 1, 2), "calibration_due": dt.date(2027, 1, 2)}
    recorder.instrument(
        InstrumentRecord(
            role="analyzer", identity="WT", calibration_certificate="C", calibration_status=status, **dates
        )
    )
    text = render_html(store.run(recorder.run_id))
    assert ["analyzer", "WT", "–", shown] in Page(text).rows
    assert (f"<b>{shown}</b>" in text) == (status not in ("valid", None))


def test_a_crashed_run_is_reported_as_aborted_with_what_was_stored(store):
    run = fabricate(store, crashed=True, points=2)
    text = render_html(run)
    assert 'class="word">ABORTED<' in text
    assert "This run never finished." in text
    store.fold_journal([{"id": "j1", "run": run.run_id, "reason": "heartbeat lost", "confirmed": True}])
    text = render_html(store.run(run.run_id))
    assert 'class="word">TERMINATED<' in text
    assert "heartbeat lost" in text


def test_a_run_that_stored_nothing_still_has_a_report(store):
    recorder = store.begin_run(RunHeader(kind="soak", bench_name="b", bench_file_sha256="", software_version="0"))
    page = Page(render_html(store.run(recorder.run_id)))
    assert "No meter was identified in this run." in page.text
    assert "Nothing was asked and nothing was judged." in page.text


@pytest.mark.parametrize(
    ("accuracy", "said"),
    [({"stated_by": "example values"}, "example values"), ({}, None), ({"voltage": {}}, "is not stated")],
)
def test_the_report_says_where_the_accuracy_of_the_reference_comes_from(store, accuracy, said):
    header = RunHeader(
        kind="certify", bench_name="b", bench_file_sha256="", software_version="0",
        judged_with={"accuracy": accuracy} if accuracy else {},
    )  # fmt: skip
    text = Page(render_html(store.run(store.begin_run(header).run_id))).text
    assert ("Accuracy of the reference" in text) == (said is not None)
    assert said is None or said in text


def test_a_point_that_could_not_be_measured_is_listed_with_its_reason(store):
    recorder = store.begin_run(RunHeader(kind="certify", bench_name="b", bench_file_sha256="", software_version="0"))
    point = fabricate(store, points=1).points[0].load_point
    recorder.begin_point(point).finish("ERROR", reason="the analyzer is gone")
    rows = Page(render_html(store.run(recorder.run_id))).rows
    assert ["ERROR", "1 load point", "the analyzer is gone", point.label] in rows


def test_hostile_text_is_shown_and_never_becomes_markup(hostile):
    text = render_html(hostile)
    page = Page(text)
    assert "<script" not in text
    assert not [tag for tag, _ in page.tags if tag == "script"]
    assert text.count("&lt;script&gt;") > 10
    assert "4100-000123" + " ".join(HOSTILE.split()) in page.text


def test_the_same_record_gives_the_same_file(small, tmp_path):
    write_html(small, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text == render_html(small)
    assert "run " + small.run_id in Page(text).text


def test_an_unknown_decision_rule_and_a_known_one_are_both_worded(good):
    header = dataclasses.replace(good.header, decision_rule="ilac_g8_non_binary")
    text = render_html(dataclasses.replace(good, header=header, points=()))
    assert "ILAC-G8:09/2019 4.2.3, non-binary, guard band w = U" in text


def test_a_missing_package_is_named():
    with pytest.raises(ReportsNotInstalled, match="no_such_package"):
        extras.need("no_such_package")


def test_a_run_without_protection_says_so_above_everything_else(small):
    assert "NOT PROTECTED" not in render_html(small)
    event = EventRecord(
        time_utc=small.started_utc, kind="unprotected", severity="info", text=f"{NOT_PROTECTED} {HOSTILE}"
    )
    page = render_html(dataclasses.replace(small, events=(*small.events, event)))
    assert "NOT PROTECTED (--unprotected): if the rig and its guardian are both gone, NOTHING switches" in page
    assert page.index("NOT PROTECTED") < page.index("<h1>")
    assert "<script>alert('x')" not in page
