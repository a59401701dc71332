"""Recorded runs for other programs: tables (CSV, JSON, Parquet) and reports for production databases (WATS)."""
