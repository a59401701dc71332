"""``rig certificate``: issue, list and verify certificates."""
