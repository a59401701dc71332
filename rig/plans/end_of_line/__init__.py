"""What the end-of-line sequence of a product does on a bench: load points, production limits, what a bench lacks."""
