"""Switch a bench off from any terminal; switch-off recipes, shared with opening a bench."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.analyzer import ANALYZERS
from drivers.errors import RigError
from drivers.instrument import Identity
from drivers.source.base import AcSource, SafeOff
from rig.bench.config.off_parts import OffParts, analyzer_from_note, parts_to_switch_off
from rig.bench.contactor import contactor_from_note
from rig.bench.drivers import link_to_analyzer, make_source, scpi_session
from rig.bench.schema.bench import AnalyzerPart, LowLevelSourcePart
from rig.errors import BenchFileError, UsageRefused
from rig.safety.contactor.holding import ContactorHold
from rig.safety.contactor.recipe import ContactorRecipe
from rig.safety.off import cannot_be_read, find_openings, forget_left_on, is_elsewhere, recipes_of
from rig.safety.state import RECIPES, Opening, state_folder
from rig.safety.switching_off.raw_off import SafeOffResult, switch_all_off
from rig.safety.switching_off.terminals import look_at_terminals

if TYPE_CHECKING:
    from rig.bench.config.files import BenchFile


@dataclass(frozen=True, slots=True)
class OffReport:
    """What came of switching off. ``notes``: what was done otherwise than asked; ``analyzers``: what each said.

    ``not_known``: sources that the bench may have, of which neither its file nor an opening says how to reach them.
    ``contactors``: the result of each; one that opened is no confirmation, since the source may be on behind it.
    ``looked_in``: the state folders in which openings were looked for. ``benches``: the names of those switched off.
    """

    results: tuple[SafeOffResult, ...]
    analyzers: tuple[AnalyzerSaid, ...]
    notes: tuple[str, ...]
    benches: tuple[str, ...]
    looked_in: tuple[Path, ...]
    not_known: tuple[str, ...] = ()
    contactors: tuple[ContactorSaid, ...] = ()

    @property
    def confirmed(self) -> bool:
        """Whether all that could be on is known to be off, and no analyzer sees otherwise."""
        dead = all(said.is_dead is not False for said in self.analyzers)
        return dead and not self.not_known and all(result.confirmed for result in self.results)


@dataclass(frozen=True, slots=True)
class AnalyzerSaid:
    """What an analyzer sees at the terminals; ``is_dead`` None where it could not be asked."""

    resource: str
    is_dead: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class ContactorSaid:
    """What became of a contactor that was to open, in words."""

    resource: str
    is_open: bool
    text: str


def switch_bench_off(bench: BenchFile | str | Path) -> list[SafeOffResult]:
    """Switch off and verify every source of a bench, as ``switch_benches_off``; a result for each."""
    named = bench if isinstance(bench, (str, Path)) else bench.path
    return list(switch_benches_off(named).results)


def switch_benches_off(bench: str | Path | None = None, *, force: bool = False) -> OffReport:
    """Switch off and verify every source of ``bench``, or of all benches that are open or were left on (None).

    Needs no lock, no run, and none of the bench file but the addresses of its sources. Where that file is not there or
    cannot be read, what its last openings left in the state folders is used, by its name or path. Sources of a
    launched bench exist only while it is open. The analyzer is asked too, where there is one. ``force``: send to an
    instrument of another model too. Raises BenchFileError and UsageRefused for a bench of which nothing is known,
    BenchFault where no state folder can be and no bench is named; nothing for a source that does not answer.
    """
    left, folders, of_others = find_openings()
    notes: list[str] = []
    damaged = [opening for opening in left if cannot_be_read(opening)]
    left = [opening for opening in left if opening not in damaged]
    parts: OffParts | None = None
    if not folders:
        notes.append("there is no state folder that can be read, so nothing is known of benches that are open")
    if bench is None:
        if not folders and not of_others:
            state_folder()  # none yet, or one that cannot be made: then it is not known that nothing is on
        elsewhere = sorted({opening.bench for opening in left if is_elsewhere(opening)})
        if elsewhere:
            notes.append(f"emulated and open with another state folder, so left alone: {', '.join(elsewhere)}")
        left = [opening for opening in left if not is_elsewhere(opening)]
    else:
        try:
            parts = parts_to_switch_off(bench)
        except (BenchFileError, UsageRefused) as refusal:
            left = [opening for opening in left if _is_of(opening, str(bench))]
            if not left:
                raise
            notes.append(f"the bench file is of no use ({refusal}); the sources noted by its openings are switched off")
        else:
            notes += [f"{parts.path}: {said}" for said in parts.unread]
            left = [one for one in left if _is_of(one, parts.name) or _is_of(one, str(bench))]
    not_known = list(parts.not_known) if parts is not None else []
    recipes = {recipe.resource: recipe for recipe in _fixed(parts, not_known)}
    if left:  # an opening has noted all its sources
        notes += [f"not usable in the bench file: {said}" for said in not_known]
        not_known = []
    if bench is None:
        not_known += [*map(_said_of_damaged, damaged), *of_others]
    recipes |= {recipe.resource: recipe for opening in left for recipe in recipes_of(opening)}
    results = switch_all_off(recipes.values(), force=force)
    noted = [analyzer_from_note(opening.note(RECIPES)) for opening in left]
    asked = [part for part in [*noted, parts.analyzer if parts else None] if part is not None]
    hands = [*(contactor_from_note(opening.note(RECIPES)) for opening in left), parts.contactor if parts else None]
    confirmed = all(result.confirmed for result in results)
    # Where a source is not known to be off there is no time to lose; else the analyzer looks before it is cut off from
    # a source whose relay may be stuck.
    contactors = [] if confirmed else _open_all(hands)
    analyzers = [_ask(part) for part in {part.resource: part for part in asked}.values()]
    contactors = contactors or _open_all(hands)
    if all(said.is_dead is not False for said in analyzers):
        # Of a bench that is named all sources are known from its file, or from another opening of it.
        its = [opening for opening in damaged if parts is not None and opening.bench == parts.name and not not_known]
        forget_left_on([*left, *(its if results and confirmed else [])], results)
    names = dict.fromkeys([*(opening.bench for opening in left), *([parts.name] if parts else [])])
    return OffReport(
        results=tuple(results),
        analyzers=tuple(analyzers),
        contactors=tuple(contactors),
        notes=tuple(notes),
        benches=tuple(names),
        looked_in=tuple(folders),
        not_known=tuple(not_known),
    )


def _said_of_damaged(opening: Opening) -> str:
    return (
        f"bench {opening.bench}: {opening.file(RECIPES)} is damaged; switch off by 'rig off --bench FILE', with the "
        "file of that bench"
    )


def _is_of(opening: Opening, bench: str) -> bool:
    """Whether an opening is of the bench that is asked for by name or path."""
    path = opening.note(RECIPES).get("bench_file")
    here = os.path.realpath(Path(bench).expanduser())  # a path may be of a file that is gone
    if isinstance(path, str) and os.path.realpath(path) == here:
        return True
    return opening.bench == bench and not is_elsewhere(opening)


def _fixed(parts: OffParts | None, not_known: list[str]) -> Iterator[SafeOff]:
    """How the sources at fixed addresses are switched off; nothing is sent yet."""
    for part in parts.sources if parts is not None else ():
        try:
            # A session opens its connection with the first transaction.
            yield from safe_off_of(make_source(part, scpi_session(part)), part)
        except (RigError, KeyError) as error:
            not_known.append(f"source {part.resource} ({part.driver}): {error}")


def _open_all(recipes: Iterable[ContactorRecipe | None]) -> list[ContactorSaid]:
    """Open each contactor; one that does not confirm falls by itself once no guardian holds it."""
    said = []
    # The note of an opening knows who the switch unit is, which the bench file does not.
    for resource, recipe in {each.resource: each for each in reversed([*recipes]) if each is not None}.items():
        hand = ContactorHold(recipe)
        problem = hand.open()
        hand.end()
        said.append(ContactorSaid(resource, problem is None, problem or "contactor opened, confirmed by its relay"))
    return said


def _ask(part: AnalyzerPart) -> AnalyzerSaid:
    """Ask an analyzer whether there is voltage left; where asking fails the result is "not seen"."""
    try:
        analyzer = ANALYZERS[part.driver](link_to_analyzer(part), time.sleep, update_s=part.update_s)
        try:
            analyzer.identify()
            analyzer.configure()
            seen = look_at_terminals(analyzer)
        finally:
            analyzer.close()
    except Exception as error:  # noqa: BLE001 - a VISA library may raise anything; the sources are switched off by now
        return AnalyzerSaid(part.resource, None, f"the analyzer could not be asked ({error})")
    return AnalyzerSaid(part.resource, seen.is_dead, seen.text)


def safe_off_of(
    source: AcSource, part: LowLevelSourcePart, identity: Identity | None = None, identification: str = ""
) -> tuple[SafeOff, ...]:
    """Tell how anyone may switch this source off, with the VISA library that reaches it and how many it lets in.

    ``identity``: its identity, ``identification``: its answer, where it has been asked.
    """
    return tuple(
        replace(
            recipe,
            visa_library=part.visa_library,
            line=None if part.serial is None else part.serial.line(),
            identity=identity,
            identification=identification,
            single_client=recipe.single_client or part.single_client,
        )
        for recipe in source.safe_off()
    )
