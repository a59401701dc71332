"""Attempts to begin a run: what was tried, and why it did not become one."""
