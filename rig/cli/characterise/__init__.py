"""``rig characterise``: what a meter does where its manual leaves a choice."""
