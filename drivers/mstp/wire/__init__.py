"""The serial line under an MS/TP port: opening, reading, own octets, and the adapter."""
