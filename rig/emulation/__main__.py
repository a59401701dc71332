"""``python -m rig.emulation``: the emulated bench as a process; it runs until its input ends or a stop is sent."""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import stat
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from drivers.log import log_as, note
from drivers.mstp import PortUnavailable
from meter_model.configuration import Configuration
from rig.emulation.bench import METER_PORTS, EmulatedBench, Options
from rig.emulation.bus.fault_settings import FaultRefused, parse_faults
from rig.emulation.bus.process import HubFailed
from rig.emulation.defects.library import DefectRefused, parse_defect
from rig.emulation.instruments import ANALYZERS, LOW_LEVEL_SOURCES, MODELS, SOURCES
from rig.emulation.world.miswiring import MiswiringRefused, parse_miswiring

_HIGHEST_MASTER = 127
_DEFAULTS = Options()
_WHOLE_NUMBERS = (
    ("seed", 0, 2**63 - 1, "N", "everything random follows from it"),
    ("meters", 0, 32, "N", "number of meters, 0 to 32"),
    ("spare_ports", 0, 64, "N", "bus ports for other nodes"),
    ("baud", 1200, 1_000_000, "B", "baud rate of the bus"),
    ("mac", 0, _HIGHEST_MASTER, "M", "MAC of the first meter; others follow"),
    ("max_master", 1, _HIGHEST_MASTER, "M", "Max_Master of the meters"),
)
"""Options that are whole numbers: field of ``Options``, least, most, name in the help, meaning."""

