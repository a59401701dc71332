"""Acceptance sampling of lots: by attributes (ISO 2859-1, ANSI Z1.4) and by variables (ANSI Z1.9, ISO 3951-1)."""
