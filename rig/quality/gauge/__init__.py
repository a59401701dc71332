"""Gauge repeatability and reproducibility: crossed studies, from recorded runs or a CSV file."""
