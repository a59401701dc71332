"""Shared by the drivers of AC sources: checks, settings that are read back, voltage-only sources."""
