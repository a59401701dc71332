"""What was issued of runs: certificates."""
