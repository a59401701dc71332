"""The web side of a station: the pages of its operator and its engineer."""
