"""``rig records`` and ``rig runs``: what has been recorded, and how it comes to a server."""
