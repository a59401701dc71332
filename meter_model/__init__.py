"""The S4100 on paper: metrology and object semantics, numpy and the standard library only, no I/O."""
