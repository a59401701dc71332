"""Units and their results of many runs at once, as a few queries: what statistics of production are computed from."""
