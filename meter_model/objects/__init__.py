"""The object table of the S4100 and what access to an object does."""
