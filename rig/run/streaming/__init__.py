"""What other processes get of a run: its events as JSON lines, and a socket for answers."""
