"""The emulated RS-485 bus: a hub of pseudo-terminals with baud rate, stamps and faults."""
