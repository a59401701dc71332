"""The bench: its file, its clock and lock, its wiring, and everything on it opened and closed in order."""
