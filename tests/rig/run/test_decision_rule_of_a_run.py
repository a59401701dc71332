"""``rig certify --rule``: the chosen decision rule goes to the run, and is that of the suite where none is chosen."""

import pytest
from _pytest.config.argparsing import Parser
from click.testing import CliRunner

from rig.cli import cli as main
from rig.metrology.decision import DecisionRule
from rig.run.pytest_options import add_options, options_of


def options_from(*arguments):
    parser = Parser(_ispytest=True)
    add_options(parser)
    parsed = parser.parse([*arguments])
    parsed.keyword = ""
    return options_of(parsed)


@pytest.mark.parametrize("rule", [str(rule) for rule in DecisionRule])
def test_certify_hands_on_each_rule(monkeypatch, rule):
    asked = []
    monkeypatch.setattr("rig.cli.suites.run_suite", lambda *arguments: asked.append(arguments[4]) or 0)
    done = CliRunner().invoke(main, ["certify", "--rule", rule, "--max-points", "1"])
    assert done.exit_code == 0, done.output
    (extra,) = asked
    assert f"--decision-rule={rule}" in extra
    assert options_from(*extra).rule == rule


def test_without_a_rule_it_is_that_of_the_suite():
    assert options_from().rule == ""


def test_an_unknown_rule_is_refused_with_those_that_there_are():
    done = CliRunner().invoke(main, ["certify", "--rule", "coin"])
    assert done.exit_code != 0
    assert "'coin' is not one of" in done.output
    assert "iso_14253" in done.output
