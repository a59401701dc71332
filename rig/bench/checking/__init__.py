"""A bench looked at part by part before it is used."""
