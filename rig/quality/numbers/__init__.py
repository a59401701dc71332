"""Distributions and intervals that the statistics of production need."""
