"""The guardian: the process that switches off, the rig's link to it, and its journal."""
