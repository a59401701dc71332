"""Power and energy of a meter against the reference: measured, then judged."""
