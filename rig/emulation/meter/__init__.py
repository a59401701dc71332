"""Emulated meters on the bus: node, application layer, memory, and what is at their other terminals."""
