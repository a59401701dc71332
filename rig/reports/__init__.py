"""Reports of recorded runs: HTML, plots, terminal tables, exports; drawn from a ``RunRecord`` and nothing else."""
