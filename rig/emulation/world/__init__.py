"""What is physical on the emulated bench: its time, its wires, its air, its contactor, and the log of what happened."""
