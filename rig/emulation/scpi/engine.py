"""The SCPI engine: a command table as data, the header tree, the error queue and the IEEE 488.2 status registers."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

from rig.emulation.scpi.errors import OPERATION_COMPLETE, POWER_ON, event_bit
from rig.emulation.scpi.syntax import (
    ERROR_TEXTS,
    Number,
    Parameter,
    ScpiError,
    Unit,
    Value,
    parse_all,
    parse_unit,
    short_form,
    split_outside,
)

_NODE = re.compile(r"(\[)?:?([A-Za-z_0-9]+)(?:<(\d+):(\d+)>)?(\])?")
_TOKEN = re.compile(r"([A-Z_]+?)(\d*)\Z")
_QUEUE_LENGTH = 32
_ERROR_AVAILABLE, _MESSAGE_AVAILABLE, _EVENT_SUMMARY, _MASTER_SUMMARY = 4, 16, 32, 64
_LONGEST_MNEMONIC = 12
_MOST_DIGITS = 9
LONGEST_ANSWER = 65536
"""Characters that the output queue holds: a message whose answers are more is in a deadlock (-430)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One command as its handler sees it: the headers' numeric suffixes, the parameters read, and who sent what."""

    suffixes: tuple[int, ...]
    values: tuple[Value, ...]
    peer: str
    text: str

    def number(self, index: int) -> float:
        """Return the parameter at ``index``, which the table declares a number."""
        value = self.values[index]
        assert isinstance(value, float)
        return value

    def flag(self, index: int) -> bool:
        """Return the parameter at ``index``, which the table declares a boolean."""
        value = self.values[index]
        assert isinstance(value, bool)
        return value

    def word(self, index: int) -> str:
        """Return the parameter at ``index``, which the table declares a word."""
        value = self.values[index]
        assert isinstance(value, str)
        return value


@dataclass(frozen=True, slots=True)
class Wait:
    """Asked for by a command that must wait: ``is_over()`` and the bench time ``due_s()`` at which to look again.

    ``answer()`` gives what a query answers then. All are called with the world held; the wait itself is not, so that
    others go on.
    """

    is_over: Callable[[], bool]
    due_s: Callable[[], float]
    answer: Callable[[], str] = lambda: "1"


@dataclass(frozen=True, slots=True)
class Command:
    """One row of a command table.

    ``header`` as in a manual: ``[SOURce]:PHASe<1:3>:VOLTage:STATe`` (short form in capitals, numeric suffixes with
    their limits, optional nodes in brackets). ``write`` and ``read`` serve the setting and the query form; None means
    the instrument has no such form. The last ``optional`` parameters of the setting, and every one of
    ``read_parameters``, may be left out. ``headed``: the answer carries a header where the dialect adds them.
    ``indefinite``: the answer has no end of its own (arbitrary ASCII, as of ``*IDN?``), so that its query must be the
    last of a message (IEEE 488.2, 6.5.7.5): one that follows is -440.
    """

    header: str
    parameters: tuple[Parameter, ...] = ()
    write: Callable[[Call], Wait | None] | None = None
    read: Callable[[Call], str | Wait] | None = None
    read_parameters: tuple[Parameter, ...] = ()
    optional: int = 0
    headed: bool = True
    indefinite: bool = False


class Held(Protocol):
    """The world of an instrument: entering it must hold it and bring it up to now."""

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> object: ...

    def wait(self, wait: Wait) -> bool:
        """Wait, without the world held; False when the instrument goes away meanwhile."""


class Summary(Protocol):
    """A register that the status byte sums up in one bit (``scpi_status.StatusRegister``)."""

    @property
    def summary(self) -> bool:
        """Whether an enabled event has been."""

    def clear(self) -> None:
        """Forget all events."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between families: the sign of error numbers, headers before answers, queries in one message.

    ``answer_header(command, suffixes)`` gives what is put before an answer ("" for nothing). ``explicit_plus``: error
    numbers that are not negative carry a plus.
    """

    error_sign: int = -1
    explicit_plus: bool = False
    one_query_per_message: bool = False
    answer_header: Callable[[Command, tuple[int, ...]], str] = field(default=lambda _command, _suffixes: "")


_PLAIN = Dialect()


@dataclass(slots=True)
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    suffix_limits: tuple[int, int] | None = None
    command: Command | None = None


