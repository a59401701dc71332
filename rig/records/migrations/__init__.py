"""Migrations of the records' schema, run by Alembic when a database is opened."""
