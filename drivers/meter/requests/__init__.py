"""BACnet requests of the meter client in octets, and what comes of them."""
