"""Emulated reference analyzers, named like their drivers, and the arithmetic that they share."""
