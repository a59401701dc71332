"""``rig serve`` and ``rig station``: the page of a test station."""
