"""The commands of ``rig bus``."""
