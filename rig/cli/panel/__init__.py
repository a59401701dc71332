"""``rig panel``."""
