"""Statistics of production, from the records alone: yield, Pareto, capability, control charts, gauge R&R, sampling."""
