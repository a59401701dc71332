"""Read and enter the certificates that were issued of runs."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from rig.records import tables
from rig.records._mapping import columns_of, record_of
from rig.records.data import CertificateRecord
from rig.records.errors import NumberTaken
from rig.records.plain_json import to_json


def read_certificates(connection: Connection) -> tuple[CertificateRecord, ...]:
    """Return all certificates in the order in which they were entered."""
    table = tables.CERTIFICATE
    rows = connection.execute(select(table).order_by(table.c.id)).all()
    return tuple(record_of(CertificateRecord, row) for row in rows)


def enter_certificate(connection: Connection, certificate: CertificateRecord) -> None:
    """Enter one certificate. Raises NumberTaken where its number is there already."""
    table = tables.CERTIFICATE
    if connection.scalar(select(table.c.id).where(table.c.number == certificate.number)) is not None:
        raise NumberTaken(certificate.number)
    values = columns_of(certificate, without=("parties",))
    connection.execute(insert(table).values(**values, parties=to_json(certificate.parties)))
