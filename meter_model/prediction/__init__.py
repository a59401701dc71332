"""The closed form: expected readings from phasors."""
