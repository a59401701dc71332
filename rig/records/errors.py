"""Errors of the records: what cannot be opened, found or written, each with the exit code of its kind."""

from __future__ import annotations

from rig.errors import BenchFault, UsageRefused


class RecordsUnusable(UsageRefused):
    """The records database cannot be opened or is not ours (exit 11); ``where`` is its path or URL."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"records {where}: {message}")
        self.where = where


class SchemaTooNew(RecordsUnusable):
    """The database was written by a newer rig (exit 11); ``found`` and ``known`` are schema versions."""

    def __init__(self, where: str, found: str, known: str) -> None:
        super().__init__(
            where,
            f"the schema version is {found!r}, but this software knows versions up to {known!r} only; "
            "update the rig software or choose another database",
        )
        self.found = found
        self.known = known


class SchemaTooOld(RecordsUnusable):
    """The database was written by an older rig, and reading changes nothing (exit 11)."""

    def __init__(self, where: str) -> None:
        super().__init__(
            where,
            "was written by an older version of the rig, and reading changes nothing; the next run that is recorded in "
            "it brings it up to date",
        )


class NoSuchRun(UsageRefused):
    """No run, or more than one, answers to ``reference`` (exit 11)."""

    def __init__(self, reference: str, where: str, candidates: tuple[str, ...] = ()) -> None:
        if candidates:
            message = (
                f"run {reference!r} is ambiguous in {where}: it could be {', '.join(candidates)}; give more letters"
            )
        else:
            message = f"there is no run {reference!r} in {where}; list the runs with `rig runs`"
        super().__init__(message)
        self.reference = reference
        self.candidates = candidates


class RecordNotWritten(BenchFault):
    """A record could not be stored (exit 10): a measurement that is not recorded did not take place."""

    def __init__(self, where: str, what: str, cause: str) -> None:
        super().__init__(f"records {where}: {what} could not be stored ({cause}); check the disk and the database")
        self.where = where
        self.what = what


class NumberTaken(UsageRefused):
    """Another process entered a certificate of this number meanwhile (exit 11); ``number`` is it."""

    def __init__(self, number: str) -> None:
        super().__init__(f"certificate number {number} was taken meanwhile; run the command again for the next number")
        self.number = number
