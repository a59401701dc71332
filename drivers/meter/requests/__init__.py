"""BACnet requests of the meter client in octets, and their results."""
