"""MS/TP frames: octets, checksums, extended data, and the receive state machine."""
