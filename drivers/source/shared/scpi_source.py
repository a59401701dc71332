"""Shared by all SCPI sources: switched off by a recipe that is data, settings that are read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from drivers.instrument import SwitchedOffInstrument
from drivers.source.base import AcSource, SafeOff
from drivers.source.shared.steps import Step, apply


class ScpiSource(SwitchedOffInstrument, AcSource):
    """A source with a SCPI session. ``off``: how to switch it off, as data, without the resource.

    ``OUTPUT_NAME`` is what its output is called in messages. ``one_by_one``: one command a message.
    """

    off: SafeOff
    OUTPUT_NAME = "output"
    one_by_one = False

    def output_is_on(self) -> bool:
        """Ask the instrument whether its output is on."""
        return self._session.query_bool(self.off.verify_query)

    def safe_off(self) -> tuple[SafeOff, ...]:
        """Return how any process may switch this instrument off and verify it, as data."""
        return (replace(self.off, resource=self._session.resource),)

    def _switch_off(self) -> None:
        for command in self.off.commands:
            self._session.write(command)
        if self.output_is_on():
            text = f"{self.OUTPUT_NAME} is still on after {'; '.join(self.off.commands)}; switch it off by hand"
            raise self._error(text)

    def _apply(self, todo: Sequence[Step]) -> None:
        apply(self._session, todo, one_by_one=self.one_by_one)

    def _require_known(self) -> None:
        if not self._is_known:
            raise self._error("its state is not known: select the ranges first")
