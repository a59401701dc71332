"""Emulated AC sources, named like their drivers, and the output stages that they share."""
