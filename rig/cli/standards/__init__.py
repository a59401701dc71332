"""The command ``rig standards``."""
