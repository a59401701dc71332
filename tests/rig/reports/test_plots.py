"""Error curves: limit lines where the limits are, every judged error shown, the same file every time."""

import re
from typing import Any

import pytest

from rig.reports._summary import all_results, panels
from rig.reports.plots import _figure, write_plots
from tests.rig.records.fabricated_run import fabricate

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def files(small, tmp_path_factory):
    return write_plots(small, tmp_path_factory.mktemp("plots") / "deep")


def test_each_panel_is_written_as_svg_and_png(small, files):
    names = [panel.key for panel in panels(small)]
    assert len(names) == 3
    assert [file.name for file in files] == [f"{name}{end}" for name in names for end in (".svg", ".png")]
    assert all(file.read_bytes().startswith(PNG) for file in files if file.suffix == ".png")


def test_every_judged_result_is_on_exactly_one_panel(bad):
    shown = [id(judged.result) for panel in panels(bad) for curve in panel.curves for judged in curve.points]
    judged = [id(judged.result) for judged in all_results(bad) if judged.result.limit_pct is not None]
    assert sorted(shown) == sorted(judged)


def test_balanced_and_single_phase_loads_have_panels_of_their_own(good):
    titles = [panel.title for panel in panels(good)]
    assert titles[0] == "Active power, PF 1"
    assert "Active power, PF 1, one phase alone" in titles
    assert "Reactive power, sin φ 0.25 lead" in titles
    assert "Voltage, all load points" in titles
    single = next(panel for panel in panels(good) if panel.title == "Active power, PF 1, one phase alone")
    assert [curve.name for curve in single.curves] == ["phase A", "phase B", "phase C"]


def test_the_limit_lines_are_drawn_at_the_limits_on_both_sides(good):
    panel = panels(good)[0]
    figure = _figure(panel)
    lines = {line.get_gid(): line for line in figure.axes[0].get_lines()}
    for side, sign in (("upper", 1), ("lower", -1)):
        line = lines[f"{panel.key}-limit-{side}"]
        drawn = dict(zip(line.get_xdata(), line.get_ydata(), strict=True))
        assert drawn[2] == sign * 0.4
        assert drawn[5] == sign * 0.2
        assert drawn[120] == sign * 0.2
        assert line.get_drawstyle() == "steps-post", "a limit holds upwards from its current"


def test_the_guarded_band_reaches_from_the_acceptance_limit_to_the_limit(good):
    panel = panels(good)[0]
    bands = {band.get_gid(): band for band in _figure(panel).axes[0].collections}
    for side, low, high in (("upper", 0.17, 0.4), ("lower", -0.4, -0.17)):
        extent = bands[f"{panel.key}-guard-{side}"].get_paths()[0].get_extents()
        assert (extent.y0, extent.y1) == pytest.approx((low, high))


def test_uncertainty_bars_span_twice_u(good):
    panel = panels(good)[0]
    bars: Any
    (bars,) = _figure(panel).axes[0].containers
    segments = bars.lines[2][0].get_segments()
    for segment, judged in zip(segments, panel.curves[0].points, strict=True):
        assert segment[1][1] - segment[0][1] == pytest.approx(2 * judged.result.expanded_uncertainty_pct)
        assert segment.mean(axis=0)[1] == pytest.approx(judged.result.error_pct)


def test_current_is_on_a_logarithmic_axis_that_holds_every_point(good):
    for panel in panels(good):
        axes = _figure(panel).axes[0]
        low, high = axes.get_xlim()
        assert axes.get_xscale() == "log"
        assert all(low < judged.point.load_point.current_pct < high for c in panel.curves for judged in c.points)


def test_results_that_did_not_pass_are_ringed(bad, good):
    def rings(run):
        return sum(
            len(line.get_xdata())
            for panel in panels(run)
            for line in _figure(panel).axes[0].get_lines()
            if str(line.get_label()).startswith("_not in")
        )

    failed = sum(judged.result.outcome in ("FAIL", "COND_FAIL") for judged in all_results(bad))
    assert rings(bad) == failed
    assert rings(good) == 0


def test_the_same_record_gives_the_same_plots_and_no_date(small, files, tmp_path):
    for one, other in zip(files, write_plots(small, tmp_path), strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert not re.search(rb"<dc:date>|20\d\d-\d\d-\d\dT", files[0].read_bytes())


def test_hostile_names_stay_inside_the_folder(hostile, tmp_path):
    for file in write_plots(hostile, tmp_path / "plots"):
        assert file.parent == tmp_path / "plots"
        assert re.fullmatch(r"[\w.-]+", file.name)


def test_a_run_without_judged_results_makes_no_plots_and_no_folder(store, tmp_path):
    run = fabricate(store, points=0)
    assert write_plots(run, tmp_path / "plots") == []
    assert not (tmp_path / "plots").exists()
