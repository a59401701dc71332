"""Check a bench part by part before it is used."""
