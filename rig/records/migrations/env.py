"""Alembic's environment: runs the migrations in the transaction that ``rig.records`` opened for them."""

from __future__ import annotations

from alembic import context

from rig.records.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=False,  # the transaction is the caller's: the version and the tables appear together
)
context.run_migrations()
