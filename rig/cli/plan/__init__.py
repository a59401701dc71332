"""The commands of ``rig plan``."""
