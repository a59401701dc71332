"""Seeded defects: what can be wrong with a meter or a source of the emulated bench, by name."""
