"""Programmes: which tables, procedures and nominal conditions a certification covers; three are built in."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field

from rig.bench.schema.bench import NominalPart
from rig.errors import UsageRefused
from rig.files.yaml_file import Location, load_yaml_model
from rig.files.yaml_types import Hertz, Line, Name, PerhapsLine, Strict, Volts
from rig.metrology.certification_points import Density
from rig.metrology.limit_files import available_limit_tables, load_limit_table
from rig.metrology.limits import LimitTable
from rig.plans.programme import PlannedProcedure

CERTIFICATION_TABLES = (
    "iec62053-22-2003-class-0.2S",
    "iec62053-23-2003-class-2",
    "s4100-manual-voltage-current",
)

ProcedureName = Literal["power_comparison", "energy_register", PlannedProcedure]
_Percent = Annotated[float, Field(gt=0, le=200, allow_inf_nan=False)]
_NOT_BY_ROOT_3 = {10: 1.0, 11: 2.0, 12: 2.0}
"""AV6, volts line to line, over volts line to neutral where it is not the square root of 3."""


class Programme(Strict):
    """What a certification covers, as a programme file says it.

    ``tables``: names of limit tables, or paths from the folder of the file. ``procedures``: words of the records.
    ``system_types``, ``frequencies_hz``, ``voltages_v`` (line to neutral): nominal conditions, each with each; the
    bench's own where a list is empty. ``currents_pct``: percent of In, tried wherever a row of a table holds for them;
    the rig's own without. ``each_row_once``: one test for each row and one load point for each of its factors.
    ``type_test``: single phases that lead as well as lag, each row with the power reversed where that makes a
    difference to a meter, reactive power in each quadrant, and energy registers at In and a tenth of it.
    """

    name: Name
    description: PerhapsLine = ""
    tables: Annotated[tuple[Line, ...], Field(strict=False, min_length=1)] = CERTIFICATION_TABLES
    procedures: Annotated[tuple[ProcedureName, ...], Field(strict=False, min_length=1)]
    system_types: Annotated[tuple[Literal[10, 11, 12, 31, 40], ...], Field(strict=False)] = ()
    frequencies_hz: Annotated[tuple[Hertz, ...], Field(strict=False)] = ()
    voltages_v: Annotated[tuple[Volts, ...], Field(strict=False)] = ()
    currents_pct: Annotated[tuple[_Percent, ...], Field(strict=False)] = ()
    each_row_once: bool = False
    type_test: bool = False
    whole_range: bool = True
    """Judge by rows that hold from one power factor to another at all points between them, not only at the two."""

    @property
    def density(self) -> Density:
        """How many load points a row asks for."""
        return Density(self.currents_pct, self.each_row_once, self.type_test)

    def load_tables(self) -> tuple[LimitTable, ...]:
        """Load the limit tables; raises BenchFileError for one that cannot be read."""
        return tuple(load_limit_table(name) for name in self.tables)

    def nominals(self, own: NominalPart) -> tuple[NominalPart, ...]:
        """Return the nominal conditions in the order in which they are visited: what is laborious to change first.

        AV6 of a condition that is not the bench's ``own`` is the voltage line to line that belongs to it.
        """
        found = []
        for system_type, frequency_hz, voltage_v in itertools.product(
            dict.fromkeys(self.system_types) or (own.system_type,),
            dict.fromkeys(self.frequencies_hz) or (own.frequency_hz,),
            dict.fromkeys(self.voltages_v) or (own.voltage_v,),
        ):
            changed = {"system_type": system_type, "frequency_hz": frequency_hz, "voltage_v": voltage_v}
            if (system_type, voltage_v) != (own.system_type, own.voltage_v):
                changed["system_voltage_v"] = round(voltage_v * _NOT_BY_ROOT_3.get(system_type, 3.0**0.5), 1)
            found.append(own.model_copy(update=changed))
        return tuple(found)


INTRINSIC = Programme(
    name="intrinsic",
    description="Errors at reference conditions and two energy registers.",
    whole_range=False,
    procedures=("power_comparison", "energy_register"),
)
FULL = Programme(
    name="full",
    description="Everything of the tables that the rig has a procedure for.",
    procedures=get_args(ProcedureName),
    type_test=True,
)
SHORT = Programme(
    name="short",
    description="Every procedure of the full programme, once for each row.",
    procedures=get_args(ProcedureName),
    each_row_once=True,
)
_BUILT_IN = {programme.name: programme for programme in (INTRINSIC, SHORT, FULL)}


def load_programme(name_or_path: str) -> Programme:
    """Return a programme that is built in, by name, or that of a file (anything with a slash or a .yaml ending).

    Raises UsageRefused for an unknown name, BenchFileError with file and line for a file that is not right.
    """
    if name_or_path in _BUILT_IN:
        return _BUILT_IN[name_or_path]
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml") and len(path.parts) < 2:
        known = ", ".join(_BUILT_IN)
        raise UsageRefused(f"there is no programme {name_or_path!r}; known: {known}, or give the path of a YAML file")
    return _beside(path, load_yaml_model(path, Programme, check=lambda found: _unknown_table(found, path)))


def lasting_name(name_or_path: str) -> str:
    """Return what names the programme from any folder: a run that is resumed has it in its record."""
    return name_or_path if name_or_path in _BUILT_IN else str(Path(name_or_path).resolve())


def _beside(path: Path, programme: Programme) -> Programme:
    """Return the programme with the paths of its tables taken from the folder of ``path``."""
    tables = tuple(str(path.parent / name) if _is_path(name) else name for name in programme.tables)
    return programme.model_copy(update={"tables": tables})


def _unknown_table(programme: Programme, path: Path) -> tuple[Location, str] | None:
    for place, name in enumerate(programme.tables):
        if _is_path(name):
            if not (path.parent / name).is_file():
                return ("tables", place), f"there is no file {path.parent / name}"
        elif name not in available_limit_tables():
            return ("tables", place), f"there is no limit table {name!r}; 'rig standards' lists them"
    return None


def _is_path(name: str) -> bool:
    return Path(name).suffix in (".yaml", ".yml") or len(Path(name).parts) > 1
