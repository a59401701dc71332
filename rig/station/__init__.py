"""The station service and its page: they start, show and stop runs, and have no code in common with them."""
