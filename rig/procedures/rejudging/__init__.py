"""Judging a recorded run once more, from its stored readings alone: with other limits, another rule, a correction."""
