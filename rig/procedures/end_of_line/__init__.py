"""The end-of-line sequence of a product: each step asks all units of a run, and a failing one stops no other."""
