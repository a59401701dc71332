"""The application layer of an emulated meter: BACnet services from octets to octets."""