_CANNOT_RUN, _REFUSED = 10, 11
"""Exit codes as of the rig; 1 and 2 mean something else there."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the emulated bench; returns 0 after an orderly end, 10 if it cannot start; senseless options exit with 11."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    options = _options(parser, chosen)
    log_as("emulation")
    wake_reader, wake_writer = os.pipe()
    os.set_blocking(wake_writer, False)
    signal.set_wakeup_fd(wake_writer)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)  # the wake-up pipe carries the news
    try:
        with EmulatedBench(options) as bench:
            sys.stdout.write(json.dumps(bench.endpoints) + "\n" if chosen.json else _table(bench.endpoints))
            sys.stdout.flush()
            note(__name__, "the emulated bench is ready: %s", bench.endpoints)
            _run_until_told(wake_reader)
            note(__name__, "the emulated bench ends")
    except (OSError, HubFailed, PortUnavailable) as error:
        sys.stderr.write(f"the emulated bench cannot run: {error}\n")
        return _CANNOT_RUN
    return 0


class _Parser(argparse.ArgumentParser):
    """Refuses in one sentence, without a page of usage before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(_REFUSED, f"{self.prog}: {message}; --help lists all options\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="rig emulate",
        description="Run an emulated bench: source and analyzer (SCPI over TCP), RS-485 bus (ptys), S4100 meters.",
    )
    for name, _, _, metavar, what in _WHOLE_NUMBERS:
        default = getattr(_DEFAULTS, name)
        parser.add_argument(_flag(name), type=int, default=default, metavar=metavar, help=f"{what} ({default})")
    parser.add_argument(
        "--defect",
        dest="defects",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="a seeded defect, such as phase-b-current-gain=+1.0%% or quadrants-swapped; NAME@2 is in the second meter",
    )
    parser.add_argument(
        "--bus-fault",
        dest="bus_faults",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a fault of the bus, such as bit-error-rate=1e-4 or cut=2; port 0 is the rig's, port 1 the meters'",
    )
    parser.add_argument(
        "--miswired",
        action="append",
        default=[],
        metavar="NAME=WHERE",
        help="a wire to a meter that is wrong, such as ct-reversed=A or voltage-exchanged=BC; NAME@2 is at the second",
    )
    parser.add_argument(
        "--ports-each",
        action="store_true",
        help="each meter is alone on a bus of its own, and all have the same MAC",
    )
    parser.add_argument("--source", choices=sorted(SOURCES), default="fluke_6105a", help="(fluke_6105a)")
    parser.add_argument(
        "--low-level-source", choices=sorted(LOW_LEVEL_SOURCES), help="a source of its own for the CT inputs (none)"
    )
    parser.add_argument("--analyzer", choices=sorted(ANALYZERS), default="yokogawa_wt", help="(yokogawa_wt)")
    for role in ("source", "analyzer"):
        parser.add_argument(f"--{role}-model", metavar="MODEL", help="for one that is emulated as several models")
    parser.add_argument("--divider-ratio", type=float, default=8.0, metavar="R", help="of the CT dividers (8)")
    parser.add_argument(
        "--current-loop",
        dest="current_loop_turns",
        type=float,
        metavar="TURNS",
        help="real transformers instead of dividers: the source's amperes go so many times through each",
    )
    parser.add_argument(
        "--amplifier",
        dest="has_amplifier",
        action="store_true",
        help="a 52120A amplifier on each phase of a fluke_6105a",
    )
    parser.add_argument(
        "--ct-secondary", type=int, choices=(1, 3), default=1, help="CT inputs: 1 is 1 V, 3 is 1/3 V (1)"
    )
    parser.add_argument(
        "--room", dest="room_c", type=float, default=23.0, metavar="C", help="temperature of the room, °C (23)"
    )
    parser.add_argument("--ideal", dest="is_ideal", action="store_true", help="no noise and no errors anywhere")
    parser.add_argument(
        "--unpaced",
        dest="is_paced",
        action="store_false",
        help="the bus carries octets at once, not at the baud rate",
    )
    parser.add_argument("--log", type=Path, metavar="PATH", help="event log, JSON lines, kept (else a temporary file)")
    parser.add_argument(
        "--state", type=Path, metavar="DIR", help="non-volatile memory of the meters is kept here (none is kept)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON line of endpoints instead of a table")
    return parser


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _options(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> Options:
    for name, low, high, _, _ in _WHOLE_NUMBERS:
        if not low <= getattr(chosen, name) <= high:
            parser.error(f"{_flag(name)} must be {low} to {high}, not {getattr(chosen, name)}")
    if chosen.mac + (0 if chosen.ports_each else chosen.meters - 1) > chosen.max_master:
        parser.error(f"meters from MAC {chosen.mac} on reach beyond --max-master {chosen.max_master}")
    if not 1.0 < chosen.divider_ratio <= 1000.0:
        parser.error(f"--divider-ratio must be above 1 and at most 1000, not {chosen.divider_ratio:g}")
    if not -40.0 <= chosen.room_c <= 70.0:
        parser.error(f"--room must be -40 to 70 degrees Celsius, not {chosen.room_c:g}")
    turns = chosen.current_loop_turns
    if turns is not None and not 0.0 < turns <= 1000.0:
        parser.error(f"--current-loop must be above 0 and at most 1000, not {turns:g}")
    if chosen.has_amplifier and chosen.source != "fluke_6105a":
        parser.error(f"--amplifier belongs to a fluke_6105a, not to a {chosen.source}")
    for role in ("source", "analyzer"):
        _check_model(parser, getattr(chosen, role), getattr(chosen, f"{role}_model"), role)
    try:
        defects = tuple(parse_defect(text) for text in chosen.defects)
        bus_faults = parse_faults(chosen.bus_faults)
        miswired = tuple(parse_miswiring(text) for text in chosen.miswired)
    except (DefectRefused, FaultRefused, MiswiringRefused) as refusal:
        parser.error(str(refusal))
    ports = METER_PORTS + chosen.spare_ports
    if any(port >= ports for port in bus_faults.ports):
        parser.error(f"a bus fault names port {max(bus_faults.ports)}; the bus has ports 0 to {ports - 1}")
    for fault in miswired:
        if fault.meter is not None and not 1 <= fault.meter <= chosen.meters:
            parser.error(f"wiring fault {fault} is at a meter that is not there; there are {chosen.meters}")
    for defect in defects:
        if defect.meter is not None and not 1 <= defect.meter <= chosen.meters:
            parser.error(
                f"defect {defect.name}@{defect.meter} is in a meter that is not there; there are {chosen.meters}"
            )
    configuration = replace(Configuration(), ct_secondary=chosen.ct_secondary)
    plain = {name: value for name, value in vars(chosen).items() if name != "json"}
    return Options(
        **{**plain, "defects": defects, "bus_faults": bus_faults, "configuration": configuration, "miswired": miswired}
    )


def _check_model(parser: argparse.ArgumentParser, name: str, model: str | None, role: str) -> None:
    models = MODELS.get(name, ())
    if model is not None and model not in models:
        known = f"one of {', '.join(models)}" if models else "left out: it is emulated as one model"
        parser.error(f"--{role}-model of a {name} must be {known}, not {model}")


def _run_until_told(wake: int) -> None:
    """Block until a signal arrives, or until standard input ends if a process holds its other end."""
    watched = [wake]
    if _ends_with_its_reader(sys.stdin.fileno() if sys.stdin else -1):
        watched.append(sys.stdin.fileno())
    while True:
        ready, _, _ = select.select(watched, [], [])
        if wake in ready or not os.read(sys.stdin.fileno(), 65536):
            return


def _ends_with_its_reader(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode if descriptor >= 0 else 0
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _table(endpoints: dict[str, Any]) -> str:
    rows = [(name, str(value)) for name, value in endpoints.items() if name not in ("meters", "bus_ports", "buses")]
    rows += [(f"bus of meter {number}", port) for number, port in enumerate(endpoints["buses"][1:], 2)]
    rows += [("spare bus port", port) for port in endpoints["bus_ports"]]
    rows += [
        (f"meter at MAC {meter['mac']}", f"device {meter['device_instance']}, serial number {meter['serial_number']}")
        for meter in endpoints["meters"]
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    return "\n".join(["The emulated bench is ready (Ctrl-C ends it):", *lines, ""])


if __name__ == "__main__":
    raise SystemExit(main())
