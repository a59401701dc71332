"""Seeded defects of meters and sources of the emulated bench, by name."""
