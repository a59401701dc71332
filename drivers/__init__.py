"""Drivers for all hardware: MS/TP on RS-485, SCPI over VISA. They import neither tests nor the meter model."""
