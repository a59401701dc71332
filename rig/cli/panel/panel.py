"""``rig panel``: the front panel of an emulated meter, live with keys from the keyboard, or printed once."""

from __future__ import annotations

import json
from contextlib import ExitStack

import click

from rig.cli.shared.types import COUNT


@click.command()
@click.option("--bench", default="emulated", show_default=True, metavar="NAME|PATH", help="Bench file.")
@click.option("--position", default=None, metavar="NAME", help="Which meter  [default: that of the first position]")
@click.option("--endpoint", default=None, metavar="tcp://HOST:PORT", help="Control endpoint of 'rig emulate'.")
@click.option("--meter", type=COUNT, default=1, show_default=True, metavar="N", help="Which meter, with --endpoint.")
@click.option(
    "--key", "keys", multiple=True, metavar="KEY",
    help="Press PLUS, MINUS, ENTER or BACK first; may be given several times.",
)  # fmt: skip
@click.option("--once", is_flag=True, help="Print the screen once and end.")
@click.option("--json", "as_json", is_flag=True, help="Print it once as one JSON object.")
def panel(
    bench: str, position: str | None, endpoint: str | None, meter: int, keys: tuple[str, ...], once: bool, as_json: bool
) -> None:
    """Show the front panel of an emulated meter: of a bench in use, or of one that is started for it.

    In a terminal: + and - (or up and down), Enter (or right), Backspace (or left) are its keys; q ends.
    """
    from rig.bench.config.files import load_bench
    from rig.bench.discovery.panels import meter_number, open_panels
    from rig.cli.panel.view import picture, watch_panel
    from rig.cli.shared.output import echo, make_console
    from rig.operator.panel_link import PanelLink

    with ExitStack() as stack:
        title, number = f"meter {meter} at {endpoint}", meter - 1
        if endpoint is None:
            file = load_bench(bench)
            number = meter_number(file, position)
            endpoint, is_own = stack.enter_context(open_panels(file, "rig panel"))
            title = f"bench {file.name}, meter {number + 1}" + (", started for this command" if is_own else "")
        link = stack.enter_context(PanelLink(endpoint))
        view = link.press(number, *keys) if keys else link.view(number)
        console = make_console()
        if as_json:
            echo(json.dumps({"panel": number} | view.as_json()))
        elif once or not console.is_terminal:
            console.print(picture(title, view))
        else:
            watch_panel(link, number, title, console)
