"""Questions about what a meter does: bus, power cycle, answers to broadcasts."""
