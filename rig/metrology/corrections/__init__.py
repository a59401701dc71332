"""Corrections for transducers and dividers in front of the reference analyzer: their ratio and phase errors."""
