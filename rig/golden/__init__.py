"""Golden units, meters that are known to be good, and what they say of each position of a bench."""
