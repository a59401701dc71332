"""What all tests of this software share: no deadline on single examples, since these machines are shared and noisy."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("rig", deadline=None)
settings.load_profile("rig")
