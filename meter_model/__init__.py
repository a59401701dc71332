"""A model of the S4100: metrology and object semantics, numpy and the standard library only, no I/O."""
