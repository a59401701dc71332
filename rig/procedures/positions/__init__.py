"""Procedures about the positions of a bench: their corrections, and a meter that disturbs the others."""
