"""Several positions of a bench: their RS-485 ports, and what is done at all of them at once."""
