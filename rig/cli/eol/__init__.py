"""``rig eol``: scan, verdict, and what to do next."""
