"""Units on hold: which are affected by what was found out, and which are still to be tested again."""
