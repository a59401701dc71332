"""Is the meter connected as the bench file says? Phasors of meter and reference, before the first verdict."""
