"""The commands of ``rig bench``."""