class CommandTree:
    """All headers of a command table, found by short or long form, case-insensitively."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self._root = _Node()
        for command in commands:
            for nodes in _variants(command.header):
                self._insert(nodes, command)

    def _insert(self, nodes: Sequence[tuple[str, tuple[int, int] | None]], command: Command) -> None:
        node = self._root
        for mnemonic, limits in nodes:
            child = node.children.get(mnemonic.upper()) or _Node(suffix_limits=limits)
            if child.suffix_limits != limits:
                raise ValueError(f"{command.header}: {mnemonic} is in the table with other suffixes")
            node.children[short_form(mnemonic)] = node.children[mnemonic.upper()] = child
            node = child
        if node.command is not None:
            raise ValueError(f"{command.header} is in the table twice")
        node.command = command

    def find(self, path: Sequence[str]) -> tuple[Command, tuple[int, ...]]:
        """Return the command at ``path`` (capitals, as typed) and its suffixes; raises ScpiError(-112, -113, -114)."""
        node, suffixes = self._root, []
        for token in path:
            child = node.children.get(token)
            digits = ""
            if child is None or child.suffix_limits is not None:
                match = _TOKEN.match(token)
                child, digits = (node.children.get(match[1]), match[2]) if match else (None, "")
            if child is None or (digits and child.suffix_limits is None):
                raise ScpiError(-112 if len(token.rstrip("0123456789")) > _LONGEST_MNEMONIC else -113)
            if child.suffix_limits is not None:
                low, high = child.suffix_limits
                if len(digits) > _MOST_DIGITS:
                    raise ScpiError(-114)
                suffix = int(digits) if digits else max(low, 1)
                if not low <= suffix <= high:
                    raise ScpiError(-114)
                suffixes.append(suffix)
            node = child
        if node.command is None:
            raise ScpiError(-113)
        return node.command, tuple(suffixes)


def _variants(header: str) -> list[list[tuple[str, tuple[int, int] | None]]]:
    variants: list[list[tuple[str, tuple[int, int] | None]]] = [[]]
    for opening, mnemonic, low, high, _closing in _NODE.findall(header):
        node = (mnemonic, (int(low), int(high)) if low else None)
        with_node = [[*variant, node] for variant in variants]
        variants = variants + with_node if opening else with_node
    return variants


class ScpiEngine:
    """Executes program messages against a command table; one instance is one instrument for all its clients.

    Each command takes effect at the moment it arrives, with ``world`` held. ``summaries``: registers by their bit in
    the status byte. ``version``: what SYSTem:VERSion? answers; with it the table gets that row and SYSTem:ERRor.

    Query errors (IEEE 488.2, 6.5.7): -410 is for a server that sees an answer not taken (a HiSLIP server; here only
    where the dialect allows one query in a message), -430 for more answers than the output queue holds, -440 for a
    query behind an answer without an end. -420 does not occur: neither sockets nor HiSLIP show when a client reads.
    """

    def __init__(
        self,
        commands: Iterable[Command],
        identity: str,
        world: Held,
        on_reset: Callable[[], None],
        dialect: Dialect = _PLAIN,
        *,
        on_clear: Callable[[], None] = lambda: None,
        summaries: Mapping[int, Summary] | None = None,
        version: str = "",
    ) -> None:
        self.identity = identity
        self._dialect = dialect
        self._world = world
        self._on_reset = on_reset
        self._on_clear = on_clear
        self._summaries = dict(summaries or {})
        self._errors: deque[int] = deque()
        self._event_status = POWER_ON
        self._event_enable = 0
        self._service_enable = 0
        self._is_answering = False
        table = tuple(commands)
        if version:
            errors = Command("SYSTem:ERRor[:NEXT]", read=lambda _call: self.next_error())
            table = (*table, errors, Command("SYSTem:VERSion", read=lambda _call: version))
        self._tree = CommandTree(command for command in table if not command.header.startswith("*"))
        registers = Number(0, 255)
        self._common = {
            command.header: command
            for command in (
                Command("*IDN", read=lambda _call: identity, indefinite=True),
                Command("*CLS", write=self._clear),
                Command("*RST", write=self._reset),
                Command("*ESR", read=self._read_event_status),
                Command("*ESE", (registers,), self._set_event_enable, lambda _call: str(self._event_enable)),
                Command("*SRE", (registers,), self._set_service_enable, lambda _call: str(self._service_enable)),
                Command("*STB", read=lambda _call: str(self.status_byte())),
                Command("*OPC", write=self._operation_complete, read=lambda _call: "1"),
                Command("*WAI", write=lambda _call: None),
                Command("*TST", read=lambda _call: "0"),
                *(command for command in table if command.header.startswith("*")),
            )
        }

    def execute(self, line: str, peer: str) -> str | None:
        """Execute one program message of ``peer``; returns the answer without terminator, or None if there is none."""
        try:
            texts = [text for text in split_outside(line, ";") if text.strip()]
        except ScpiError as error:
            with self._world:
                self.report(error.code)
            return None
        answers: list[str] = []
        path: tuple[str, ...] = ()
        is_indefinite = False
        for text in texts:
            try:
                unit = parse_unit(text)
                if not unit.is_common:
                    full = unit.path if unit.is_absolute else path + unit.path
                    path = full[:-1]
                    unit = Unit(full, False, True, unit.is_query, unit.parameters, unit.text)
                if unit.is_query and is_indefinite:
                    raise ScpiError(-440)
                command, answer = self._run(unit, peer, bool(answers))
            except ScpiError as error:
                with self._world:
                    self.report(error.code)
                continue
            if answer is not None:
                answers.append(answer)
                is_indefinite = command.indefinite
        lost = 0
        if len(answers) > 1 and self._dialect.one_query_per_message:
            lost = -410
        elif sum(map(len, answers)) + len(answers) > LONGEST_ANSWER:
            lost = -430
        if lost:
            with self._world:
                self.report(lost)
            return None
        return ";".join(answers) if answers else None

    def status_byte(self, message_available: bool = False) -> int:
        """Return the status byte (the world must be held); ``message_available``: an answer waits to be read."""
        byte = _MESSAGE_AVAILABLE if message_available or self._is_answering else 0
        byte |= _ERROR_AVAILABLE if self._errors else 0
        byte |= sum(bit for bit, register in self._summaries.items() if register.summary)
        if self._event_status & self._event_enable:
            byte |= _EVENT_SUMMARY
        if byte & self._service_enable:
            byte |= _MASTER_SUMMARY
        return byte

    def _run(self, unit: Unit, peer: str, is_answering: bool) -> tuple[Command, str | None]:
        """Execute one unit; ``is_answering``: answers to units before it in the message are waiting already."""
        with self._world:
            self._is_answering = is_answering
            try:
                command, outcome = self._call(unit, peer)
            finally:
                self._is_answering = False
        if not isinstance(outcome, Wait):
            return command, outcome
        if not self._world.wait(outcome) or not unit.is_query:
            return command, None
        with self._world:
            return command, outcome.answer()

    def _call(self, unit: Unit, peer: str) -> tuple[Command, str | Wait | None]:
        command, suffixes = self._find(unit)
        handler: Callable[[Call], str | Wait | None] | None = command.read if unit.is_query else command.write
        if handler is None:
            raise ScpiError(-113)
        if unit.is_query:
            values = parse_all(command.read_parameters, len(command.read_parameters), unit.parameters)
        else:
            values = parse_all(command.parameters, command.optional, unit.parameters)
        outcome = handler(Call(suffixes, values, peer, unit.text))
        if isinstance(outcome, str) and command.headed and not unit.is_common:
            return command, self._dialect.answer_header(command, suffixes) + outcome
        return command, outcome

    def _find(self, unit: Unit) -> tuple[Command, tuple[int, ...]]:
        if not unit.is_common:
            return self._tree.find(unit.path)
        command = self._common.get(unit.path[0])
        if command is None:
            raise ScpiError(-113)
        return command, ()

    def report(self, code: int) -> None:
        """Put an error in the queue (the world must be held); the last place says -350 when it is full."""
        if len(self._errors) >= _QUEUE_LENGTH:
            self._errors[-1] = -350
        else:
            self._errors.append(code)
        self._event_status |= event_bit(code)

    def next_error(self) -> str:
        """Take the oldest error out of the queue, as ``-113,"Undefined header"``; ``0,"No error"`` when empty."""
        code = self._errors.popleft() if self._errors else 0
        number = code if code > 0 else abs(code) * self._dialect.error_sign
        return f'{number:{"+" if self._dialect.explicit_plus else ""}d},"{ERROR_TEXTS[code]}"'

    def all_errors(self) -> list[str]:
        """Take all errors out of the queue; one "No error" when it is empty."""
        return [self.next_error() for _ in range(max(1, len(self._errors)))]

    def _clear(self, _call: Call) -> None:
        self._errors.clear()
        self._event_status = 0
        for register in self._summaries.values():
            register.clear()
        self._on_clear()

    def _reset(self, _call: Call) -> None:
        self._on_reset()

    def _operation_complete(self, _call: Call) -> None:
        self._event_status |= OPERATION_COMPLETE

    def _read_event_status(self, _call: Call) -> str:
        value, self._event_status = self._event_status, 0
        return str(value)

    def _set_event_enable(self, call: Call) -> None:
        self._event_enable = round(call.number(0))

    def _set_service_enable(self, call: Call) -> None:
        self._service_enable = round(call.number(0)) & ~_MASTER_SUMMARY
