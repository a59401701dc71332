"""The group of all commands; each is imported when it is used."""

from __future__ import annotations

import click

from drivers.log import LEVELS

_COMMANDS = {
    "bench": ("rig.cli.bench.bench:bench", "Look at bench files and at what is on the bench."),
    "bus": ("rig.cli.bus.bus:bus", "Check, watch and capture the RS-485 bus."),
    "certificate": ("rig.cli.certificate.certificate:certificate", "Issue, list and verify certificates."),
    "certify": ("rig.cli.suites:certify", "Certify a meter against its accuracy classes."),
    "characterise": (
        "rig.cli.characterise.characterise:characterise",
        "Propose a behaviour profile of a meter, with evidence.",
    ),
    "compare": ("rig.cli.judging.compare:compare", "Compare recorded runs of the same load points."),
    "emulate": ("rig.cli.emulate:emulate", "Run the emulated bench until interrupted."),
    "eol": ("rig.cli.eol.eol:eol", "Test meters at the end of the line."),
    "hold": ("rig.cli.hold:hold", "Keep a load point and show live readings."),
    "judge": ("rig.cli.judging.judge:judge", "Judge a recorded run once more from its readings."),
    "msa": ("rig.cli.quality.msa:msa", "Gauge R&R of a crossed study, from a CSV file or recorded tests."),
    "off": ("rig.cli.off:off", "Switch sources off, now, and verify it."),
    "panel": ("rig.cli.panel.panel:panel", "Show the front panel of an emulated meter, and press its keys."),
    "plan": ("rig.cli.plan.plan:plan", "Show what a suite would do; nothing is switched on."),
    "products": ("rig.cli.eol.products:products", "List product variants of the end of line, or show one."),
    "predict": ("rig.cli.predict:predict", "Predict what a meter reads for a stimulus."),
    "quality": ("rig.cli.quality.quality:quality", "Yield, failures, capability and control charts of production."),
    "records": ("rig.cli.records.records:records", "Send what is recorded to a server."),
    "regress": ("rig.cli.suites:regress", "Ask a meter about each behaviour of its manual."),
    "report": ("rig.cli.report:report", "Draw the report of a recorded run."),
    "restore": ("rig.cli.restore:restore", "Put a meter's settings back after an ended run."),
    "runs": ("rig.cli.records.runs:runs", "Find recorded runs, follow one unit, export results."),
    "serve": ("rig.cli.station.serve:serve", "Serve the page of a test station."),
    "snapshot": ("rig.cli.snapshot:snapshot", "Read every object of the meters, once."),
    "station": ("rig.cli.station.station:station", "Set up a test station."),
    "standards": ("rig.cli.standards.standards:standards", "List limit tables, their rows and what is not checked."),
    "support-bundle": ("rig.cli.support:support_bundle", "Pack what support needs, without secrets."),
}
"""Where each command is, and its line in the list: the list is shown without loading any of them."""


class _LazyGroup(click.Group):
    """Imports a subcommand only when it is used: ``rig off`` must not wait for plotting or databases."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module_name, attribute = _COMMANDS[cmd_name][0].split(":")
        module = __import__(module_name, fromlist=[attribute])
        command = getattr(module, attribute)
        assert isinstance(command, click.Command)
        _add_log_level(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in sorted(_COMMANDS.items())])


def _add_log_level(command: click.Command) -> None:
    """Give a command, and those below it, the option ``--log-level``, where it has none of its own."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            _add_log_level(each)
    elif "log_level" not in {each.name for each in command.params} and command.name != "emulate":
        command.params.append(
            click.Option(
                ["--log-level"],
                type=click.Choice(LEVELS, case_sensitive=False),
                expose_value=False,
                callback=_log_to_standard_error,
                help="Log to standard error from this level on.",
            )
        )


def _log_to_standard_error(_context: click.Context, _option: click.Parameter, level: str | None) -> None:
    if level is not None:
        from drivers.log_handler import begin

        begin(None, "rig", level)


def _show_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from rig.version import software_version

        click.echo(f"rig, version {software_version()}")
        context.exit()


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_show_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Test rig controller for the Leviton Series 4100 BACnet MS/TP energy meter."""
