"""The outbox: what was recorded is copied to a server by a process of its own, which no run waits for."""
