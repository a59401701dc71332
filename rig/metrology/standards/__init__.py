"""What the tables of a standard state, row by row, as data with provenance."""
