"""What a bench has beside source, analyzer and meters: switch unit, contactor, climate."""
