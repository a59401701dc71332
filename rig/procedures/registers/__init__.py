"""Tests of registers, demand and clock: no-load, starting, running energy, dosage, demand and time-keeping."""
