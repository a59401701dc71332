"""Emulated switch unit, generator, counter and climate instruments, named like their drivers."""
