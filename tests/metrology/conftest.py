"""Properties here are about values, not about speed: no hypothesis deadline."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
