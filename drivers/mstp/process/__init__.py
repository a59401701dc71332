"""The process that owns a serial line, and the messages between it and its owner."""
